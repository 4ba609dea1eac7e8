// SPDX-License-Identifier: MIT
/* The device that is checked, the devices that the hypervisor offers, and their drivers. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "check.h"
#include "common/program.h"
#include "sysfs.h"

#define DEFAULT_DEVICE "/dev/vmclock0"
#define DEVICE_NODES   "vmclock[0-9]*"

/* ---- The path ---------------------------------------------------------------- */

/* Chooses as vmclock_open(NULL) does, but below the root. */
static const char *choose_path(struct check *c, const char *option, char buffer[PATH_MAX])
{
	const char *path = secure_getenv("VMCLOCK_PATH");

	if (option) {
		c->device.source = CHECK_FROM_OPTION;
		return option;
	}
	if (path && *path) {
		c->device.source = CHECK_FROM_ENVIRONMENT;
		return path;
	}
	c->device.source = CHECK_FROM_DEFAULT;
	strcpy(buffer, below(c->root, DEFAULT_DEVICE));
	return buffer;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Is the path /dev/vmclock<N>? */
static bool names_a_node(const struct check *c)
{
	return fnmatch(below(c->root, "/dev/" DEVICE_NODES), c->device.path, FNM_PATHNAME) == 0;
}

/*
 * Finds the driver's name for the device: by its number if possible, since
 * containers may rename nodes. Tests cannot make nodes and use files instead.
 */
static void find_name(struct check *c, const struct stat *st)
{
	struct check_device *d = &c->device;
	char name[CHECK_NAME];

	if (S_ISCHR(st->st_mode) &&
	    read_link_name(below(c->root, "/sys/dev/char/%u:%u", major(st->st_rdev),
				 minor(st->st_rdev)),
			   name, sizeof(name)) &&
	    fnmatch(DEVICE_NODES, name, 0) == 0)
		strcpy(d->name, name);
	else if (names_a_node(c))
		copy_printable(d->name, sizeof(d->name), last_part(d->path));
}

static void look_at_path(struct check *c)
{
	struct check_device *d = &c->device;
	struct stat st;

	if (stat(d->path, &st)) {
		/* Other errors do not mean that it is missing; open(2) will say more. */
		d->kind = errno == ENOENT ? CHECK_MISSING : CHECK_UNKNOWN;
		if (names_a_node(c))
			copy_printable(d->name, sizeof(d->name), last_part(d->path));
		return;
	}
	d->known_mode = true;
	d->mode = st.st_mode & 07777;
	d->uid = st.st_uid;
	d->gid = st.st_gid;

	if (S_ISCHR(st.st_mode))
		d->kind = CHECK_DEVICE;
	else if (S_ISREG(st.st_mode))
		d->kind = *c->root && names_a_node(c) ? CHECK_DEVICE : CHECK_FILE;
	else
		d->kind = CHECK_OTHER;
	if (d->kind == CHECK_DEVICE)
		find_name(c, &st);
}

static void find_other_nodes(struct check *c)
{
	struct check_device *d = &c->device;
	struct entries nodes;
	int i;

	if (!list_entries(&nodes, below(c->root, "/dev")))
		return;
	for (i = 0; i < nodes.count && d->n_others < CHECK_MANY; i++) {
		const char *name = nodes.list[i]->d_name;

		if (fnmatch(DEVICE_NODES, name, 0) ||
		    strcmp(below(c->root, "/dev/%s", name), d->path) == 0)
			continue;
		copy_printable(d->others[d->n_others++], CHECK_NAME, name);
	}
	free_entries(&nodes);
}

void check_device(struct check *c, const char *option)
{
	struct check_device *d = &c->device;
	char buffer[PATH_MAX];
	const char *path = choose_path(c, option, buffer);

	/* A truncated path would name another file. open(2) gives the same error. */
	if (strlen(path) >= sizeof(d->path)) {
		c->page.error = -ENAMETOOLONG;
		d->kind = CHECK_UNKNOWN;
	} else {
		strcpy(d->path, path);
		look_at_path(c);
	}
	copy_printable(d->shown, sizeof(d->shown), path);
	copy_printable(d->brief, sizeof(d->brief), path);
	if (strlen(d->brief) < strlen(d->shown))
		strcpy(d->brief + sizeof(d->brief) - 8, "...");
	find_other_nodes(c);
	if (*d->name)
		read_line(below(c->root, "/sys/class/misc/%s/notification", d->name),
			  d->notification, sizeof(d->notification));
}

/* ---- What the hypervisor offers ------------------------------------------------ */

static bool is_vmclock_acpi(const char *root, const char *name, char *modalias, size_t size)
{
	char hid[CHECK_NAME], status[CHECK_NAME];

	/* Hardware ID and compatible IDs, as in "acpi:AMZNC10C:VMCLOCK:". */
	read_line(below(root, "/sys/bus/acpi/devices/%s/modalias", name), modalias, size);
	read_line(below(root, "/sys/bus/acpi/devices/%s/hid", name), hid, sizeof(hid));
	if (!strstr(modalias, ":AMZNC10C:") && !strstr(modalias, ":VMCLOCK:") &&
	    strcmp(hid, "AMZNC10C") && strcmp(hid, "VMCLOCK"))
		return false;

	/* The firmware may declare a device and switch it off. */
	return !read_line(below(root, "/sys/bus/acpi/devices/%s/status", name), status,
			  sizeof(status)) ||
	       strtoul(status, NULL, 0) & 1;
}

static bool is_vmclock_dt(const char *root, const char *name)
{
	static const char wanted[] = "amazon,vmclock";
	char list[512];
	size_t n, at;

	n = read_bytes(below(root, "/sys/bus/platform/devices/%s/of_node/compatible", name), list,
		       sizeof(list) - 1);
	list[n] = '\0';
	for (at = 0; at < n; at += strlen(list + at) + 1)
		if (strcmp(list + at, wanted) == 0)
			return true;
	return false;
}

/* Finds the driver of the platform device, and the device node that the driver created. */
static void find_binding(const char *root, struct check_offer *o)
{
	struct entries misc;

	if (!read_link_name(below(root, "/sys/bus/platform/devices/%s/driver", o->name), o->driver,
			    sizeof(o->driver)))
		return;
	read_link_name(below(root, "/sys/bus/platform/devices/%s/driver/module", o->name),
		       o->module, sizeof(o->module));

	list_entries(&misc, below(root, "/sys/bus/platform/devices/%s/misc", o->name));
	if (misc.count > 0)
		copy_printable(o->serves, sizeof(o->serves), misc.list[0]->d_name);
	free_entries(&misc);
}

static bool is_served(const struct check_hypervisor *h, const char *name)
{
	size_t i;

	for (i = 0; i < h->n_offers; i++)
		if (strcmp(h->offers[i].serves, name) == 0)
			return true;
	return false;
}

/* Older in-tree drivers do not link the node to its device. */
static void match_orphans(const char *root, struct check_hypervisor *h)
{
	struct entries nodes;
	size_t i = 0;
	int n;

	list_entries(&nodes, below(root, "/sys/class/misc"));
	for (n = 0; n < nodes.count; n++) {
		const char *name = nodes.list[n]->d_name;

		if (fnmatch(DEVICE_NODES, name, 0) || is_served(h, name) ||
		    path_exists(below(root, "/sys/class/misc/%s/device", name)))
			continue;
		while (i < h->n_offers && (!*h->offers[i].driver || *h->offers[i].serves))
			i++;
		if (i < h->n_offers)
			copy_printable(h->offers[i].serves, CHECK_NAME, name);
	}
	free_entries(&nodes);
}

static struct check_offer *add_offer(struct check_hypervisor *h, const char *firmware)
{
	struct check_offer *o;

	if (h->n_offers == CHECK_MANY)
		return NULL;
	o = &h->offers[h->n_offers++];
	o->firmware = firmware;
	return o;
}

static void find_acpi_offers(struct check *c)
{
	struct entries devices;
	int i;

	list_entries(&devices, below(c->root, "/sys/bus/acpi/devices"));
	for (i = 0; i < devices.count; i++) {
		const char *name = devices.list[i]->d_name;
		struct check_offer *o;
		char modalias[256];

		if (!is_vmclock_acpi(c->root, name, modalias, sizeof(modalias)))
			continue;
		o = add_offer(&c->hypervisor, "ACPI");
		if (!o)
			break;
		strcpy(o->modalias, modalias);
		if (!read_link_name(below(c->root, "/sys/bus/acpi/devices/%s/physical_node", name),
				    o->name, sizeof(o->name)))
			copy_printable(o->name, sizeof(o->name), name);
	}
	free_entries(&devices);
}

static void find_dt_offers(struct check *c)
{
	struct entries devices;
	int i;

	list_entries(&devices, below(c->root, "/sys/bus/platform/devices"));
	for (i = 0; i < devices.count; i++) {
		const char *name = devices.list[i]->d_name;
		struct check_offer *o;

		if (!is_vmclock_dt(c->root, name))
			continue;
		o = add_offer(&c->hypervisor, "device tree");
		if (!o)
			break;
		copy_printable(o->name, sizeof(o->name), name);
		read_line(below(c->root, "/sys/bus/platform/devices/%s/modalias", name),
			  o->modalias, sizeof(o->modalias));
	}
	free_entries(&devices);
}

void check_hypervisor(struct check *c)
{
	struct check_hypervisor *h = &c->hypervisor;
	size_t i;

	h->known = path_exists(below(c->root, "/sys/bus/platform/devices"));
	find_acpi_offers(c);
	find_dt_offers(c);
	for (i = 0; i < h->n_offers; i++) {
		struct check_offer *o = &h->offers[i];

		find_binding(c->root, o);
		if (!*o->driver)
			check_log(c, o->name, o->said, sizeof(o->said));
	}
	match_orphans(c->root, h);
}
