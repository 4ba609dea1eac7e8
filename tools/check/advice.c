// SPDX-License-Identifier: MIT
/* There is no page to read: the reason, and how to get one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

#define SEE_WHY "see why: dmesg | grep -i vmclock"

/* ---- No device: how to get one -------------------------------------------------------- */

/* How to load an installed module. */
static void advise_loading(const struct check_kernel *k, const struct check_module *m, char *next,
			   size_t size)
{
	const char *name = m->name;

	if (k->locked)
		snprintf(next, size,
			 "write \"%s\" to /etc/modules-load.d/vmclock.conf and reboot: loading of "
			 "modules is locked until then (kernel.modules_disabled)",
			 name);
	else if (m->overridden)
		snprintf(next, size,
			 "remove the \"install %s\" line from modprobe.d, then as root: "
			 "modprobe %s",
			 name, name);
	else if (m->blacklisted)
		snprintf(next, size,
			 "as root: modprobe %s (a blacklist line in modprobe.d keeps it from "
			 "loading by itself)",
			 name);
	else if (*m->lacks)
		snprintf(next, size,
			 "as root: modprobe %s (it is built for kernel %s: if this one refuses "
			 "it, build it anew)",
			 name, m->lacks);
	else if (*k->signed_only)
		snprintf(next, size,
			 "as root: modprobe %s (this kernel takes signed modules only: if it "
			 "rejects the key, mokutil --import /var/lib/dkms/mok.pub, and reboot)",
			 name);
	else
		snprintf(next, size, "as root: modprobe %s", name);
}

/* The module is installed, but the kernel would refuse it. */
static void advise_obstacle(const struct check_kernel *k, const struct check_module *m, char *why,
			    char *next, size_t size)
{
	const char *build = k->has_dkms_source ?
				    "remove it, then as root: dkms autoinstall" :
				    "build it for this kernel, and install it anew";

	switch (m->obstacle) {
	case CHECK_DAMAGED:
		snprintf(why, size, "the file of the module %s is damaged", m->name);
		snprintf(next, size, "install %s anew (was the disk full?)", m->name);
		break;
	case CHECK_OTHER_KERNEL:
		snprintf(why, size, "the module %s is built for kernel %s, and this is %s", m->name,
			 m->lacks, k->release);
		snprintf(next, size, "%s", build);
		break;
	case CHECK_EXCLUDED:
		snprintf(why, size, "the kernel's command line excludes the module %s", m->name);
		snprintf(next, size,
			 "remove %s from module_blacklist= on that command line, and reboot",
			 m->name);
		break;
	case CHECK_UNSIGNED:
		snprintf(why, size,
			 "the module %s is not signed, and this kernel takes signed ones only (%s)",
			 m->name, k->signed_only);
		snprintf(next, size,
			 "sign it: with openssl installed, build it anew by DKMS, which signs it; "
			 "then as root: mokutil --import /var/lib/dkms/mok.pub, and reboot");
		break;
	case CHECK_UNKNOWN_KEY:
		snprintf(why, size,
			 "the module %s is signed with the key '%s', which this kernel does not "
			 "know, and it takes signed modules only (%s)",
			 m->name, m->lacks, k->signed_only);
		snprintf(next, size,
			 "as root: mokutil --import /var/lib/dkms/mok.pub (or the certificate of "
			 "the key, if DKMS did not sign it), and reboot");
		break;
	case CHECK_NO_SYMBOL:
		snprintf(why, size, "the module %s needs %s, which this kernel does not have",
			 m->name, m->lacks);
		snprintf(next, size,
			 "install all modules of this kernel (linux-modules-extra-%s, where there "
			 "is such a package), or %s",
			 k->release, build);
		break;
	case CHECK_NO_OBSTACLE:
		break;
	}
}

/* The driver runs, but did not take the device. The log may say why. */
static void advise_refusal(const struct check_module *m, const struct check_offer *o, char *why,
			   char *next, size_t size)
{
	const char *state = m->state == CHECK_LOADED ? "loaded" : "built in";
	bool is_ours = m->driver && strcmp(m->driver, "vmclock-guest") == 0;
	bool refused = strncmp(o->said, "refused: ", 9) == 0;

	/* Other lines give no reason: the driver may have served the device, and been unbound. */
	if (is_ours && (refused || strstr(o->said, "cannot "))) {
		snprintf(why, size, "%s is %s and says: %s", m->name, state, o->said);
		snprintf(next, size, "%s", refused ? CHECK_TELL_OPERATOR : SEE_WHY);
		return;
	}
	snprintf(next, size, "%s is %s, but did not take the device; " SEE_WHY, m->name, state);
}

/*
 * No driver has taken the device: what to do, and, if known, why. Our driver is
 * preferred, unless the kernel refuses it and would take another one.
 */
static void advise_driver(const struct check *c, const struct check_offer *o, char *why, char *next,
			  size_t size)
{
	const struct check_kernel *k = &c->modules.kernel;
	const struct check_module *blocked = NULL;
	size_t i;

	for (i = 0; i < c->modules.n; i++) {
		const struct check_module *m = &c->modules.list[i];

		if (m->state == CHECK_LOADED || m->state == CHECK_BUILTIN) {
			advise_refusal(m, o, why, next, size);
			return;
		}
		if (m->state != CHECK_AVAILABLE || !k->loads_modules)
			continue;
		if (m->obstacle == CHECK_NO_OBSTACLE) {
			advise_loading(k, m, next, size);
			return;
		}
		if (!blocked)
			blocked = m;
	}
	if (blocked)
		advise_obstacle(k, blocked, why, next, size);
	else if (!k->loads_modules)
		snprintf(next, size,
			 "boot a kernel that can load modules, or Linux 6.13 or newer with "
			 "CONFIG_PTP_1588_CLOCK_VMCLOCK=y: this one has neither");
	else if (k->has_dkms_source)
		snprintf(next, size,
			 "build the module for this kernel: as root, install its headers "
			 "(linux-headers-%s), then: dkms autoinstall",
			 k->release);
	else
		snprintf(next, size,
			 "install vmclock-dkms, or boot Linux 6.13 or newer with ptp_vmclock");
}

static void no_driver(struct check *c, const struct check_offer *o)
{
	static const struct check_rule rule = { "no-driver", CHECK_UNUSABLE, NULL };
	char why[CHECK_TEXT] = "", next[CHECK_TEXT] = "";
	struct check_problem *p;

	advise_driver(c, o, why, next, sizeof(next));
	p = check_complain(c, &rule,
			   "the hypervisor offers a VMClock (%s %s), but no driver serves it%s%s",
			   o->firmware, o->name, *why ? ": " : "", why);
	strcpy(p->next, next);
}

static void no_offer(struct check *c)
{
	static const struct check_rule none = {
		"not-offered", CHECK_UNUSABLE,
		"ask whoever runs the hypervisor for a VMClock device "
		"(QEMU 10.0 or newer: -device vmclock)"
	};
	static const struct check_rule unknown = {
		"not-offered", CHECK_UNUSABLE, "mount sysfs on /sys, then check again"
	};

	if (c->hypervisor.known)
		check_complain(c, &none,
			       "the hypervisor offers no VMClock: none in ACPI or device tree");
	else
		check_complain(c, &unknown,
			       "there is no %s, and /sys does not tell what the hypervisor offers",
			       c->device.brief);
}

static void no_node(struct check *c, const struct check_offer *o)
{
	static const struct check_rule rule = { "no-node", CHECK_UNUSABLE, SEE_WHY };
	struct check_problem *p;

	if (!*o->serves) {
		check_complain(c, &rule, "driver %s is bound to %s, but made no device node",
			       o->driver, o->name);
		return;
	}
	p = check_complain(c, &rule, "driver %s serves %s as %s, but there is no %s", o->driver,
			   o->name, o->serves, c->device.brief);
	snprintf(p->next, sizeof(p->next),
		 "in a container: have /dev/%s passed in (docker run --device /dev/%s); "
		 "elsewhere, as root: udevadm trigger /sys/class/misc/%s",
		 o->serves, o->serves, o->serves);
}

static void other_device(struct check *c)
{
	static const struct check_rule rule = { "other-device", CHECK_UNUSABLE, NULL };
	const char *other = c->device.others[0];
	struct check_problem *p;

	p = check_complain(c, &rule, "there is no %s, but there is /dev/%s", c->device.brief,
			   other);
	snprintf(p->next, sizeof(p->next), "check that one: " TOOL " --device /dev/%s", other);
}

/* Why is there no such device node? */
static void explain_missing_node(struct check *c)
{
	const struct check_hypervisor *h = &c->hypervisor;
	const struct check_offer *unbound = NULL;
	size_t i;

	for (i = 0; i < h->n_offers; i++) {
		const struct check_offer *o = &h->offers[i];

		if (!*o->driver) {
			if (!unbound)
				unbound = o;
			continue;
		}
		/* A device that is served as another node does not explain this missing node. */
		if (!c->device.n_others || strcmp(o->serves, c->device.name) == 0) {
			no_node(c, o);
			return;
		}
	}
	if (c->device.n_others)
		other_device(c);
	else if (unbound)
		no_driver(c, unbound);
	else
		no_offer(c);
}

/* ---- The device or file does not open, or is no page ---------------------------------- */

static void explain_missing_path(struct check *c)
{
	static const struct check_rule rule = {
		"no-such-path", CHECK_UNUSABLE, "correct the path"
	};
	struct check_problem *p;

	p = check_complain(c, &rule, "there is no %s", c->device.brief);
	if (c->device.source == CHECK_FROM_ENVIRONMENT)
		strcpy(p->next, "correct or unset VMCLOCK_PATH");
}

static void explain_permission(struct check *c)
{
	static const struct check_rule unreachable = {
		"no-permission", CHECK_UNUSABLE, "run it as a user who may, or as root"
	};
	static const struct check_rule policy = {
		"no-permission", CHECK_UNUSABLE,
		"allow it in the container's device rules (docker run --device), or in the policy "
		"of SELinux or AppArmor"
	};
	static const struct check_rule mode = { "no-permission", CHECK_UNUSABLE, NULL };
	const struct check_device *d = &c->device;
	struct check_problem *p;

	if (!d->known_mode) {
		check_complain(c, &unreachable,
			       "no permission to reach %s: a folder on the way may not be entered",
			       d->brief);
		return;
	}
	if (c->page.error == -EPERM || d->mode & 0004) {
		check_complain(c, &policy, "no permission to open %s, though its mode is %04o",
			       d->brief, d->mode);
		return;
	}
	p = check_complain(c, &mode,
			   "uid %d has no permission to read %s: its mode is %04o, its owner %d, "
			   "its group %d",
			   (int)geteuid(), d->brief, d->mode, (int)d->uid, (int)d->gid);
	if (d->kind == CHECK_FILE)
		snprintf(p->next, sizeof(p->next),
			 "run it as a user who may read the file, or: chmod a+r %s", d->brief);
	else
		snprintf(p->next, sizeof(p->next),
			 "as root: chmod 0444 %s; to keep it so, install the udev rule that comes "
			 "with vmclock",
			 d->brief);
}

static void explain_no_device(struct check *c)
{
	static const struct check_rule gone = { "no-such-device", CHECK_UNUSABLE, SEE_WHY };
	static const struct check_rule another = {
		"no-such-device", CHECK_UNUSABLE, "name a VMClock device, such as /dev/vmclock0"
	};

	if (*c->device.name)
		check_complain(c, &gone, "%s exists, but there is no device behind it any more",
			       c->device.brief);
	else
		check_complain(c, &another, "%s has no VMClock behind it", c->device.brief);
}

static void explain_content(struct check *c)
{
	static const struct check_rule host = {
		"not-a-page", CHECK_UNUSABLE, CHECK_TELL_OPERATOR
	};
	static const struct check_rule path = {
		"not-a-page", CHECK_UNUSABLE, "name a VMClock device or a page file"
	};
	static const struct check_rule version = {
		"other-version", CHECK_UNUSABLE, "install a newer vmclock that knows this version"
	};
	const char *colon = *c->page.wrong ? ": " : "";

	if (c->page.error == -EPROTONOSUPPORT)
		check_complain(c, &version, "%s is a VMClock page of another version%s%s",
			       c->device.brief, colon, c->page.wrong);
	else
		check_complain(c, *c->device.name ? &host : &path, "%s is not a VMClock page%s%s",
			       c->device.brief, colon, c->page.wrong);
}

static void explain_mapping(struct check *c)
{
	static const struct check_rule large_pages = {
		"cannot-map", CHECK_UNUSABLE, "use a kernel with memory pages of 4096 bytes"
	};
	static const struct check_rule refused = { "cannot-map", CHECK_UNUSABLE, SEE_WHY };
	long size = sysconf(_SC_PAGESIZE);

	check_complain(c, size > 4096 ? &large_pages : &refused,
		       "the driver refuses to map %s (memory pages of this kernel: %ld bytes)",
		       c->device.brief, size);
}

void check_advise(struct check *c)
{
	static const struct check_rule other = {
		"cannot-open", CHECK_UNUSABLE, "remove the cause, then check again"
	};

	switch (-c->page.error) {
	case ENOENT:
		if (*c->device.name)
			explain_missing_node(c);
		else
			explain_missing_path(c);
		break;
	case EACCES:
	case EPERM:
		explain_permission(c);
		break;
	case ENODEV:
		explain_no_device(c);
		break;
	case EBADMSG:
	case EPROTONOSUPPORT:
		explain_content(c);
		break;
	case EINVAL:
		explain_mapping(c);
		break;
	default:
		check_complain(c, &other, "cannot open %s: %s", c->device.brief,
			       strerror(-c->page.error));
	}
}
