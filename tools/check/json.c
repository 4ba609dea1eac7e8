// SPDX-License-Identifier: MIT
/*
 * The report as one JSON object. Its keys and codes are documented in
 * vmclock-check(1): add to them, never change them.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <json.h>

#include "config.h"
#include "check.h"
#include "tools/common.h"

/* Of dist/schema/vmclock-check.schema.json; it grows when a key changes its meaning. */
#define SCHEMA_VERSION 1

struct writer {
	bool failed; /* memory ran out: what was built is not printed */
};

static void add(struct writer *w, struct json_object *to, const char *key,
		struct json_object *value)
{
	if (!to || json_object_object_add(to, key, value)) {
		json_object_put(value);
		w->failed = true;
	}
}

static struct json_object *checked(struct writer *w, struct json_object *value)
{
	if (!value)
		w->failed = true;
	return value;
}

static void add_string(struct writer *w, struct json_object *to, const char *key, const char *value)
{
	add(w, to, key, checked(w, json_object_new_string(value)));
}

/* The facts have an empty string for "none"; JSON has null. */
static void add_optional(struct writer *w, struct json_object *to, const char *key,
			 const char *value)
{
	add(w, to, key, value && *value ? checked(w, json_object_new_string(value)) : NULL);
}

/* Some readers of JSON have no numbers above 2^53: jq before 1.7 rounds them. */
static void add_digits(struct writer *w, struct json_object *to, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	add_string(w, to, key, text);
}

static void add_integer(struct writer *w, struct json_object *to, const char *key, int64_t value)
{
	add(w, to, key, checked(w, json_object_new_int64(value)));
}

static void add_bool(struct writer *w, struct json_object *to, const char *key, bool value)
{
	add(w, to, key, checked(w, json_object_new_boolean(value)));
}

static struct json_object *add_object(struct writer *w, struct json_object *to, const char *key)
{
	struct json_object *object = checked(w, json_object_new_object());

	add(w, to, key, object);
	return object;
}

static struct json_object *add_array(struct writer *w, struct json_object *to, const char *key)
{
	struct json_object *array = checked(w, json_object_new_array());

	add(w, to, key, array);
	return array;
}

static void append(struct writer *w, struct json_object *array, struct json_object *value)
{
	if (!array || json_object_array_add(array, value)) {
		json_object_put(value);
		w->failed = true;
	}
}

static struct json_object *append_object(struct writer *w, struct json_object *array)
{
	struct json_object *object = checked(w, json_object_new_object());

	append(w, array, object);
	return object;
}

/* ---- Device, hypervisor, driver -------------------------------------------------------- */

static void add_device(struct writer *w, struct json_object *root, const struct check_device *d)
{
	static const char *const sources[] = {
		[CHECK_FROM_DEFAULT] = "default",
		[CHECK_FROM_ENVIRONMENT] = "environment",
		[CHECK_FROM_OPTION] = "option",
	};
	static const char *const kinds[] = {
		[CHECK_MISSING] = "missing", [CHECK_DEVICE] = "device",	  [CHECK_FILE] = "file",
		[CHECK_OTHER] = "other",     [CHECK_UNKNOWN] = "unknown",
	};
	struct json_object *device = add_object(w, root, "device");
	struct json_object *others;
	char path[CHECK_NAME + 8];
	size_t i;

	add_string(w, device, "path", d->shown);
	add_string(w, device, "source", sources[d->source]);
	add_string(w, device, "kind", kinds[d->kind]);
	add_optional(w, device, "name", d->name);
	others = add_array(w, device, "others");
	for (i = 0; i < d->n_others; i++) {
		snprintf(path, sizeof(path), "/dev/%s", d->others[i]);
		append(w, others, checked(w, json_object_new_string(path)));
	}
}

static void add_hypervisor(struct writer *w, struct json_object *root,
			   const struct check_hypervisor *h)
{
	struct json_object *hypervisor = add_object(w, root, "hypervisor");
	struct json_object *offers;
	size_t i;

	add_bool(w, hypervisor, "known", h->known);
	offers = add_array(w, hypervisor, "offers");
	for (i = 0; i < h->n_offers; i++) {
		struct json_object *offer = append_object(w, offers);

		add_string(w, offer, "firmware", h->offers[i].firmware);
		add_string(w, offer, "device", h->offers[i].name);
		add_optional(w, offer, "driver", h->offers[i].driver);
		add_optional(w, offer, "module", h->offers[i].module);
		add_optional(w, offer, "serves", h->offers[i].serves);
	}
}

static void add_modules(struct writer *w, struct json_object *root,
			const struct check_modules *modules)
{
	static const char *const states[] = {
		[CHECK_ABSENT] = "absent",
		[CHECK_AVAILABLE] = "available",
		[CHECK_LOADED] = "loaded",
		[CHECK_BUILTIN] = "builtin",
	};
	static const char *const obstacles[] = {
		[CHECK_NO_OBSTACLE] = "",
		[CHECK_DAMAGED] = "damaged",
		[CHECK_OTHER_KERNEL] = "other-kernel",
		[CHECK_UNSIGNED] = "unsigned",
		[CHECK_NO_SYMBOL] = "no-symbol",
	};
	struct json_object *kernel = add_object(w, root, "kernel");
	struct json_object *list = add_array(w, root, "modules");
	size_t i;

	add_string(w, kernel, "release", modules->kernel.release);
	add_bool(w, kernel, "loads_modules",
		 modules->kernel.loads_modules && !modules->kernel.locked);
	add_bool(w, kernel, "has_modules", modules->kernel.has_tree);
	add_bool(w, kernel, "signed_modules_only", *modules->kernel.signed_only);
	for (i = 0; i < modules->n; i++) {
		const struct check_module *m = &modules->list[i];
		struct json_object *module = append_object(w, list);

		add_string(w, module, "name", m->name);
		add_optional(w, module, "driver", m->driver);
		add_string(w, module, "state", states[m->state]);
		add_optional(w, module, "version", m->version);
		add_bool(w, module, "bound", m->bound);
		add_bool(w, module, "blacklisted", m->blacklisted);
		add_bool(w, module, "overridden", m->overridden);
		add_optional(w, module, "obstacle", obstacles[m->obstacle]);
	}
}

/* ---- The page ------------------------------------------------------------------------------ */

static void add_field(struct writer *w, struct json_object *page, const struct check_field *f)
{
	static const char *const invalid[] = {
		[CHECK_NO_FLAG] = "flag",
		[CHECK_NO_STATUS] = "status",
		[CHECK_OUT_OF_RANGE] = "range",
	};
	struct json_object *field = add_object(w, page, f->key);

	add(w, field, "value",
	    checked(w, f->is_signed ? json_object_new_int64((int64_t)f->value)
				    : json_object_new_uint64(f->value)));
	if (f->is_wide)
		add_digits(w, field, "string", f->value);
	if (f->is_enum)
		add_optional(w, field, "name", f->name);
	add_bool(w, field, "valid", f->validity == CHECK_VALID);
	if (f->validity != CHECK_VALID)
		add_string(w, field, "invalid_for", invalid[f->validity]);
}

static void add_page(struct writer *w, struct json_object *root, const char *key,
		     const struct check_page *p)
{
	struct json_object *page;
	size_t i;

	if (!p->have) {
		add(w, root, key, NULL);
		return;
	}
	page = add_object(w, root, key);
	for (i = 0; i < p->n_fields; i++)
		add_field(w, page, &p->fields[i]);
	add_optional(w, page, "reference_time", p->reference);
	add_optional(w, page, "reference_time_utc", p->reference_utc);
	add(w, page, "counter_frequency_hz",
	    p->frequency_hz > 0 ? checked(w, json_object_new_double(p->frequency_hz)) : NULL);
}

/* ---- This moment --------------------------------------------------------------------------- */

static void add_instant(struct writer *w, struct json_object *to, const char *key,
			const struct timespec *ts, const char *zone)
{
	const struct vmclock_instant t = { .sec = ts->tv_sec, .nsec = (uint32_t)ts->tv_nsec };
	char text[64] = "";

	check_date(text, sizeof(text), &t, zone);
	add_optional(w, to, key, text);
}

static void add_reading(struct writer *w, struct json_object *now, const char *key,
			const struct check_reading *reading, const char *zone)
{
	struct json_object *object;
	uint64_t bound;

	if (reading->error) {
		add(w, now, key, NULL);
		return;
	}
	object = add_object(w, now, key);
	add_instant(w, object, "time", &reading->time.time, zone);
	if (check_bound(reading, &bound)) {
		add_instant(w, object, "earliest", &reading->time.earliest, zone);
		add_instant(w, object, "latest", &reading->time.latest, zone);
		add(w, object, "bound_ns", checked(w, json_object_new_uint64(bound)));
	} else {
		add(w, object, "earliest", NULL);
		add(w, object, "latest", NULL);
		add(w, object, "bound_ns", NULL);
	}
}

static void add_now(struct writer *w, struct json_object *root, const struct check *c)
{
	const struct judge_guest *guest = &c->now.guest;
	struct json_object *now;
	int64_t ahead;

	if (!c->now.read) {
		add(w, root, "now", NULL);
		return;
	}
	now = add_object(w, root, "now");
	add_reading(w, now, "utc", &c->now.utc, "Z");
	add_reading(w, now, "tai", &c->now.tai, "");
	add_bool(w, now, "completed", c->now.by_vmclockd);
	if (check_best_reading(&c->now) && guest->has_clock)
		add_integer(w, now, "reference_age_ns",
			    judge_age(&check_time_page(c)->facts, guest->counter));
	else
		add(w, now, "reference_age_ns", NULL);
	add(w, now, "counter_frequency_hz",
	    guest->frequency_hz > 0 ? checked(w, json_object_new_double(guest->frequency_hz)) :
				      NULL);
	if (check_ahead(&c->now, &ahead))
		add_integer(w, now, "ahead_of_system_clock_ns", ahead);
	else
		add(w, now, "ahead_of_system_clock_ns", NULL);
	add(w, now, "max_error_ns", checked(w, json_object_new_uint64(c->max_error)));
	add(w, now, "max_age_ns", checked(w, json_object_new_uint64(c->max_age)));
}

/* ---- Judgement ----------------------------------------------------------------------------- */

static void add_usable(struct writer *w, struct json_object *root, const struct check *c)
{
	static const char *const names[] = {
		[CHECK_MARKER] = "marker",
		[CHECK_GENERATION] = "generation",
		[CHECK_NOTIFICATION] = "notification",
		[CHECK_TIME] = "time",
		[CHECK_BOUNDS] = "bounds",
	};
	struct json_object *usable = add_object(w, root, "usable");
	int use;

	for (use = 0; use < CHECK_USES; use++) {
		struct json_object *object = add_object(w, usable, names[use]);

		add_bool(w, object, "usable", c->usable[use].yes);
		add_string(w, object, "reason", c->usable[use].reason);
	}
}

static void add_problems(struct writer *w, struct json_object *root, const struct check *c)
{
	struct json_object *problems = add_array(w, root, "problems");
	size_t i;

	for (i = 0; i < c->n_problems; i++) {
		const struct check_problem *p = &c->problems[i];
		struct json_object *problem = append_object(w, problems);

		add_string(w, problem, "code", p->code);
		add_string(w, problem, "gravity",
			   p->gravity == CHECK_WARNING ? "warning" : "error");
		add_string(w, problem, "text", p->text);
		add_string(w, problem, "next_step", p->next);
	}
}

static void add_rules(struct writer *w, struct json_object *root, const struct check *c)
{
	struct json_object *rules = add_array(w, root, "rules_broken");
	size_t i;

	for (i = 0; i < c->n_findings; i++) {
		const struct judge_finding *found = &c->findings[i];
		struct json_object *object = append_object(w, rules);

		add_string(w, object, "rule", found->rule->id);
		add_string(w, object, "severity", judge_severity_name(found->rule->severity));
		add_string(w, object, "clause", found->rule->clause);
		add_string(w, object, "text", found->says);
	}
}

/* Which machine says so, and when. */
static void add_origin(struct writer *w, struct json_object *root)
{
	char name[HOST_NAME_MAX + 1] = "", printable[HOST_NAME_MAX + 1];
	struct timespec now;

	gethostname(name, sizeof(name) - 1);
	copy_printable(printable, sizeof(printable), name);
	clock_gettime(CLOCK_REALTIME, &now);
	add_string(w, root, "tool", TOOL);
	add_string(w, root, "version", PACKAGE_VERSION);
	add_integer(w, root, "schema_version", SCHEMA_VERSION);
	add_optional(w, root, "host", printable);
	add_instant(w, root, "time", &now, "Z");
}

static void add_verdict(struct writer *w, struct json_object *root, const struct check *c)
{
	static const char *const verdicts[] = {
		[CHECK_OK] = "ok",
		[CHECK_WARNING] = "warning",
		[CHECK_UNUSABLE] = "unusable",
	};

	add_string(w, root, "verdict", verdicts[c->verdict]);
	add(w, root, "exit_status", checked(w, json_object_new_int((int)c->verdict)));
	add_string(w, root, "summary", c->summary);
	add_string(w, root, "next_step", c->next);
}

int check_json(const struct check *c)
{
	struct writer w = { .failed = false };
	struct json_object *root = checked(&w, json_object_new_object());
	const char *text = NULL;

	add_origin(&w, root);
	add_verdict(&w, root, c);
	add_problems(&w, root, c);
	add_rules(&w, root, c);
	add_usable(&w, root, c);
	add_device(&w, root, &c->device);
	if (c->with_system) {
		add_hypervisor(&w, root, &c->hypervisor);
		add_modules(&w, root, &c->modules);
	} else {
		add(&w, root, "hypervisor", NULL);
		add(&w, root, "kernel", NULL);
		add(&w, root, "modules", NULL);
	}
	add_page(&w, root, "page", &c->page);
	add_page(&w, root, "completed_page", &c->completed);
	add_now(&w, root, c);

	if (!w.failed)
		text = json_object_to_json_string_ext(
			root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		puts(text);
	json_object_put(root);
	return text ? 0 : -ENOMEM;
}
