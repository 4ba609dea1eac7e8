// SPDX-License-Identifier: MIT
/* The modules that can serve a VMClock here, and their state. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <libkmod.h>

#include "check.h"
#include "common/program.h"
#include "sysfs.h"

static void look_at_kernel(struct check *c)
{
	struct check_kernel *k = &c->modules.kernel;
	char locked[CHECK_NAME];
	struct utsname uts;

	if (uname(&uts) == 0)
		copy_printable(k->release, sizeof(k->release), uts.release);
	k->loads_modules = path_exists(below(c->root, "/proc/modules"));
	read_line(below(c->root, "/proc/sys/kernel/modules_disabled"), locked, sizeof(locked));
	k->locked = strcmp(locked, "1") == 0;
	k->has_tree = path_exists(below(c->root, "/lib/modules/%s", k->release));
	k->has_dkms_source = path_exists(below(c->root, "/var/lib/dkms/vmclock"));
	check_signing(c);
}

/* Opens the indexes and the configuration of modprobe(8), below the root. */
static struct kmod_ctx *open_kmod(const struct check *c)
{
	static const char *const folders[] = {
		"/etc/modprobe.d",     "/run/modprobe.d", "/usr/local/lib/modprobe.d",
		"/usr/lib/modprobe.d", "/lib/modprobe.d",
	};
	enum { FOLDERS = sizeof(folders) / sizeof(folders[0]) };
	char paths[FOLDERS][PATH_MAX];
	const char *config[FOLDERS + 1] = { NULL };
	struct kmod_ctx *ctx;
	size_t i;

	for (i = 0; i < FOLDERS; i++) {
		strcpy(paths[i], below(c->root, "%s", folders[i]));
		config[i] = paths[i];
	}

	if (*c->root)
		ctx = kmod_new(below(c->root, "/lib/modules/%s", c->modules.kernel.release),
			       config);
	else
		ctx = kmod_new(NULL, NULL);
	if (ctx)
		/* We do not repeat its complaints about modprobe.d. */
		kmod_set_log_fn(ctx, NULL, NULL);
	return ctx;
}

/* ---- One module ------------------------------------------------------------------ */

static void read_version(const struct check *c, struct check_module *m, struct kmod_module *mod)
{
	struct kmod_list *info = NULL, *entry;

	/* The running version counts; a package may have installed a newer one since. */
	if (read_line(below(c->root, "/sys/module/%s/version", m->name), m->version,
		      sizeof(m->version)))
		return;
	if (!mod || kmod_module_get_info(mod, &info) < 0)
		return;
	kmod_list_foreach(entry, info) if (strcmp(kmod_module_info_get_key(entry), "version") == 0)
		copy_printable(m->version, sizeof(m->version), kmod_module_info_get_value(entry));
	kmod_module_info_free_list(info);
}

static bool is_built_in(const struct check *c, const struct check_module *m,
			struct kmod_module *mod)
{
	/* A registered driver without a module is built in. This needs no indexes. */
	if (m->driver && path_exists(below(c->root, "/sys/bus/platform/drivers/%s", m->driver)) &&
	    !path_exists(below(c->root, "/sys/bus/platform/drivers/%s/module", m->driver)))
		return true;
	return mod && !kmod_module_get_path(mod) &&
	       kmod_module_get_initstate(mod) == KMOD_MODULE_BUILTIN;
}

static void find_state(const struct check *c, struct check_module *m, struct kmod_module *mod)
{
	const char *path = mod ? kmod_module_get_path(mod) : NULL;

	/* A built-in module may have a folder here, but never this file. */
	if (path_exists(below(c->root, "/sys/module/%s/initstate", m->name)))
		m->state = CHECK_LOADED;
	else if (is_built_in(c, m, mod))
		m->state = CHECK_BUILTIN;
	else if (path && access(path, F_OK) == 0)
		m->state = CHECK_AVAILABLE;
	else
		m->state = CHECK_ABSENT;
}

static void find_binding(const struct check_hypervisor *h, struct check_module *m)
{
	size_t i;

	for (i = 0; i < h->n_offers; i++) {
		const struct check_offer *o = &h->offers[i];

		if (!*o->driver)
			continue;
		if (m->driver ? strcmp(o->driver, m->driver) == 0 : strcmp(o->module, m->name) == 0)
			m->bound = true;
	}
}

/* Does one of these lines of modprobe.d name the module? */
static bool is_configured(struct kmod_config_iter *lines, const char *name)
{
	bool found = false;

	if (!lines)
		return false;
	while (!found && kmod_config_iter_next(lines))
		found = fnmatch(kmod_config_iter_get_key(lines), name, 0) == 0;
	kmod_config_iter_free_iter(lines);
	return found;
}

static void add_module(struct check *c, struct kmod_ctx *ctx, struct kmod_module *mod,
		       const char *name, const char *driver, const char *origin)
{
	struct check_module *m;

	if (c->modules.n == CHECK_MANY)
		return;
	m = &c->modules.list[c->modules.n++];
	copy_printable(m->name, sizeof(m->name), name);
	m->driver = driver;
	m->origin = origin;
	find_state(c, m, mod);
	find_binding(&c->hypervisor, m);
	if (m->state != CHECK_ABSENT)
		read_version(c, m, mod);
	if (m->state == CHECK_AVAILABLE)
		check_loading(c, ctx, mod, m);
	if (ctx) {
		m->blacklisted = is_configured(kmod_config_get_blacklists(ctx), m->name);
		m->overridden = is_configured(kmod_config_get_install_commands(ctx), m->name);
	}
}

static void add_known(struct check *c, struct kmod_ctx *ctx, const char *name, const char *driver,
		      const char *origin)
{
	struct kmod_module *mod = NULL;

	if (ctx && kmod_module_new_from_name_lookup(ctx, name, &mod) < 0)
		mod = NULL;
	add_module(c, ctx, mod, name, driver, origin);
	kmod_module_unref(mod);
}

/* ---- Others that claim the device ------------------------------------------------- */

static bool is_listed(const struct check *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->modules.n; i++)
		if (strcmp(c->modules.list[i].name, name) == 0)
			return true;
	return false;
}

static void add_claimants(struct check *c, struct kmod_ctx *ctx, const char *modalias)
{
	struct kmod_list *list = NULL, *entry;

	if (!*modalias || kmod_module_new_from_lookup(ctx, modalias, &list) < 0)
		return;
	kmod_list_foreach(entry, list)
	{
		struct kmod_module *mod = kmod_module_get_module(entry);
		const char *name = kmod_module_get_name(mod);

		if (!is_listed(c, name))
			add_module(c, ctx, mod, name, NULL, "another driver");
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(list);
}

void check_modules(struct check *c)
{
	struct kmod_ctx *ctx;
	size_t i;

	look_at_kernel(c);
	ctx = open_kmod(c);
	add_known(c, ctx, "vmclock", "vmclock-guest", "the vmclock project's driver");
	add_known(c, ctx, "ptp_vmclock", "vmclock", "the driver in Linux since 6.13");
	for (i = 0; ctx && i < c->hypervisor.n_offers; i++)
		add_claimants(c, ctx, c->hypervisor.offers[i].modalias);
	kmod_unref(ctx);
}
