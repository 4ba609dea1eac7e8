// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clocks.h"
#include "command.h"
#include "log.h"
#include "sandbox.h"

#define UNIT	    "vmclockd.service"
#define OWN_MOUNTS  "/proc/self/mountinfo"
#define UNIT_LIMIT  (5 * NS_PER_SEC)
#define LINE_LENGTH 4096

/* ---- Paths ------------------------------------------------------------------------------- */

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return !strncmp(path, folder, length) && (!path[length] || path[length] == '/');
}

static bool is_below_one(const char *path, const char *const *folders)
{
	for (; *folders; folders++)
		if (is_below(path, *folders))
			return true;
	return false;
}

/* Without links; of what does not exist yet, the folder that does. */
static bool find_existing(const char *path, char found[PATH_MAX])
{
	char part[PATH_MAX];
	char *slash;

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
		return false;
	while (!realpath(part, found)) {
		slash = strrchr(part, '/');
		if (!slash)
			return false;
		slash[slash == part] = '\0';
		if (!strcmp(part, "/"))
			return realpath(part, found);
	}
	return true;
}

/* ---- This process ------------------------------------------------------------------------ */

/* Of a line in the list of mounts: the folder of the file system that is mounted. */
static bool parse_mount(const char *line, int *id, char root[LINE_LENGTH])
{
	return sscanf(line, "%d %*d %*s %4095s", id, root) == 2;
}

enum sandbox_verdict sandbox_by_mounts(const char *mounts, int mount)
{
	enum sandbox_verdict verdict = SANDBOX_OPEN;
	FILE *file = fopen(mounts, "re");
	char line[LINE_LENGTH], root[LINE_LENGTH];
	int id;

	while (file && fgets(line, sizeof(line), file)) {
		if (!parse_mount(line, &id, root) || id != mount)
			continue;
		if (strstr(root, "/systemd-private-"))
			verdict = SANDBOX_PRIVATE;
		else if (strstr(root, "/systemd/inaccessible/"))
			verdict = SANDBOX_HIDDEN;
	}
	if (file)
		fclose(file);
	return verdict;
}

/* The ID of the mount that has this path; 0: unknown. */
static int mount_of(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC), id = 0;
	char name[64], line[128];
	FILE *file;

	if (fd < 0)
		return 0;
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	file = fopen(name, "re");
	while (file && !id && fgets(line, sizeof(line), file))
		if (sscanf(line, "mnt_id: %d", &id) != 1)
			id = 0;
	if (file)
		fclose(file);
	close(fd);
	return id;
}

/* A folder that is read-only needs no line: writing there fails, and that is told. */
static enum sandbox_verdict judge_own(const void *unused, const char *path, bool writes)
{
	int mount = mount_of(path);

	(void)unused;
	(void)writes;
	return mount ? sandbox_by_mounts(OWN_MOUNTS, mount) : SANDBOX_OPEN;
}

/* ---- The unit ---------------------------------------------------------------------------- */

/* Copies the value of a property; empty: it has none. */
static void get_property(const char *properties, const char *name, char value[LINE_LENGTH])
{
	const char *line = properties;
	size_t length = strlen(name);

	*value = '\0';
	while (*line) {
		if (!strncmp(line, name, length) && line[length] == '=') {
			line += length + 1;
			snprintf(value, LINE_LENGTH, "%.*s", (int)strcspn(line, "\n"), line);
			return;
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
}

static bool has_property(const char *properties, const char *name, const char *wanted)
{
	char value[LINE_LENGTH];

	get_property(properties, name, value);
	return !strcmp(value, wanted);
}

/* Is it in one of these folders, each of which may have a prefix? */
static bool is_listed(const char *properties, const char *name, const char *path)
{
	char value[LINE_LENGTH], *rest = value, *folder;

	get_property(properties, name, value);
	while ((folder = strsep(&rest, " "))) {
		folder += strspn(folder, "-+");
		/* A bind mount: where from, and where to. */
		folder[strcspn(folder, ":")] = '\0';
		if (*folder && is_below(path, folder))
			return true;
	}
	return false;
}

enum sandbox_verdict sandbox_by_unit(const char *properties, const char *path, bool writes)
{
	static const char *const temporary[] = { "/tmp", "/var/tmp", NULL };
	static const char *const homes[] = { "/home", "/root", "/run/user", NULL };
	static const char *const never_protected[] = { "/dev", "/proc", "/sys", NULL };
	bool home = is_below_one(path, homes);

	if (is_listed(properties, "BindPaths", path))
		return SANDBOX_OPEN;
	if (is_below_one(path, temporary) && has_property(properties, "PrivateTmp", "yes"))
		return SANDBOX_PRIVATE;
	if (home && (has_property(properties, "ProtectHome", "yes") ||
		     has_property(properties, "ProtectHome", "tmpfs")))
		return SANDBOX_HIDDEN;
	if (!writes || is_listed(properties, "ReadWritePaths", path))
		return SANDBOX_OPEN;
	if (home && has_property(properties, "ProtectHome", "read-only"))
		return SANDBOX_READ_ONLY;
	if (!is_below_one(path, never_protected) &&
	    has_property(properties, "ProtectSystem", "strict"))
		return SANDBOX_READ_ONLY;
	return SANDBOX_OPEN;
}

static enum sandbox_verdict judge_unit(const void *properties, const char *path, bool writes)
{
	return sandbox_by_unit(properties, path, writes);
}

/* ---- All paths ----------------------------------------------------------------------------- */

static void tell(const char *key, const char *value, enum sandbox_verdict verdict,
		 const char *read_write)
{
	static const char by[] = "by 'systemctl edit vmclockd'";

	if (verdict == SANDBOX_PRIVATE)
		say(LOG_WARNING,
		    "%s = %s: " UNIT " has a folder of its own there, which other programs do not "
		    "see: choose another path, or set PrivateTmp=no%s%s %s",
		    key, value, *read_write ? " and " : "", read_write, by);
	else if (verdict == SANDBOX_HIDDEN)
		say(LOG_WARNING,
		    "%s = %s: " UNIT " cannot see this path: choose another one, or set "
		    "ProtectHome=no%s%s %s",
		    key, value, *read_write ? " and " : "", read_write, by);
	else if (verdict == SANDBOX_READ_ONLY)
		say(LOG_WARNING,
		    "%s = %s: " UNIT " cannot write there: choose another path, or set %s %s", key,
		    value, read_write, by);
}

static void check(const struct config *config,
		  enum sandbox_verdict (*judge)(const void *data, const char *path, bool writes),
		  const void *data)
{
	const struct {
		const char *key, *value;
		bool writes;
	} paths[] = {
		{ "device", config->device, false },
		{ "folder", config->folder, true },
		{ "chronyc", config->chronyc, false },
		/* chronyc makes its own socket beside it. */
		{ "chronyd_socket", config->chronyd_socket, true },
		{ "busctl", config->busctl, false },
		{ "systemctl", config->systemctl, false },
		{ "hooks", config->hooks, false },
		{ "clockbound_path", config->clockbound ? config->clockbound_path : NULL, true },
		{ "metrics", config->metrics, true },
	};
	char existing[PATH_MAX], read_write[PATH_MAX + 20];
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (!paths[i].value || !find_existing(paths[i].value, existing))
			continue;
		/* Without its own /tmp, the unit may not write in everybody's. */
		snprintf(read_write, sizeof(read_write), "ReadWritePaths=%s", existing);
		tell(paths[i].key, paths[i].value, judge(data, existing, paths[i].writes),
		     paths[i].writes ? read_write : "");
	}
}

void sandbox_check_own(const struct config *config)
{
	check(config, judge_own, NULL);
}

void sandbox_check_unit(const struct config *config)
{
	const struct timespec rest = { .tv_nsec = NS_PER_MS };
	char *const argv[] = {
		(char *)config->systemctl,
		(char *)"show",
		(char *)"--property=LoadState,PrivateTmp,ProtectHome,ProtectSystem,ReadWritePaths,"
			"BindPaths",
		(char *)UNIT,
		NULL,
	};
	struct command command = { 0 };
	int ret = command_start(&command, argv, UNIT_LIMIT);

	if (ret)
		return;
	while ((ret = command_result(&command)) == -EINPROGRESS)
		nanosleep(&rest, NULL);
	if (!ret && has_property(command.output, "LoadState", "loaded"))
		check(config, judge_unit, command.output);
	command_stop(&command);
}
