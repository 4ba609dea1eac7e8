// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "common/program.h"
#include "json.h"

void json_add(struct json_writer *w, struct json_object *to, const char *key,
	      struct json_object *value)
{
	if (!to || json_object_object_add(to, key, value)) {
		json_object_put(value);
		w->failed = true;
	}
}

static struct json_object *checked(struct json_writer *w, struct json_object *value)
{
	if (!value)
		w->failed = true;
	return value;
}

void json_add_string(struct json_writer *w, struct json_object *to, const char *key,
		     const char *value)
{
	json_add(w, to, key, checked(w, json_object_new_string(value)));
}

void json_add_optional(struct json_writer *w, struct json_object *to, const char *key,
		       const char *value)
{
	if (value && *value)
		json_add_string(w, to, key, value);
	else
		json_add(w, to, key, NULL);
}

void json_add_digits(struct json_writer *w, struct json_object *to, const char *key,
		     uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	json_add_string(w, to, key, text);
}

void json_add_integer(struct json_writer *w, struct json_object *to, const char *key,
		      int64_t value)
{
	json_add(w, to, key, checked(w, json_object_new_int64(value)));
}

void json_add_unsigned(struct json_writer *w, struct json_object *to, const char *key,
		       uint64_t value)
{
	json_add(w, to, key, checked(w, json_object_new_uint64(value)));
}

void json_add_double(struct json_writer *w, struct json_object *to, const char *key, double value)
{
	json_add(w, to, key, checked(w, json_object_new_double(value)));
}

void json_add_bool(struct json_writer *w, struct json_object *to, const char *key, bool value)
{
	json_add(w, to, key, checked(w, json_object_new_boolean(value)));
}

struct json_object *json_add_object(struct json_writer *w, struct json_object *to, const char *key)
{
	struct json_object *object = checked(w, json_object_new_object());

	json_add(w, to, key, object);
	return object;
}

struct json_object *json_add_array(struct json_writer *w, struct json_object *to, const char *key)
{
	struct json_object *array = checked(w, json_object_new_array());

	json_add(w, to, key, array);
	return array;
}

static void append(struct json_writer *w, struct json_object *array, struct json_object *value)
{
	if (!array || json_object_array_add(array, value)) {
		json_object_put(value);
		w->failed = true;
	}
}

void json_append_string(struct json_writer *w, struct json_object *array, const char *value)
{
	append(w, array, checked(w, json_object_new_string(value)));
}

struct json_object *json_append_object(struct json_writer *w, struct json_object *array)
{
	struct json_object *object = checked(w, json_object_new_object());

	append(w, array, object);
	return object;
}

/* ---- The whole --------------------------------------------------------------------- */

static void add_time(struct json_writer *w, struct json_object *root)
{
	char text[64] = "";
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		snprintf(text + 19, sizeof(text) - 19, ".%09ldZ", now.tv_nsec);
	json_add_optional(w, root, "time", text);
}

struct json_object *json_begin(struct json_writer *w, const char *tool, int schema_version)
{
	struct json_object *root = checked(w, json_object_new_object());
	char name[HOST_NAME_MAX + 1] = "", printable[HOST_NAME_MAX + 1];

	/* It leaves a name that is too long without an end. */
	gethostname(name, sizeof(name) - 1);
	copy_printable(printable, sizeof(printable), name);
	json_add_string(w, root, "tool", tool);
	json_add_string(w, root, "version", PACKAGE_VERSION);
	json_add_integer(w, root, "schema_version", schema_version);
	json_add_optional(w, root, "host", printable);
	add_time(w, root);
	return root;
}

int json_print(struct json_writer *w, struct json_object *root)
{
	const char *text = NULL;

	if (!w->failed)
		text = json_object_to_json_string_ext(
			root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		puts(text);
	json_object_put(root);
	return text ? 0 : -ENOMEM;
}
