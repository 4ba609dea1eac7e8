// SPDX-License-Identifier: MIT
/* Reads the page by the library, and describes its fields. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vmclock.h"

#include "calc/scale.h"
#include "check.h"
#include "common/names.h"

/* Tries of 100 ms each: no host needs a second for an update. */
#define TRIES 10

/* ---- Content that is no page ---------------------------------------------------- */

static void say_wrong(struct check_page *page, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say_wrong(struct check_page *page, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(page->wrong, sizeof(page->wrong), fmt, args);
	va_end(args);
}

static void explain_content(struct check_page *page, const struct stat *st,
			    const struct vmclock_abi *abi, size_t n)
{
	uint32_t magic = le32toh(abi->magic);
	uint32_t size = le32toh(abi->size);

	if (n < VMCLOCK_SIZE_MIN)
		say_wrong(page, "it holds %zu bytes, a page has at least %d", n, VMCLOCK_SIZE_MIN);
	else if (magic != VMCLOCK_MAGIC)
		say_wrong(page, "it begins with 0x%08" PRIx32 ", a page with 0x%08x (\"VCLK\")",
			  magic, VMCLOCK_MAGIC);
	else if (le16toh(abi->version) != VMCLOCK_PAGE_VERSION)
		say_wrong(page, "its version is %d, this tool knows version %d",
			  le16toh(abi->version), VMCLOCK_PAGE_VERSION);
	else if (size < VMCLOCK_SIZE_MIN)
		say_wrong(page, "it says that its size is %" PRIu32 " bytes, the least is %d", size,
			  VMCLOCK_SIZE_MIN);
	else if (S_ISREG(st->st_mode) && size > st->st_size)
		say_wrong(page, "it says that its size is %" PRIu32 " bytes, but the file has %jd",
			  size, (intmax_t)st->st_size);
}

/* The library cannot read the page: finds out why. */
static void find_wrong(struct check_page *page, const char *path)
{
	struct vmclock_abi abi = { 0 };
	struct stat st;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0) {
		if (S_ISDIR(st.st_mode)) {
			say_wrong(page, "it is a folder");
		} else if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode)) {
			say_wrong(page, "it is neither a character device nor a regular file");
		} else {
			n = pread(fd, &abi, sizeof(abi), 0);
			if (n >= 0)
				explain_content(page, &st, &abi, (size_t)n);
		}
	}
	close(fd);
}

/* ---- Reading -------------------------------------------------------------------- */

static uint32_t live_seq_count(const struct vmclock *vc)
{
	return le32toh(__atomic_load_n(&vmclock_page(vc)->seq_count, __ATOMIC_RELAXED));
}

/*
 * A short update is normal. An update that takes longer than readers wait is worth
 * a warning, and an update that never ends is an error.
 */
static int read_patiently(struct check_page *page, const struct vmclock *vc)
{
	uint32_t first = live_seq_count(vc);
	int ret;

	do {
		page->tries++;
		ret = vmclock_read_page(vc, &page->abi, sizeof(page->abi));
		if (live_seq_count(vc) != first)
			page->moving = true;
	} while (ret == -ETIMEDOUT && page->tries < TRIES);
	return ret;
}

/* Reads the fields that never change; these need no consistent copy of the page. */
static void read_constants(struct check_page *page, const struct vmclock *vc)
{
	const struct vmclock_abi *live = vmclock_page(vc);
	struct vmclock_abi *abi = &page->abi;

	abi->magic = __atomic_load_n(&live->magic, __ATOMIC_RELAXED);
	abi->size = __atomic_load_n(&live->size, __ATOMIC_RELAXED);
	abi->version = __atomic_load_n(&live->version, __ATOMIC_RELAXED);
	abi->counter_id = __atomic_load_n(&live->counter_id, __ATOMIC_RELAXED);
	abi->time_type = __atomic_load_n(&live->time_type, __ATOMIC_RELAXED);
	abi->seq_count = __atomic_load_n(&live->seq_count, __ATOMIC_RELAXED);
	page->have = offsetof(struct vmclock_abi, disruption_marker);
}

static bool is_pollable(const struct vmclock *vc)
{
	/* A VMClock is never writable. POLLOUT means that the driver has no .poll. */
	struct pollfd pfd = { .fd = vmclock_fd(vc), .events = POLLIN | POLLOUT };

	return poll(&pfd, 1, 0) >= 0 && !(pfd.revents & POLLOUT);
}

/* ---- Meaning --------------------------------------------------------------------- */

/* The validity of a field that depends on the status, and on @flag unless that is 0. */
static enum check_validity validity(const struct check_page *page, uint64_t flag)
{
	if (flag && !(page->snap.flags & flag))
		return CHECK_NO_FLAG;
	return judge_vouches(&page->facts) ? CHECK_VALID : CHECK_NO_STATUS;
}

static uint32_t nanoseconds(uint64_t frac_sec)
{
	return (uint32_t)(((frac_sec >> 32) * NS_PER_SEC) >> 32);
}

bool check_date(char *to, size_t size, const struct vmclock_instant *t, const char *zone)
{
	time_t seconds = (time_t)t->sec;
	char day[32];
	struct tm tm;

	if (t->sec < 0 || t->sec >= VMCLOCK_CALC_MAX_SEC || seconds != t->sec ||
	    !gmtime_r(&seconds, &tm))
		return false;
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(to, size, "%s.%09" PRIu32 "%s", day, (uint32_t)t->nsec, zone);
	return true;
}

static void find_reference(struct check_page *page)
{
	const struct vmclock_snapshot *s = &page->snap;
	struct vmclock_instant t = {
		.sec = (int64_t)s->time_sec,
		.nsec = nanoseconds(s->time_frac),
	};
	uint8_t leap;

	if (!VMCLOCK_COVERS(page->have, time_frac_sec) ||
	    (s->time_type != VMCLOCK_TIME_UTC && s->time_type != VMCLOCK_TIME_TAI))
		return;

	if (judge_vouches(&page->facts))
		check_date(page->reference, sizeof(page->reference), &t,
			   s->time_type == VMCLOCK_TIME_UTC ? "Z" : "");
	if (!vmclock_calc_to_utc(s, &t, &leap) && judge_vouches(&page->facts))
		check_date(page->reference_utc, sizeof(page->reference_utc), &t, "Z");
}

/* ---- Fields ------------------------------------------------------------------------ */

static void add_detail(struct check_field *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add_detail(struct check_field *f, const char *fmt, ...)
{
	size_t at = strlen(f->detail);
	va_list args;

	va_start(args, fmt);
	vsnprintf(f->detail + at, sizeof(f->detail) - at, fmt, args);
	va_end(args);
}

static struct check_field *add_field(struct check_page *page, const char *key, const char *label,
				     uint64_t value)
{
	struct check_field *f = &page->fields[page->n_fields++];

	f->key = key;
	f->label = label;
	f->value = value;
	return f;
}

static struct check_field *add_wide(struct check_page *page, const char *key, const char *label,
				    uint64_t value)
{
	struct check_field *f = add_field(page, key, label, value);

	f->is_wide = true;
	return f;
}

static struct check_field *add_enum(struct check_page *page, const char *key, const char *label,
				    unsigned int value, const char *name)
{
	struct check_field *f = add_field(page, key, label, value);

	f->is_enum = true;
	f->name = name;
	return f;
}

static void add_constants(struct check_page *page)
{
	const struct vmclock_abi *abi = &page->abi;
	struct check_field *f;

	f = add_field(page, "magic", "magic", le32toh(abi->magic));
	f->is_hex = true;
	add_detail(f, "\"VCLK\"");
	f = add_field(page, "size", "size", le32toh(abi->size));
	add_detail(f, "bytes");
	add_field(page, "version", "version", le16toh(abi->version));
	f = add_enum(page, "counter_id", "counter", abi->counter_id,
		     counter_id_name(abi->counter_id));
	if (abi->counter_id == VMCLOCK_COUNTER_INVALID)
		add_detail(f, "the page names none");
	add_enum(page, "time_type", "timescale", abi->time_type, time_type_name(abi->time_type));
	f = add_field(page, "seq_count", "sequence count", le32toh(abi->seq_count));
	if (f->value & 1)
		add_detail(f, "odd: an update is in progress");
}

static void add_flags(struct check_page *page)
{
	struct check_field *f = add_wide(page, "flags", "flags", page->snap.flags);
	uint64_t unknown = f->value;
	unsigned int bit;

	f->is_hex = true;
	for (bit = 0; bit < 64; bit++) {
		if (!(f->value >> bit & 1) || !flag_name(bit))
			continue;
		unknown &= ~(UINT64_C(1) << bit);
		add_detail(f, "%s%s", *f->detail ? ", " : "", flag_name(bit));
	}
	if (unknown)
		add_detail(f, "%sunknown 0x%" PRIx64, *f->detail ? ", " : "", unknown);
}

static const char *status_meaning(unsigned int status)
{
	switch (status) {
	case VMCLOCK_STATUS_UNKNOWN:
		return "the host says nothing about time";
	case VMCLOCK_STATUS_INITIALIZING:
		return "the host is still setting its clock";
	case VMCLOCK_STATUS_SYNCHRONIZED:
		return "the host's clock follows its reference";
	case VMCLOCK_STATUS_FREERUNNING:
		return "the host's clock has lost its reference; its error bounds grow";
	case VMCLOCK_STATUS_UNRELIABLE:
		return "the host says not to rely on its clock";
	default:
		return "no meaning is known";
	}
}

static void add_tai_offset(struct check_page *page)
{
	int offset = page->snap.tai_offset;
	struct check_field *f =
		add_field(page, "tai_offset_sec", "TAI offset", (uint64_t)(int64_t)offset);
	int tai_minus_utc;

	f->is_signed = true;
	add_detail(f, "s");
	if (!(page->snap.flags & VMCLOCK_FLAG_TAI_OFFSET_VALID))
		f->validity = CHECK_NO_FLAG;
	else if (vmclock_calc_tai_offset(&page->snap, &tai_minus_utc))
		f->validity = CHECK_OUT_OF_RANGE;
	else
		add_detail(f, "%s: UTC = TAI - %d s",
			   offset > 0 ? ", the sign as in version 1.0 of the specification" : "",
			   tai_minus_utc);
}

static const char *leap_meaning(unsigned int leap)
{
	switch (leap) {
	case VMCLOCK_LEAP_NONE:
		return "no leap second this month";
	case VMCLOCK_LEAP_PRE_POS:
		return "a second is inserted at the end of the month";
	case VMCLOCK_LEAP_PRE_NEG:
		return "a second is left out at the end of the month";
	case VMCLOCK_LEAP_POS:
		return "the inserted second is running";
	case VMCLOCK_LEAP_POST_POS:
		return "a second was inserted at the end of last month";
	case VMCLOCK_LEAP_POST_NEG:
		return "a second was left out at the end of last month";
	default:
		return "no meaning is known";
	}
}

static void add_status_and_leaps(struct check_page *page)
{
	const struct vmclock_abi *abi = &page->abi;
	struct check_field *f;

	if (VMCLOCK_COVERS(page->have, clock_status)) {
		f = add_enum(page, "clock_status", "clock status", abi->clock_status,
			     clock_status_name(abi->clock_status));
		add_detail(f, "%s", status_meaning(abi->clock_status));
	}
	if (VMCLOCK_COVERS(page->have, leap_second_smearing_hint))
		add_enum(page, "leap_second_smearing_hint", "smearing hint",
			 abi->leap_second_smearing_hint,
			 smearing_hint_name(abi->leap_second_smearing_hint));
	if (VMCLOCK_COVERS(page->have, tai_offset_sec))
		add_tai_offset(page);
	if (VMCLOCK_COVERS(page->have, leap_indicator)) {
		f = add_enum(page, "leap_indicator", "leap indicator", abi->leap_indicator,
			     leap_indicator_name(abi->leap_indicator));
		f->validity = validity(page, 0);
		add_detail(f, "%s", leap_meaning(abi->leap_indicator));
	}
}

/* Adds a rate, which has the unit of the period, and explains it as a share of that. */
static void add_rate(struct check_page *page, const char *key, const char *label, uint64_t rate,
		     uint64_t flag)
{
	struct check_field *f = add_wide(page, key, label, rate);
	char share[JUDGE_VALUE];

	f->validity = validity(page, flag);
	if (page->snap.period)
		add_detail(f, "= %s",
			   judge_share(share, (double)rate / (double)page->snap.period));
}

static void add_counter(struct check_page *page)
{
	const struct vmclock_abi *abi = &page->abi;
	struct check_field *f;
	char hertz[JUDGE_VALUE];

	if (VMCLOCK_COVERS(page->have, counter_period_shift))
		add_field(page, "counter_period_shift", "period shift", abi->counter_period_shift)
			->validity = validity(page, 0);
	if (VMCLOCK_COVERS(page->have, counter_value))
		add_wide(page, "counter_value", "counter value", le64toh(abi->counter_value))
			->validity = validity(page, 0);
	if (VMCLOCK_COVERS(page->have, counter_period_frac_sec)) {
		f = add_wide(page, "counter_period_frac_sec", "counter period",
			      le64toh(abi->counter_period_frac_sec));
		f->validity = validity(page, 0);
		add_detail(f, "in 1/2^%d s", 64 + abi->counter_period_shift);
		if (judge_has_possible_rate(&page->facts))
			add_detail(f, " = %.9g ns, so %.12g Hz", 1e9 / page->frequency_hz,
				   page->frequency_hz);
		else if (page->frequency_hz > 0)
			add_detail(f, ", so %s", judge_hertz(hertz, page->frequency_hz));
	}
	if (VMCLOCK_COVERS(page->have, counter_period_esterror_rate_frac_sec))
		add_rate(page, "counter_period_esterror_rate_frac_sec", "period esterror rate",
			 le64toh(abi->counter_period_esterror_rate_frac_sec),
			 VMCLOCK_FLAG_PERIOD_ESTERROR_VALID);
	if (VMCLOCK_COVERS(page->have, counter_period_maxerror_rate_frac_sec))
		add_rate(page, "counter_period_maxerror_rate_frac_sec", "period maxerror rate",
			 le64toh(abi->counter_period_maxerror_rate_frac_sec),
			 VMCLOCK_FLAG_PERIOD_MAXERROR_VALID);
}

static void add_error(struct check_page *page, const char *key, const char *label, uint64_t ns,
		      uint64_t flag)
{
	struct check_field *f = add_wide(page, key, label, ns);
	char text[JUDGE_VALUE];

	f->validity = validity(page, flag);
	add_detail(f, "ns");
	if (ns >= 1000)
		add_detail(f, " = %s", judge_duration(text, ns));
}

static void add_time(struct check_page *page)
{
	const struct vmclock_abi *abi = &page->abi;
	struct check_field *f;

	if (VMCLOCK_COVERS(page->have, time_sec)) {
		f = add_wide(page, "time_sec", "reference time", le64toh(abi->time_sec));
		f->validity = validity(page, 0);
		add_detail(f, "s");
		if (*page->reference)
			add_detail(f, " = %s%s", page->reference,
				   abi->time_type == VMCLOCK_TIME_TAI ? " TAI" : "");
		if (*page->reference_utc && strcmp(page->reference_utc, page->reference))
			add_detail(f, " = %s", page->reference_utc);
	}
	if (VMCLOCK_COVERS(page->have, time_frac_sec)) {
		f = add_wide(page, "time_frac_sec", "reference fraction",
			      le64toh(abi->time_frac_sec));
		f->validity = validity(page, 0);
		add_detail(f, "in 1/2^64 s = 0.%09" PRIu32 " s", nanoseconds(f->value));
	}
	if (VMCLOCK_COVERS(page->have, time_esterror_nanosec))
		add_error(page, "time_esterror_nanosec", "time esterror",
			  le64toh(abi->time_esterror_nanosec), VMCLOCK_FLAG_TIME_ESTERROR_VALID);
	if (VMCLOCK_COVERS(page->have, time_maxerror_nanosec))
		add_error(page, "time_maxerror_nanosec", "time maxerror",
			  le64toh(abi->time_maxerror_nanosec), VMCLOCK_FLAG_TIME_MAXERROR_VALID);
}

static void add_generation(struct check_page *page)
{
	struct check_field *f;

	if (!VMCLOCK_COVERS(page->have, vm_generation_counter))
		return;
	f = add_wide(page, "vm_generation_counter", "generation counter",
		      le64toh(page->abi.vm_generation_counter));
	if (!(page->snap.flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT))
		f->validity = CHECK_NO_FLAG;
}

static void describe(struct check_page *page)
{
	page->frequency_hz = judge_frequency(&page->facts);
	find_reference(page);

	add_constants(page);
	if (VMCLOCK_COVERS(page->have, disruption_marker))
		add_wide(page, "disruption_marker", "disruption marker",
			  le64toh(page->abi.disruption_marker));
	if (VMCLOCK_COVERS(page->have, flags))
		add_flags(page);
	add_status_and_leaps(page);
	add_counter(page);
	add_time(page);
	add_generation(page);
}

void check_read_page(struct check_page *page, const char *path, struct vmclock **vcp)
{
	struct vmclock *vc;
	uint32_t size;

	if (!page->error)
		page->error = vmclock_open(&vc, path);
	if (page->error) {
		if (page->error == -EBADMSG || page->error == -EPROTONOSUPPORT)
			find_wrong(page, path);
		*vcp = NULL;
		return;
	}

	page->error = read_patiently(page, vc);
	if (page->error) {
		read_constants(page, vc);
	} else {
		size = le32toh(page->abi.size);
		page->have = size < sizeof(page->abi) ? size : sizeof(page->abi);
	}
	judge_page_of(&page->abi, &page->facts);
	/* The size that was read, not the size in the page. */
	page->facts.s.size = (uint32_t)page->have;
	page->snap = page->facts.s;
	page->pollable = is_pollable(vc);
	*vcp = vc;
	describe(page);
}

void check_page(struct check *c)
{
	struct vmclock *vc;

	check_read_page(&c->page, c->device.path, &vc);
	if (!vc)
		return;
	if (!c->page.error)
		check_now(c, vc);
	vmclock_close(vc);
}
