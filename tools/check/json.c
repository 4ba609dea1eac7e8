// SPDX-License-Identifier: MIT
/*
 * The report as one JSON object. Its keys and codes are documented in
 * vmclock-check(1): add to them, never change them.
 */
#include <stdio.h>

#include "check.h"
#include "tools/json.h"

/* The version of dist/schema/vmclock-check.schema.json; it grows when a key changes its meaning. */
#define SCHEMA_VERSION 1

/* ---- Device, hypervisor, driver -------------------------------------------------------- */

static void add_device(struct json_writer *w, struct json_object *root, const struct check_device *d)
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
	struct json_object *device = json_add_object(w, root, "device");
	struct json_object *others;
	char path[CHECK_NAME + 8];
	size_t i;

	json_add_string(w, device, "path", d->shown);
	json_add_string(w, device, "source", sources[d->source]);
	json_add_string(w, device, "kind", kinds[d->kind]);
	json_add_optional(w, device, "name", d->name);
	others = json_add_array(w, device, "others");
	for (i = 0; i < d->n_others; i++) {
		snprintf(path, sizeof(path), "/dev/%s", d->others[i]);
		json_append_string(w, others, path);
	}
}

static void add_hypervisor(struct json_writer *w, struct json_object *root,
			   const struct check_hypervisor *h)
{
	struct json_object *hypervisor = json_add_object(w, root, "hypervisor");
	struct json_object *offers;
	size_t i;

	json_add_bool(w, hypervisor, "known", h->known);
	offers = json_add_array(w, hypervisor, "offers");
	for (i = 0; i < h->n_offers; i++) {
		struct json_object *offer = json_append_object(w, offers);

		json_add_string(w, offer, "firmware", h->offers[i].firmware);
		json_add_string(w, offer, "device", h->offers[i].name);
		json_add_optional(w, offer, "driver", h->offers[i].driver);
		json_add_optional(w, offer, "module", h->offers[i].module);
		json_add_optional(w, offer, "serves", h->offers[i].serves);
	}
}

static void add_modules(struct json_writer *w, struct json_object *root,
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
		[CHECK_EXCLUDED] = "module-blacklist",
		[CHECK_UNSIGNED] = "unsigned",
		[CHECK_UNKNOWN_KEY] = "unknown-key",
		[CHECK_NO_SYMBOL] = "no-symbol",
	};
	struct json_object *kernel = json_add_object(w, root, "kernel");
	struct json_object *list = json_add_array(w, root, "modules");
	size_t i;

	json_add_string(w, kernel, "release", modules->kernel.release);
	json_add_bool(w, kernel, "loads_modules",
		 modules->kernel.loads_modules && !modules->kernel.locked);
	json_add_bool(w, kernel, "has_modules", modules->kernel.has_tree);
	json_add_bool(w, kernel, "signed_modules_only", *modules->kernel.signed_only);
	for (i = 0; i < modules->n; i++) {
		const struct check_module *m = &modules->list[i];
		struct json_object *module = json_append_object(w, list);

		json_add_string(w, module, "name", m->name);
		json_add_optional(w, module, "driver", m->driver);
		json_add_string(w, module, "state", states[m->state]);
		json_add_optional(w, module, "version", m->version);
		json_add_bool(w, module, "bound", m->bound);
		json_add_bool(w, module, "blacklisted", m->blacklisted);
		json_add_bool(w, module, "overridden", m->overridden);
		json_add_optional(w, module, "obstacle", obstacles[m->obstacle]);
	}
}

/* ---- The page ------------------------------------------------------------------------------ */

static void add_field(struct json_writer *w, struct json_object *page, const struct check_field *f)
{
	static const char *const invalid[] = {
		[CHECK_NO_FLAG] = "flag",
		[CHECK_NO_STATUS] = "status",
		[CHECK_OUT_OF_RANGE] = "range",
	};
	struct json_object *field = json_add_object(w, page, f->key);

	if (f->is_signed)
		json_add_integer(w, field, "value", (int64_t)f->value);
	else
		json_add_unsigned(w, field, "value", f->value);
	if (f->is_wide)
		json_add_digits(w, field, "string", f->value);
	if (f->is_enum)
		json_add_optional(w, field, "name", f->name);
	json_add_bool(w, field, "valid", f->validity == CHECK_VALID);
	if (f->validity != CHECK_VALID)
		json_add_string(w, field, "invalid_for", invalid[f->validity]);
}

static void add_frequency(struct json_writer *w, struct json_object *to, double hz)
{
	if (hz > 0)
		json_add_double(w, to, "counter_frequency_hz", hz);
	else
		json_add(w, to, "counter_frequency_hz", NULL);
}

static void add_page(struct json_writer *w, struct json_object *root, const char *key,
		     const struct check_page *p)
{
	struct json_object *page;
	size_t i;

	if (!p->have) {
		json_add(w, root, key, NULL);
		return;
	}
	page = json_add_object(w, root, key);
	for (i = 0; i < p->n_fields; i++)
		add_field(w, page, &p->fields[i]);
	json_add_optional(w, page, "reference_time", p->reference);
	json_add_optional(w, page, "reference_time_utc", p->reference_utc);
	add_frequency(w, page, p->frequency_hz);
}

/* ---- This moment --------------------------------------------------------------------------- */

static void add_instant(struct json_writer *w, struct json_object *to, const char *key,
			const struct timespec *ts, const char *zone)
{
	const struct vmclock_instant t = { .sec = ts->tv_sec, .nsec = (uint32_t)ts->tv_nsec };
	char text[64] = "";

	check_date(text, sizeof(text), &t, zone);
	json_add_optional(w, to, key, text);
}

static void add_reading(struct json_writer *w, struct json_object *now, const char *key,
			const struct check_reading *reading, const char *zone)
{
	struct json_object *object;
	uint64_t bound;

	if (reading->error) {
		json_add(w, now, key, NULL);
		return;
	}
	object = json_add_object(w, now, key);
	add_instant(w, object, "time", &reading->time.time, zone);
	if (check_bound(reading, &bound)) {
		add_instant(w, object, "earliest", &reading->time.earliest, zone);
		add_instant(w, object, "latest", &reading->time.latest, zone);
		json_add_unsigned(w, object, "bound_ns", bound);
	} else {
		json_add(w, object, "earliest", NULL);
		json_add(w, object, "latest", NULL);
		json_add(w, object, "bound_ns", NULL);
	}
}

static void add_now(struct json_writer *w, struct json_object *root, const struct check *c)
{
	const struct judge_guest *guest = &c->now.guest;
	struct json_object *now;
	int64_t ahead;

	if (!c->now.read) {
		json_add(w, root, "now", NULL);
		return;
	}
	now = json_add_object(w, root, "now");
	add_reading(w, now, "utc", &c->now.utc, "Z");
	add_reading(w, now, "tai", &c->now.tai, "");
	json_add_bool(w, now, "completed", c->now.by_vmclockd);
	if (check_best_reading(&c->now) && guest->has_clock)
		json_add_integer(w, now, "reference_age_ns",
			    judge_age(&check_time_page(c)->facts, guest->counter));
	else
		json_add(w, now, "reference_age_ns", NULL);
	add_frequency(w, now, guest->frequency_hz);
	if (guest->frequency_hz > 0)
		json_add_double(w, now, "counter_frequency_doubt", guest->frequency_doubt);
	else
		json_add(w, now, "counter_frequency_doubt", NULL);
	if (check_ahead(&c->now, &ahead))
		json_add_integer(w, now, "ahead_of_system_clock_ns", ahead);
	else
		json_add(w, now, "ahead_of_system_clock_ns", NULL);
	json_add_unsigned(w, now, "max_error_ns", c->max_error);
	json_add_unsigned(w, now, "max_age_ns", guest->max_age);
}

/* ---- Judgement ----------------------------------------------------------------------------- */

static void add_usable(struct json_writer *w, struct json_object *root, const struct check *c)
{
	static const char *const names[] = {
		[CHECK_MARKER] = "marker",
		[CHECK_GENERATION] = "generation",
		[CHECK_NOTIFICATION] = "notification",
		[CHECK_TIME] = "time",
		[CHECK_BOUNDS] = "bounds",
	};
	struct json_object *usable = json_add_object(w, root, "usable");
	int use;

	for (use = 0; use < CHECK_USES; use++) {
		struct json_object *object = json_add_object(w, usable, names[use]);

		json_add_bool(w, object, "usable", c->usable[use].yes);
		json_add_string(w, object, "reason", c->usable[use].reason);
	}
}

static void add_problems(struct json_writer *w, struct json_object *root, const struct check *c)
{
	struct json_object *problems = json_add_array(w, root, "problems");
	size_t i;

	for (i = 0; i < c->n_problems; i++) {
		const struct check_problem *p = &c->problems[i];
		struct json_object *problem = json_append_object(w, problems);

		json_add_string(w, problem, "code", p->code);
		json_add_string(w, problem, "gravity",
			   p->gravity == CHECK_WARNING ? "warning" : "error");
		json_add_string(w, problem, "text", p->text);
		json_add_string(w, problem, "next_step", p->next);
	}
}

static void add_rules(struct json_writer *w, struct json_object *root, const struct check *c)
{
	struct json_object *rules = json_add_array(w, root, "rules_broken");
	size_t i;

	for (i = 0; i < c->n_findings; i++) {
		const struct judge_finding *found = &c->findings[i];
		struct json_object *object = json_append_object(w, rules);

		json_add_string(w, object, "rule", found->rule->id);
		json_add_string(w, object, "severity", judge_severity_name(found->rule->severity));
		json_add_string(w, object, "clause", found->rule->clause);
		json_add_string(w, object, "text", found->says);
	}
}

static void add_verdict(struct json_writer *w, struct json_object *root, const struct check *c)
{
	static const char *const verdicts[] = {
		[CHECK_OK] = "ok",
		[CHECK_WARNING] = "warning",
		[CHECK_UNUSABLE] = "unusable",
	};

	json_add_string(w, root, "verdict", verdicts[c->verdict]);
	json_add_integer(w, root, "exit_status", (int)c->verdict);
	json_add_string(w, root, "summary", c->summary);
	json_add_string(w, root, "next_step", c->next);
}

int check_json(const struct check *c)
{
	struct json_writer w = { .failed = false };
	struct json_object *root = json_begin(&w, TOOL, SCHEMA_VERSION);

	add_verdict(&w, root, c);
	add_problems(&w, root, c);
	add_rules(&w, root, c);
	add_usable(&w, root, c);
	add_device(&w, root, &c->device);
	if (c->with_system) {
		add_hypervisor(&w, root, &c->hypervisor);
		add_modules(&w, root, &c->modules);
	} else {
		json_add(&w, root, "hypervisor", NULL);
		json_add(&w, root, "kernel", NULL);
		json_add(&w, root, "modules", NULL);
	}
	add_page(&w, root, "page", &c->page);
	add_page(&w, root, "completed_page", &c->completed);
	add_now(&w, root, c);
	return json_print(&w, root);
}
