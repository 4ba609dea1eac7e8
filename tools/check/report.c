// SPDX-License-Identifier: MIT
/* The report in plain words. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

#define LABEL_WIDTH 24
#define COLUMN_WIDTH 26
#define WIDTH	    100

static void section(const char *name)
{
	printf("%s%s\n", strcmp(name, "Device") ? "\n" : "", name);
}

/* Wraps the text; each line begins below the first word. */
static void print_words(const char *text)
{
	size_t column = 2 + LABEL_WIDTH;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column > 2 + LABEL_WIDTH) {
			if (column + 1 + word > WIDTH) {
				printf("\n%*s", 2 + LABEL_WIDTH, "");
				column = 2 + LABEL_WIDTH;
			} else {
				putchar(' ');
				column++;
			}
		}
		printf("%.*s", (int)word, text);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void row(const char *label, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void row(const char *label, const char *fmt, ...)
{
	char text[PATH_MAX + CHECK_TEXT];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (strlen(label) < LABEL_WIDTH)
		printf("  %-*s", LABEL_WIDTH, label);
	else
		printf("  %s\n%*s", label, 2 + LABEL_WIDTH, "");
	print_words(text);
}

/* ---- Device, hypervisor, driver ------------------------------------------------------ */

static void report_device(const struct check *c)
{
	static const char *const sources[] = {
		[CHECK_FROM_DEFAULT] = "",
		[CHECK_FROM_ENVIRONMENT] = " (from $VMCLOCK_PATH)",
		[CHECK_FROM_OPTION] = "",
	};
	static const char *const kinds[] = {
		[CHECK_MISSING] = "missing",
		[CHECK_DEVICE] = "device",
		[CHECK_FILE] = "page file",
		[CHECK_OTHER] = "neither device nor file",
		[CHECK_UNKNOWN] = "cannot be examined",
	};
	const struct check_device *d = &c->device;
	size_t i;

	section("Device");
	row("path", "%s%s", d->shown, sources[d->source]);
	if (d->known_mode)
		row("kind", "%s, mode %04o", kinds[d->kind], d->mode);
	else
		row("kind", "%s", kinds[d->kind]);
	for (i = 0; i < d->n_others; i++)
		row(i ? "" : "not checked", "/dev/%s", d->others[i]);
}

static const char *no_system(const struct check *c)
{
	return c->device.kind == CHECK_FILE ? "this is a page file" : "this is no device";
}

static void report_hypervisor(const struct check *c)
{
	const struct check_hypervisor *h = &c->hypervisor;
	size_t i;

	section("Hypervisor");
	if (!c->with_system)
		row("VMClock", "not looked at: %s", no_system(c));
	else if (!h->known)
		row("VMClock", "unknown: /sys is missing");
	else if (!h->n_offers)
		row("VMClock", "not offered, neither by ACPI nor by device tree");

	for (i = 0; i < h->n_offers; i++) {
		const struct check_offer *o = &h->offers[i];

		if (*o->driver)
			row(i ? "" : "VMClock", "offered (%s %s); driver %s serves it as %s",
			    o->firmware, o->name, o->driver,
			    *o->serves ? o->serves : "no device node");
		else
			row(i ? "" : "VMClock", "offered (%s %s); no driver serves it", o->firmware,
			    o->name);
	}
}

static void report_module(const struct check_module *m)
{
	static const char *const states[] = {
		[CHECK_ABSENT] = "not there",
		[CHECK_AVAILABLE] = "installed, not loaded",
		[CHECK_LOADED] = "loaded",
		[CHECK_BUILTIN] = "built into the kernel",
	};

	static const char *const obstacles[] = {
		[CHECK_NO_OBSTACLE] = "",
		[CHECK_DAMAGED] = ", damaged",
		[CHECK_OTHER_KERNEL] = ", built for another kernel: ",
		[CHECK_EXCLUDED] = ", excluded by module_blacklist= at boot",
		[CHECK_UNSIGNED] = ", not signed",
		[CHECK_UNKNOWN_KEY] = ", signed with an unknown key: ",
		[CHECK_NO_SYMBOL] = ", needs what the kernel does not have: ",
	};

	row(m->name, "%s%s%s%s%s%s%s%s (%s)", states[m->state], *m->version ? ", version " : "",
	    m->version, m->bound ? ", serves the device" : "",
	    obstacles[m->obstacle], m->obstacle ? m->lacks : "",
	    m->blacklisted ? ", blacklisted in modprobe.d" : "",
	    m->overridden ? ", its loading is replaced in modprobe.d" : "", m->origin);
}

static const char *about_modules(const struct check_kernel *k)
{
	if (!k->loads_modules)
		return ", cannot load modules";
	if (k->locked)
		return ", loading of modules is locked";
	if (!k->has_tree)
		return ", has no modules installed here";
	return *k->signed_only ? ", takes signed modules only" : "";
}

static void report_modules(const struct check *c)
{
	const struct check_kernel *k = &c->modules.kernel;
	size_t i;

	section("Driver");
	if (!c->with_system) {
		row("module", "not looked at: %s", no_system(c));
		return;
	}
	row("kernel", "%s%s", k->release, about_modules(k));
	for (i = 0; i < c->modules.n; i++)
		report_module(&c->modules.list[i]);
}

/* ---- The page ---------------------------------------------------------------------------- */

static void print_value(const struct check_field *f, char *to, size_t size)
{
	if (f->is_enum)
		snprintf(to, size, "%" PRIu64 " = %s", f->value, f->name ? f->name : "unassigned");
	else if (f->is_signed)
		snprintf(to, size, "%" PRId64, (int64_t)f->value);
	else if (f->is_hex)
		snprintf(to, size, "0x%" PRIx64, f->value);
	else
		snprintf(to, size, "%" PRIu64, f->value);
}

static void report_field(const struct check_field *f)
{
	static const char *const invalid[] = {
		[CHECK_NO_FLAG] = "without its flag",
		[CHECK_NO_STATUS] = "in this clock status",
		[CHECK_OUT_OF_RANGE] = "outside 10 to 100",
	};
	char value[64];

	print_value(f, value, sizeof(value));
	if (f->validity != CHECK_VALID)
		row(f->label, "not valid %s (%s)", invalid[f->validity], value);
	else if (f->is_enum && *f->detail)
		row(f->label, "%s: %s", value, f->detail);
	else
		row(f->label, "%s %s", value, f->detail);
}

static void report_page(const struct check *c)
{
	size_t i;

	section("Page");
	if (!c->page.have)
		row("contents", "not read");
	for (i = 0; i < c->page.n_fields; i++)
		report_field(&c->page.fields[i]);
	if (c->page.error && c->page.have)
		row("the rest", "not read: an update is in progress");
}

/* A value alone; in parentheses: not valid. */
static void print_column(const struct check_field *f, char *to, size_t size)
{
	char value[64];

	print_value(f, value, sizeof(value));
	snprintf(to, size, f->validity == CHECK_VALID ? "%s" : "(%s)", value);
}

/* The host's page beside the one that vmclockd completes. */
static void report_completed(const struct check *c)
{
	char host[80], completed[80];
	size_t i, k;

	if (!c->completed.have)
		return;
	section("Completed page");
	printf("  %-*s%-*s%s\n", LABEL_WIDTH, "", COLUMN_WIDTH, "the host's", "vmclockd's");
	for (i = 0; i < c->completed.n_fields; i++) {
		const struct check_field *f = &c->completed.fields[i];

		*host = '\0';
		for (k = 0; k < c->page.n_fields; k++)
			if (!strcmp(c->page.fields[k].key, f->key))
				print_column(&c->page.fields[k], host, sizeof(host));
		print_column(f, completed, sizeof(completed));
		printf("  %-*s%-*s%s\n", LABEL_WIDTH, f->label, COLUMN_WIDTH, host, completed);
	}
}

/* ---- This moment --------------------------------------------------------------------------- */

static void report_time(const char *label, const struct check_reading *reading, const char *zone)
{
	const struct vmclock_instant t = { .sec = reading->time.time.tv_sec,
					   .nsec = (uint32_t)reading->time.time.tv_nsec };
	char bound[JUDGE_VALUE], text[64];
	uint64_t ns;

	if (reading->error)
		return;
	if (!check_date(text, sizeof(text), &t, zone))
		snprintf(text, sizeof(text), "%" PRId64 " s", (int64_t)t.sec);
	if (check_bound(reading, &ns))
		row(label, "%s, \302\261%s", text, judge_duration(bound, ns));
	else
		row(label, "%s, without bounds", text);
}

static void report_counter(const struct check *c)
{
	const struct judge_guest *guest = &c->now.guest;
	char here[JUDGE_VALUE], page[JUDGE_VALUE], within[JUDGE_VALUE];

	if (guest->counter_id == VMCLOCK_COUNTER_INVALID)
		row("counter", "not steady on this machine");
	else if (!(guest->frequency_hz > 0))
		row("counter", "its rate could not be measured");
	else if (check_time_page(c)->frequency_hz > 0)
		row("counter", "%s here, within %s, and %s by the page",
		    judge_hertz(here, guest->frequency_hz),
		    judge_share(within, guest->frequency_doubt),
		    judge_hertz(page, check_time_page(c)->frequency_hz));
	else
		row("counter", "%s here, within %s", judge_hertz(here, guest->frequency_hz),
		    judge_share(within, guest->frequency_doubt));
}

static void report_now(const struct check *c)
{
	const struct judge_page *page = &check_time_page(c)->facts;
	char text[JUDGE_VALUE];
	int64_t ns;

	if (!c->now.read)
		return;
	section("Now");
	if (!check_best_reading(&c->now))
		row("time", "none");
	report_time("UTC", &c->now.utc, "Z");
	report_time("TAI", &c->now.tai, "");
	if (check_best_reading(&c->now) && c->now.guest.has_clock) {
		ns = judge_age(page, c->now.guest.counter);
		row("reference", ns < 0 ? "%s ahead of the counter" : "%s old",
		    judge_duration(text, ns < 0 ? -(uint64_t)ns : (uint64_t)ns));
	}
	if (check_ahead(&c->now, &ns))
		row("system clock", "%s %s the page",
		    judge_duration(text, ns < 0 ? -(uint64_t)ns : (uint64_t)ns),
		    ns < 0 ? "ahead of" : "behind");
	report_counter(c);
}

/* ---- Judgement ----------------------------------------------------------------------------- */

static void report_usable(const struct check *c)
{
	static const char *const names[] = {
		[CHECK_MARKER] = "disruption marker",
		[CHECK_GENERATION] = "generation counter",
		[CHECK_NOTIFICATION] = "notification",
		[CHECK_TIME] = "time",
		[CHECK_BOUNDS] = "error bounds",
	};
	int use;

	section("Usable");
	if (!c->page.have || c->page.error) {
		row("nothing", "%s", c->usable[CHECK_MARKER].reason);
		return;
	}
	for (use = 0; use < CHECK_USES; use++)
		row(names[use], "%s: %s", c->usable[use].yes ? "yes" : "no", c->usable[use].reason);
}

/* For authors of hypervisors. */
static void report_advice(const struct check *c)
{
	bool any = false;
	size_t i;

	for (i = 0; i < c->n_findings; i++) {
		if (c->findings[i].rule->severity != JUDGE_ADVICE)
			continue;
		if (!any)
			section("Advice");
		any = true;
		row(c->findings[i].rule->id, "%s", c->findings[i].says);
	}
}

static void report_verdict(const struct check *c)
{
	static const char *const verdicts[] = {
		[CHECK_OK] = "OK",
		[CHECK_WARNING] = "WARNING",
		[CHECK_UNUSABLE] = "NOT USABLE",
	};
	size_t i;

	/* The first problem is the verdict, which is printed last. */
	if (c->n_problems > 1)
		section("Also");
	for (i = 1; i < c->n_problems; i++) {
		row(c->problems[i].code, "%s", c->problems[i].text);
		row("", "next: %s", c->problems[i].next);
	}

	report_advice(c);

	/* Do not wrap these two: scripts grep for them. */
	printf("\n%s: %s\nNext: %s\n", verdicts[c->verdict], c->summary, c->next);
}

void check_report(const struct check *c)
{
	report_device(c);
	report_hypervisor(c);
	report_modules(c);
	report_page(c);
	report_completed(c);
	report_now(c);
	report_usable(c);
	report_verdict(c);
}
