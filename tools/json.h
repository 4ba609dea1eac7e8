/* SPDX-License-Identifier: MIT */
/* Building one JSON object with json-c. When memory runs out, nothing of it is printed. */
#ifndef VMCLOCK_TOOLS_JSON_H
#define VMCLOCK_TOOLS_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <json.h>

struct json_writer {
	bool failed;
};

/* The object that each report is: tool, version, schema version, host, and time of the report. */
struct json_object *json_begin(struct json_writer *w, const char *tool, int schema_version);
/* Prints it, and frees it. Returns 0 or -ENOMEM. */
int json_print(struct json_writer *w, struct json_object *root);

/* NULL: null. */
void json_add(struct json_writer *w, struct json_object *to, const char *key,
	      struct json_object *value);
void json_add_string(struct json_writer *w, struct json_object *to, const char *key,
		     const char *value);
/* The facts have an empty string for "none"; JSON has null. */
void json_add_optional(struct json_writer *w, struct json_object *to, const char *key,
		       const char *value);
/* Some readers of JSON have no numbers above 2^53: jq before 1.7 rounds them. */
void json_add_digits(struct json_writer *w, struct json_object *to, const char *key,
		     uint64_t value);
void json_add_integer(struct json_writer *w, struct json_object *to, const char *key,
		      int64_t value);
void json_add_unsigned(struct json_writer *w, struct json_object *to, const char *key,
		       uint64_t value);
void json_add_double(struct json_writer *w, struct json_object *to, const char *key, double value);
void json_add_bool(struct json_writer *w, struct json_object *to, const char *key, bool value);
struct json_object *json_add_object(struct json_writer *w, struct json_object *to,
				    const char *key);
struct json_object *json_add_array(struct json_writer *w, struct json_object *to, const char *key);
void json_append_string(struct json_writer *w, struct json_object *array, const char *value);
struct json_object *json_append_object(struct json_writer *w, struct json_object *array);

#endif /* VMCLOCK_TOOLS_JSON_H */
