// SPDX-License-Identifier: MIT
/* The kernel's clocksource. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clocksource.h"

#define BLANKS " \n"

static int open_in(const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Reads the file from its beginning. */
static bool read_text(int fd, char *text, size_t size)
{
	ssize_t length = fd < 0 ? -1 : pread(fd, text, size - 1, 0);

	if (length <= 0)
		return false;
	text[length] = '\0';
	return true;
}

static void read_current(const struct clocksource *c, char name[sizeof(c->name)])
{
	if (!read_text(c->current, name, sizeof(c->name)))
		*name = '\0';
	name[strcspn(name, BLANKS)] = '\0';
}

/* Returns 1, 0, or -1: not known. */
static int has_tsc(const struct clocksource *c)
{
	char sources[256], *rest = sources, *source;

	if (!read_text(c->available, sources, sizeof(sources)))
		return -1;
	while ((source = strsep(&rest, BLANKS)))
		if (!strcmp(source, "tsc"))
			return 1;
	return 0;
}

void clocksource_open(struct clocksource *c, const char *folder)
{
	*c = (struct clocksource){
		.current = open_in(folder, "current_clocksource"),
		.available = open_in(folder, "available_clocksource"),
	};
	read_current(c, c->name);
	c->had_tsc = has_tsc(c) > 0;
}

void clocksource_close(struct clocksource *c)
{
	if (c->current >= 0)
		close(c->current);
	if (c->available >= 0)
		close(c->available);
	c->current = c->available = -1;
}

const char *clocksource_changed(struct clocksource *c)
{
	char name[sizeof(c->name)];
	int tsc = has_tsc(c);
	bool lost = c->had_tsc && tsc == 0;

	read_current(c, name);
	if (tsc >= 0)
		c->had_tsc = tsc;
	c->lost_tsc |= lost;
	if (*name && strcmp(name, c->name)) {
		bool was_known = *c->name;

		strcpy(c->name, name);
		if (was_known)
			return "the kernel uses another clocksource now";
	}
	return lost ? "the kernel does not rely on the time-stamp counter any more" : NULL;
}

bool clocksource_by_counter(const struct clocksource *c)
{
	static const char *const others[] = { "acpi_pm", "hpet", "jiffies", "pit",
					      "refined-jiffies" };
	unsigned int i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(c->name, others[i]))
			return false;
	return !c->lost_tsc;
}
