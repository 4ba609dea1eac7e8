// SPDX-License-Identifier: MIT
/*
 * Writes a page file for tests:
 *
 *	make-page FILE [FIELD=VALUE]...
 *
 * Fields have the names of the specification, and pad is `reserved'; other fields are as in a
 * marker-only page of 4096 bytes. Values are numbers in the form of strtoll(3) and strtoull(3).
 * More names: length=N, the length of the file, which may cut the page short; in-place=1, to
 * change only the named fields of an existing file; and ago=SECONDS, to fill in this CPU's
 * counter and its period, and the system's time of that long ago, as a host would: in TAI, or in
 * UTC if time_type=0 comes before. Later words override earlier ones.
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
#include <time.h>
#include <unistd.h>

#include "../counter.h"
#include "vmclock-abi.h"

#define LENGTH_MAX    65536
#define TAI_MINUS_UTC 37	/* since 2017 */

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
	{ "reserved", offsetof(struct vmclock_abi, pad), sizeof(((struct vmclock_abi *)NULL)->pad) },
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

static const struct field *field_named(const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strlen(fields[i].name) == length && !strncmp(name, fields[i].name, length))
			return &fields[i];
	return NULL;
}

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

static void set_named(struct file *file, const char *name, uint64_t value)
{
	set_field(file, field_named(name, strlen(name)), value);
}

/* Measured by CLOCK_MONOTONIC_RAW, in 50 ms. */
static long double ticks_per_second(void)
{
	const struct timespec rest = { .tv_nsec = 50000000 };
	struct timespec begin, end;
	uint64_t first, last;

	clock_gettime(CLOCK_MONOTONIC_RAW, &begin);
	first = read_counter();
	nanosleep(&rest, NULL);
	clock_gettime(CLOCK_MONOTONIC_RAW, &end);
	last = read_counter();
	return (long double)(last - first) /
	       ((long double)(end.tv_sec - begin.tv_sec) + (end.tv_nsec - begin.tv_nsec) / 1e9L);
}

static void set_clock(struct file *file, int64_t ago)
{
	bool is_utc = file->bytes[offsetof(struct vmclock_abi, time_type)] == VMCLOCK_TIME_UTC;
	long double rate = ticks_per_second(), period = 18446744073709551616.0L / rate;
	struct timespec now;
	uint64_t counter;
	uint64_t shift = 0;

	while (period < 9223372036854775808.0L) {
		period *= 2;
		shift++;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	counter = read_counter();
	set_named(file, "counter_period_shift", shift);
	set_named(file, "counter_period_frac_sec", (uint64_t)period);
	set_named(file, "counter_value", counter - (uint64_t)((long double)ago * rate));
	set_named(file, "time_sec", (uint64_t)(now.tv_sec - ago + (is_utc ? 0 : TAI_MINUS_UTC)));
	set_named(file, "time_frac_sec",
		  (uint64_t)((unsigned __int128)now.tv_nsec * ((unsigned __int128)1 << 64) / 1000000000));
}

static int set_word(struct file *file, const char *word)
{
	const struct field *field;
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : 0;
	uint64_t value;
	char *end;

	if (!equals)
		return -1;
	errno = 0;
	value = equals[1] == '-' ? (uint64_t)strtoll(equals + 1, &end, 0) :
				   strtoull(equals + 1, &end, 0);
	if (errno || end == equals + 1 || *end)
		return -1;

	field = field_named(word, length);
	if (field)
		set_field(file, field, value);
	else if (!strncmp(word, "length=", 7) && value <= LENGTH_MAX)
		file->length = value;
	else if (!strncmp(word, "in-place=", 9))
		file->in_place = value;
	else if (!strncmp(word, "ago=", 4))
		set_clock(file, (int64_t)value);
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
