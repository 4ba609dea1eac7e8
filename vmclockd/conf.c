// SPDX-License-Identifier: MIT
/* The configuration: a table of keys, and inih for the file's form. */
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/number.h"
#include "conf.h"
#include "lib/run-layout.h"
#include "log.h"

static const char *const modes[] = { [MODE_ACT] = "act", [MODE_OBSERVE] = "observe", NULL };
static const char *const ntps[] = {
	[NTP_AUTO] = "auto",	 [NTP_CHRONY] = "chrony", [NTP_TIMESYNCD] = "timesyncd",
	[NTP_NTPSEC] = "ntpsec", [NTP_NONE] = "none",	  NULL,
};
static const char *const steps[] = {
	[STEP_ALWAYS] = "always",
	[STEP_FORWARD] = "forward",
	[STEP_NEVER] = "never",
	NULL,
};

static const char *const switches[] = { "no", "yes", NULL };

/* LENGTH is a time that is not 0. */
enum kind { WORD, TIME, LENGTH, FOLDER, FILE_PATH, SOCKET };

static const struct key {
	const char *name;
	enum kind kind;
	size_t offset;
	const char *const *words;
	const char *initially; /* NULL: nothing */
} keys[] = {
#define KEY(field, kind, words, initially)                                     \
	{                                                                      \
#field, kind, offsetof(struct config, field), words, initially \
	}
	KEY(device, FILE_PATH, NULL, "/dev/vmclock0"),
	KEY(folder, FOLDER, NULL, VMCLOCK_RUN_FOLDER),
	KEY(chronyc, FILE_PATH, NULL, "/usr/bin/chronyc"),
	KEY(chronyd_socket, SOCKET, NULL, NULL),
	KEY(busctl, FILE_PATH, NULL, "/usr/bin/busctl"),
	KEY(systemctl, FILE_PATH, NULL, "/usr/bin/systemctl"),
	KEY(hooks, FOLDER, NULL, "/etc/vmclock/hooks.d"),
	KEY(hook_timeout, LENGTH, NULL, "10s"),
	KEY(clockbound_path, FILE_PATH, NULL, "/var/run/clockbound/shm0"),
	KEY(clockbound, WORD, switches, "no"),
	KEY(metrics, FILE_PATH, NULL, NULL),
	KEY(mode, WORD, modes, "act"),
	KEY(ntp, WORD, ntps, "auto"),
	KEY(source_smears, WORD, switches, "no"),
	KEY(step, WORD, steps, "always"),
	KEY(step_min, TIME, NULL, "2us"),
	KEY(step_max, TIME, NULL, "0"),
	KEY(step_back_max, TIME, NULL, "1s"),
	KEY(step_max_error, LENGTH, NULL, "1ms"),
	KEY(slew_max, TIME, NULL, "101ms"),
	KEY(trusted_max_error, LENGTH, NULL, "100ms"),
#undef KEY
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* ---- Values ---------------------------------------------------------------------- */

static void *field_of(struct config *config, const struct key *key)
{
	return (char *)config + key->offset;
}

static int set_word(int *to, const struct key *key, const char *value, char *why, size_t size)
{
	int i;

	for (i = 0; key->words[i]; i++) {
		if (!strcmp(key->words[i], value)) {
			*to = i;
			return 0;
		}
	}
	snprintf(why, size, "'%s' is not one of", value);
	for (i = 0; key->words[i]; i++) {
		size_t length = strlen(why);

		snprintf(why + length, size - length, "%s %s", i ? "," : "", key->words[i]);
	}
	return -1;
}

static int set_time(int64_t *to, const char *value, char *why, size_t size)
{
	int64_t ns;

	if (parse_time(value, false, &ns) || ns < 0) {
		snprintf(why, size, "'%s' is not a length of time; for example 1ms, 20us or 0.5s",
			 value);
		return -1;
	}
	*to = ns;
	return 0;
}

static int set_length(int64_t *to, const char *value, char *why, size_t size)
{
	if (set_time(to, value, why, size))
		return -1;
	if (*to)
		return 0;
	snprintf(why, size, "'%s' is too short: give more than 0", value);
	return -1;
}

static int set_path(char **to, const char *value, char *why, size_t size)
{
	if (*value != '/') {
		snprintf(why, size, "'%s' is not an absolute path", value);
		return -1;
	}
	free(*to);
	*to = strdup(value);
	if (*to)
		return 0;
	snprintf(why, size, "no memory");
	return -1;
}

static int set_file(char **to, const char *value, char *why, size_t size)
{
	if (set_path(to, value, why, size))
		return -1;
	if (value[strlen(value) - 1] != '/')
		return 0;
	snprintf(why, size, "'%s' is a folder: give a file", value);
	return -1;
}

/* A socket's path has a limit of its own. */
static int set_socket(char **to, const char *value, char *why, size_t size)
{
	const size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path);

	if (set_file(to, value, why, size))
		return -1;
	if (strlen(value) < room)
		return 0;
	snprintf(why, size, "the path is longer than %zu characters", room - 1);
	return -1;
}

static int set(struct config *config, const struct key *key, const char *value, char *why,
	       size_t size)
{
	void *to = field_of(config, key);

	switch (key->kind) {
	case WORD:
		return set_word(to, key, value, why, size);
	case TIME:
		return set_time(to, value, why, size);
	case LENGTH:
		return set_length(to, value, why, size);
	case FILE_PATH:
		return set_file(to, value, why, size);
	case SOCKET:
		return set_socket(to, value, why, size);
	default:
		return set_path(to, value, why, size);
	}
}

/* Some other file in place of the configuration must not fill the log, or keep the processor. */
#define LARGEST	     (1 << 20) /* bytes */
#define MISTAKES_MAX 20

/* Some editors begin a file with it. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* ---- The file ---------------------------------------------------------------------- */

struct reading {
	struct config *config;
	const char *path;
	FILE *file;
	int line;	 /* the number of the current line: inih's handler does not get it */
	int lines[KEYS]; /* the line of each key; 0: the key has not occurred yet */
	unsigned int mistakes;
};

static int wrong(struct reading *reading, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int wrong(struct reading *reading, const char *fmt, ...)
{
	char why[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	if (reading->mistakes++ < MISTAKES_MAX)
		say(LOG_ERR, "%s:%d: %s", reading->path, reading->line, why);
	return 0;
}

/* Reads a line, cut to @size. Returns its whole length, or -1 at the end of the file. */
static int get_line(FILE *file, char *text, int size)
{
	int c, length = 0;

	while ((c = getc(file)) != EOF && c != '\n') {
		if (length < size - 1)
			text[length] = (char)c;
		length += length < INT_MAX;
	}
	text[length < size ? length : size - 1] = '\0';
	return c == EOF && !length ? -1 : length;
}

/*
 * Gives inih the lines with a key, and an empty line for every other line. inih
 * itself would cut long lines, take an indented line for a continuation of the
 * value above it, and report only the first wrong line.
 */
static char *next_line(char *text, int size, void *user)
{
	struct reading *reading = user;
	int length = get_line(reading->file, text, size);
	char *start = text;

	if (length < 0 || reading->mistakes > MISTAKES_MAX)
		return NULL;
	if (!reading->line++ && !strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)))
		start += strlen(BYTE_ORDER_MARK);
	start += strspn(start, " \t\r\v\f");
	if (*start == '#' || *start == ';')
		*start = '\0';
	else if (length >= size)
		wrong(reading, "the line is longer than %d characters", size - 1);
	else if (strlen(text) != (size_t)length)
		wrong(reading, "there is a NUL in the line");
	else if (*start == '[')
		wrong(reading, "there are no sections: remove '%s'", start);
	else if (*start && start[strcspn(start, "=:;")] != '=')
		wrong(reading, "neither 'key = value' nor a comment");
	else
		return memmove(text, start, strlen(start) + 1);
	*text = '\0';
	return text;
}

static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;
	char why[256];
	size_t i;

	(void)section;
	for (i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].name, name) != 0)
			continue;
		if (reading->lines[i])
			return wrong(reading, "%s: already set in line %d", name,
				     reading->lines[i]);
		reading->lines[i] = reading->line;
		if (set(reading->config, &keys[i], value, why, sizeof(why)))
			return wrong(reading, "%s: %s", name, why);
		return 1;
	}
	return wrong(reading, "there is no key '%s'; vmclockd.conf(5) lists all keys", name);
}

static bool is_null_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* Why this cannot be a configuration; NULL: it can. */
static const char *unfit(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (S_ISDIR(st.st_mode))
		return strerror(EISDIR);
	if (!S_ISREG(st.st_mode) && !is_null_device(&st))
		return "it is not a regular file";
	return st.st_size > LARGEST ? "it is larger than 1 MiB" : NULL;
}

static int parse(struct reading *reading)
{
	bool wrong = ini_parse_stream(next_line, reading, handle, reading);

	if (reading->mistakes > MISTAKES_MAX)
		say(LOG_ERR, "%s: there are more mistakes; these are the first %d", reading->path,
		    MISTAKES_MAX);
	if (ferror(reading->file)) {
		say(LOG_ERR, "cannot read %s: %s", reading->path, strerror(errno));
		wrong = true;
	}
	return wrong || reading->mistakes ? -1 : 0;
}

static int read_file(struct config *config, const char *path, bool required)
{
	struct reading reading = { .config = config, .path = path };
	/* Does not wait for somebody who writes to a pipe. */
	int ret, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *why;

	if (fd < 0 && errno == ENOENT && !required)
		return 0;
	why = fd < 0 ? strerror(errno) : unfit(fd);
	if (!why) {
		reading.file = fdopen(fd, "r");
		why = reading.file ? NULL : strerror(errno);
	}
	if (why) {
		say(LOG_ERR, "cannot read %s: %s", path, why);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	ret = parse(&reading);
	fclose(reading.file);
	return ret;
}

int config_read(struct config *config, const char *path)
{
	char why[256];
	size_t i;

	*config = (struct config){ 0 };
	for (i = 0; i < KEYS; i++) {
		if (keys[i].initially &&
		    set(config, &keys[i], keys[i].initially, why, sizeof(why))) {
			say(LOG_ERR, "%s: %s", keys[i].name, why);
			return -1;
		}
	}
	return read_file(config, path ? path : CONFIG_PATH, path);
}

void config_free(struct config *config)
{
	free(config->device);
	free(config->folder);
	free(config->chronyc);
	free(config->chronyd_socket);
	free(config->busctl);
	free(config->systemctl);
	free(config->hooks);
	free(config->clockbound_path);
	free(config->metrics);
	*config = (struct config){ 0 };
}

const char *config_ntp_name(enum config_ntp ntp)
{
	return ntps[ntp];
}
