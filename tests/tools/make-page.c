// SPDX-License-Identifier: MIT
/*
 * Writes a page file for tests:
 *
 *	make-page FILE [FIELD=VALUE]...
 *
 * Fields bear the names of the specification; what is not named is as in a
 * marker-only page of 4096 bytes. Values are numbers, as strtoll(3) and
 * strtoull(3) take them. Two more names: length=N, the length of the file,
 * which may cut the page short; and in-place=1, to change the named fields of
 * a file that exists, and nothing else.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmclock-abi.h"

#define LENGTH_MAX 65536

struct field {
	const char *name;
	size_t offset;
	size_t width;
};

#define FIELD(field)								\
	{									\
		#field, offsetof(struct vmclock_abi, field),			\
		sizeof(((struct vmclock_abi *)NULL)->field)			\
	}

static const struct field fields[] = {
	FIELD(magic),
	FIELD(size),
	FIELD(version),
	FIELD(counter_id),
	FIELD(time_type),
	FIELD(seq_count),
	FIELD(disruption_marker),
	FIELD(flags),
	FIELD(clock_status),
	FIELD(leap_second_smearing_hint),
	FIELD(tai_offset_sec),
	FIELD(leap_indicator),
	FIELD(counter_period_shift),
	FIELD(counter_value),
	FIELD(counter_period_frac_sec),
	FIELD(counter_period_esterror_rate_frac_sec),
	FIELD(counter_period_maxerror_rate_frac_sec),
	FIELD(time_sec),
	FIELD(time_frac_sec),
	FIELD(time_esterror_nanosec),
	FIELD(time_maxerror_nanosec),
	FIELD(vm_generation_counter),
};

struct file {
	unsigned char bytes[LENGTH_MAX];
	size_t length;
	bool in_place;
};

static void set_field(struct file *file, const struct field *field, uint64_t value)
{
	uint64_t little = htole64(value);

	memcpy(file->bytes + field->offset, &little, field->width);
}

static int set_word(struct file *file, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : 0;
	uint64_t value;
	char *end;
	size_t i;

	if (!equals)
		return -1;
	errno = 0;
	value = equals[1] == '-' ? (uint64_t)strtoll(equals + 1, &end, 0) :
				   strtoull(equals + 1, &end, 0);
	if (errno || end == equals + 1 || *end)
		return -1;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strlen(fields[i].name) == length && !strncmp(word, fields[i].name, length)) {
			set_field(file, &fields[i], value);
			return 0;
		}
	}
	if (!strncmp(word, "length=", 7) && value <= LENGTH_MAX)
		file->length = value;
	else if (!strncmp(word, "in-place=", 9))
		file->in_place = value;
	else
		return -1;
	return 0;
}

static void set_marker_only(struct file *file)
{
	struct vmclock_abi page = {
		.magic = htole32(VMCLOCK_MAGIC),
		.size = htole32(4096),
		.version = htole16(VMCLOCK_PAGE_VERSION),
		.counter_id = VMCLOCK_COUNTER_INVALID,
		.time_type = VMCLOCK_TIME_TAI,
		.disruption_marker = htole64(1),
	};

	memcpy(file->bytes, &page, sizeof(page));
	file->length = 4096;
}

/* The content that in-place=1 starts from. */
static int load(struct file *file, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, file->bytes, sizeof(file->bytes));
	close(fd);
	if (n < 0)
		return -1;
	file->length = (size_t)n;
	return 0;
}

static int store(const struct file *file, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (file->in_place ? 0 : O_TRUNC), 0644);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, file->bytes, file->length);
	if (close(fd))
		return -1;
	return n == (ssize_t)file->length ? 0 : -1;
}

int main(int argc, char **argv)
{
	static struct file file;
	int i;

	if (argc < 2) {
		fprintf(stderr, "usage: make-page FILE [FIELD=VALUE]...\n");
		return 2;
	}
	set_marker_only(&file);
	for (i = 2; i < argc; i++) {
		if (strcmp(argv[i], "in-place=1") == 0 && load(&file, argv[1])) {
			fprintf(stderr, "make-page: %s: %s\n", argv[1], strerror(errno));
			return 1;
		}
		if (set_word(&file, argv[i])) {
			fprintf(stderr, "make-page: what is '%s'?\n", argv[i]);
			return 2;
		}
	}
	if (store(&file, argv[1])) {
		fprintf(stderr, "make-page: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	return 0;
}
