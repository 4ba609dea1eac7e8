// SPDX-License-Identifier: MIT
/* A place for testing an NTP daemon's functions. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "ntpplace.h"
#include "unit.h"

/* ---- In place of clock.c --------------------------------------------------------------- */

struct clock_state shown;
int touched, unsynchronised;

int clock_look(struct clock_state *state)
{
	*state = shown;
	return 0;
}

int clock_touch(void)
{
	touched++;
	shown.real++;
	shown.lead++;
	shown.pending = 0;
	return 0;
}

int clock_unsynchronise(bool *was)
{
	unsynchronised++;
	*was = shown.synchronised;
	shown.synchronised = false;
	shown.maxerror = 16 * NS_PER_SEC;
	return 0;
}

int ntp_set_kernel_rate(struct ntp *ntp, int64_t fast)
{
	(void)ntp;
	(void)fast;
	return 0;
}

void pass(int64_t ns)
{
	shown.raw += ns;
	shown.real += ns;
	shown.maxerror += ns / 2000;
}

void step_clock(int64_t ns)
{
	shown.real += ns;
	shown.lead += ns;
}

void set_clock(int64_t step, int64_t slew, int64_t maxerror)
{
	step_clock(step);
	shown.pending = slew;
	shown.maxerror = maxerror;
	shown.synchronised = true;
}

/* ---- In place of log.c ----------------------------------------------------------------- */

char logged[256];

void say(int level, const char *fmt, ...)
{
	va_list args;

	(void)level;
	va_start(args, fmt);
	vsnprintf(logged, sizeof(logged), fmt, args);
	va_end(args);
}

/* ---- In place of programs ---------------------------------------------------------------- */

void script(const struct place *p, const char *name, const char *text)
{
	char path[96], other[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", p->folder, name);
	snprintf(other, sizeof(other), "%s.new", path);
	file = fopen(other, "w");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\necho \"$@\" >>%s.log\n%s\n", path, text);
	fclose(file);
	assert_int_equal(chmod(other, 0755), 0);
	assert_int_equal(rename(other, path), 0);
}

static char line[512];

int count(const struct place *p, const char *name)
{
	char path[96];
	int lines = 0;
	FILE *file;

	*line = '\0';
	snprintf(path, sizeof(path), "%s/%s.log", p->folder, name);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		lines++;
	if (file)
		fclose(file);
	return lines;
}

const char *last_call(const struct place *p, const char *name)
{
	count(p, name);
	return line;
}

/* ---- Before and after each test ----------------------------------------------------------- */

int place_set_up(void **state, const struct ntp_daemon *daemon)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->folder, "/tmp/vmclock.XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->busctl, sizeof(p->busctl), "%s/busctl", p->folder);
	snprintf(p->chronyc, sizeof(p->chronyc), "%s/chronyc", p->folder);
	snprintf(p->systemctl, sizeof(p->systemctl), "%s/systemctl", p->folder);
	p->config.busctl = p->busctl;
	p->config.chronyc = p->chronyc;
	p->config.systemctl = p->systemctl;
	p->ntp.config = &p->config;
	p->ntp.daemon = daemon;
	script(p, "systemctl", ":");
	shown = (struct clock_state){ .raw = 1000 * NS_PER_SEC, .real = EPOCH, .width = 100,
				      .maxerror = 16 * NS_PER_SEC };
	touched = 0;
	unsynchronised = 0;
	*logged = '\0';
	daemon->start(&p->ntp);
	*state = p;
	return 0;
}

int place_tear_down(void **state)
{
	struct place *p = *state;
	char command[128];

	p->ntp.daemon->stop(&p->ntp);
	snprintf(command, sizeof(command), "rm -r %s", p->folder);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

int place_measured(struct place *p)
{
	p->why = NULL;
	return p->ntp.daemon->measured(&p->ntp, &p->why);
}
