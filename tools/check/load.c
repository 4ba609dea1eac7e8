// SPDX-License-Identifier: MIT
/* Would the running kernel load an installed module? As far as this can be known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkmod.h>

#include "check.h"
#include "common/program.h"
#include "sysfs.h"

/* ---- Signatures ------------------------------------------------------------------ */

void check_signing(struct check *c)
{
	struct check_kernel *k = &c->modules.kernel;
	char text[CHECK_NAME];

	/* "none [integrity] confidentiality" */
	read_line(below(c->root, "/sys/kernel/security/lockdown"), text, sizeof(text));
	if (strchr(text, '[') && !strstr(text, "[none]")) {
		snprintf(k->signed_only, sizeof(k->signed_only), "lockdown, as under Secure Boot");
		return;
	}
	read_line(below(c->root, "/sys/module/module/parameters/sig_enforce"), text, sizeof(text));
	if (*text == 'Y' || *text == '1')
		snprintf(k->signed_only, sizeof(k->signed_only), "module.sig_enforce");
}

/*
 * Does the kernel know a key of this name? True also if this is not known: only root sees the
 * kernel's keys.
 */
static bool knows_key(const struct check *c, const char *name)
{
	static const char type[] = " asymmetri ";
	bool sees_keys = false, found = false;
	size_t size = 0, n = strlen(name);
	char *line = NULL;
	FILE *file;

	file = fopen(below(c->root, "/proc/keys"), "re");
	if (!file)
		return true;
	/* "2d0f6c5f I------ 1 perm 1f030000 0 0 asymmetri NAME: 6ccece7e: X509.rsa 7e []" */
	while (getline(&line, &size, file) > 0) {
		const char *key = strstr(line, type);

		if (!key)
			continue;
		sees_keys = true;
		key += strlen(type);
		if (strncmp(key, name, n) == 0 && key[n] == ':')
			found = true;
	}
	free(line);
	fclose(file);
	return found || !sees_keys;
}

/* ---- The kernel's command line ---------------------------------------------------- */

static bool list_has(const char *list, const char *name)
{
	static const char separators[] = ",\"";
	size_t n;

	for (;; list += n) {
		list += strspn(list, separators);
		n = strcspn(list, separators);
		if (n == 0)
			return false;
		if (n == strlen(name) && strncmp(list, name, n) == 0)
			return true;
	}
}

/* Does module_blacklist= name the module? The last one counts; "-" is "_" in its name. */
static bool is_excluded(const struct check *c, const char *name)
{
	static const char parameter[] = "module_blacklist=";
	char line[4096], *rest = line, *word;
	bool excluded = false;

	line[read_bytes(below(c->root, "/proc/cmdline"), line, sizeof(line) - 1)] = '\0';
	while ((word = strsep(&rest, " \n")) && strcmp(word, "--") != 0) {
		if (strncmp(word, "module-", 7) == 0)
			word[6] = '_';
		if (strncmp(word, parameter, strlen(parameter)) == 0)
			excluded = list_has(word + strlen(parameter), name);
	}
	return excluded;
}

/* ---- Symbols --------------------------------------------------------------------- */

struct symbols {
	const char **list;	/* sorted */
	bool *found;
	size_t n;
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lists the symbols that the module imports from the kernel and other modules. */
static bool list_symbols(struct symbols *s, struct kmod_list *needed)
{
	struct kmod_list *entry;
	size_t room = 0;

	kmod_list_foreach(entry, needed) room++;
	s->n = 0;
	s->list = calloc(room + 1, sizeof(*s->list));
	s->found = calloc(room + 1, sizeof(*s->found));
	if (!s->list || !s->found)
		return false;
	kmod_list_foreach(entry, needed)
	{
		const char *name = kmod_module_dependency_symbol_get_symbol(entry);

		/* A weak symbol may be missing, and _GLOBAL_OFFSET_TABLE_ is in no list. */
		if (kmod_module_dependency_symbol_get_bind(entry) != KMOD_SYMBOL_WEAK &&
		    strcmp(name, "_GLOBAL_OFFSET_TABLE_") != 0)
			s->list[s->n++] = name;
	}
	qsort(s->list, s->n, sizeof(*s->list), compare);
	return true;
}

/* Marks the symbols that the kernel and its loaded modules have. False: they are not known. */
static bool mark_present(const struct check *c, struct symbols *s)
{
	bool lists_data = false;
	char *line = NULL;
	size_t size = 0;
	FILE *file;

	file = fopen(below(c->root, "/proc/kallsyms"), "re");
	if (!file)
		return false;
	while (getline(&line, &size, file) > 0) {
		char type, name[256];
		const char *key = name, **at;

		if (sscanf(line, "%*s %c %255s", &type, name) != 2)
			continue;
		/* Without CONFIG_KALLSYMS_ALL the list has functions only. */
		if (strchr("dDbBrR", type))
			lists_data = true;
		at = bsearch(&key, s->list, s->n, sizeof(*s->list), compare);
		if (at)
			s->found[at - s->list] = true;
	}
	free(line);
	fclose(file);
	return lists_data;
}

/* Does another installed module export the symbol? modprobe(8) would load it first. */
static bool is_provided(struct kmod_ctx *ctx, const char *name)
{
	char alias[CHECK_TEXT];
	struct kmod_list *list = NULL;
	bool found;

	snprintf(alias, sizeof(alias), "symbol:%s", name);
	if (kmod_module_new_from_lookup(ctx, alias, &list) < 0)
		return false;
	found = list;
	kmod_module_unref_list(list);
	return found;
}

/* Finds an imported symbol that nothing here exports. False also if this is not known. */
static bool lacks_symbol(const struct check *c, struct kmod_ctx *ctx, struct kmod_module *mod,
			 struct check_module *m)
{
	struct kmod_list *needed = NULL;
	struct symbols s = { 0 };
	bool lacks = false;
	size_t i;

	if (kmod_module_get_dependency_symbols(mod, &needed) < 0)
		return false;
	if (list_symbols(&s, needed) && mark_present(c, &s)) {
		for (i = 0; i < s.n && !lacks; i++) {
			if (s.found[i] || is_provided(ctx, s.list[i]))
				continue;
			copy_printable(m->lacks, sizeof(m->lacks), s.list[i]);
			lacks = true;
		}
	}
	free(s.list);
	free(s.found);
	kmod_module_dependency_symbols_free_list(needed);
	return lacks;
}

/* ---- One module --------------------------------------------------------------------- */

/* @vermagic begins with the kernel: "6.1.0-50-amd64 SMP preempt mod_unload modversions ". */
static bool fits_kernel(const struct check *c, const char *vermagic, struct check_module *m)
{
	size_t n = strcspn(vermagic, " ");
	char name[sizeof(c->modules.kernel.release)];

	snprintf(name, sizeof(name), "%.*s", (int)n, vermagic);
	if (strcmp(name, c->modules.kernel.release) == 0)
		return true;
	copy_printable(m->lacks, sizeof(m->lacks), name);
	return false;
}

/* A kernel with a checksum for each symbol compares these instead of its name. */
static bool has_checksums(struct kmod_module *mod)
{
	struct kmod_list *versions = NULL;
	bool has = kmod_module_get_versions(mod, &versions) > 0;

	kmod_module_versions_free_list(versions);
	return has;
}

/* Is there a device without a driver? Only then are the symbols worth reading. */
static bool wants_driver(const struct check_hypervisor *h)
{
	size_t i;

	for (i = 0; i < h->n_offers; i++)
		if (!*h->offers[i].driver)
			return true;
	return false;
}

void check_loading(const struct check *c, struct kmod_ctx *ctx, struct kmod_module *mod,
		   struct check_module *m)
{
	const char *vermagic = NULL, *signer = NULL;
	struct kmod_list *info = NULL, *entry;
	bool is_signed = false;

	/* What this user may not read is not damaged. */
	if (access(kmod_module_get_path(mod), R_OK) != 0) {
		m->obstacle = CHECK_NO_OBSTACLE;
		return;
	}
	if (kmod_module_get_info(mod, &info) < 0)
		info = NULL;
	kmod_list_foreach(entry, info)
	{
		const char *key = kmod_module_info_get_key(entry);

		if (strcmp(key, "vermagic") == 0)
			vermagic = kmod_module_info_get_value(entry);
		if (strcmp(key, "signer") == 0)
			signer = kmod_module_info_get_value(entry);
		if (strcmp(key, "sig_id") == 0 || strcmp(key, "signer") == 0)
			is_signed = true;
	}
	if (!vermagic || !*vermagic)
		m->obstacle = CHECK_DAMAGED;
	else if (is_excluded(c, m->name))
		m->obstacle = CHECK_EXCLUDED;
	else if (!fits_kernel(c, vermagic, m) && !has_checksums(mod))
		m->obstacle = CHECK_OTHER_KERNEL;
	else if (*c->modules.kernel.signed_only && !is_signed)
		m->obstacle = CHECK_UNSIGNED;
	else if (*c->modules.kernel.signed_only && signer && *signer && !knows_key(c, signer))
		m->obstacle = CHECK_UNKNOWN_KEY;
	else if (wants_driver(&c->hypervisor) && lacks_symbol(c, ctx, mod, m))
		m->obstacle = CHECK_NO_SYMBOL;
	else
		m->obstacle = CHECK_NO_OBSTACLE;
	if (m->obstacle == CHECK_UNKNOWN_KEY)
		copy_printable(m->lacks, sizeof(m->lacks), signer);
	kmod_module_info_free_list(info);
}
