// SPDX-License-Identifier: MIT
/* Leap seconds: the list, and what follows from it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "calc/leap.h"
#include "leaps.h"

/* Times in the list count from 1900. */
#define NTP_EPOCH	INT64_C(2208988800)
#define TAI_1972	10
#define HALF_A_DAY	43200
#define A_DAY		INT64_C(86400)
#define NEAR_NS		INT64_C(5000000000)

/* Reads a number of at most 12 digits. The caller refuses a further digit behind it. */
static const char *parse_number(const char *s, int64_t *number)
{
	const char *start = s;

	for (*number = 0; *s >= '0' && *s <= '9' && s - start < 12; s++)
		*number = *number * 10 + (*s - '0');
	return s > start ? s : NULL;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t\r");
}

struct parser {
	struct leaps *leaps;
	int64_t offset;		/* TAI - UTC */
	int64_t since;		/* of the line before */
	bool ended;		/* the line with the hash, which is the last one */
};

/* "#@ 3991766400": the list expires then. */
static int parse_expiry(const char *s, struct parser *p)
{
	int64_t ntp;

	s = parse_number(skip_blanks(s), &ntp);
	if (!s || *skip_blanks(s) || ntp <= NTP_EPOCH || p->leaps->expires)
		return -EINVAL;
	p->leaps->expires = ntp - NTP_EPOCH;
	return 0;
}

/* "3692217600 37 # 1 Jan 2017": TAI - UTC from then on. The first line is no leap second. */
static int add_offset(struct parser *p, int64_t at, int64_t offset)
{
	struct leaps *leaps = p->leaps;
	int64_t sign = offset - p->offset, first = !p->offset;

	if (at <= p->since || vmclock_calc_month_start(at, 0) != at)
		return -EINVAL;
	p->since = at;
	p->offset = offset;
	if (first && offset == TAI_1972)
		return 0;
	if ((sign != 1 && sign != -1) || leaps->count == LEAPS_MAX)
		return -EINVAL;
	leaps->leap[leaps->count++] = (struct leap){ .at = at, .sign = (int)sign };
	return 0;
}

static int parse_offset(const char *s, struct parser *p)
{
	int64_t ntp, offset;

	s = parse_number(s, &ntp);
	if (!s || (*s != ' ' && *s != '\t'))
		return -EINVAL;
	s = parse_number(skip_blanks(s), &offset);
	if (!s || (*skip_blanks(s) && *skip_blanks(s) != '#'))
		return -EINVAL;
	return add_offset(p, ntp - NTP_EPOCH, offset);
}

static int parse_line(const char *line, struct parser *p)
{
	line = skip_blanks(line);
	if (!strncmp(line, "#@", 2))
		return parse_expiry(line + 2, p);
	if (!strncmp(line, "#h", 2))
		p->ended = true;
	if (!*line || *line == '#')
		return 0;
	return p->ended ? -EINVAL : parse_offset(line, p);
}

static int parse_lines(const char *text, struct leaps *leaps)
{
	struct parser p = { .leaps = leaps };
	char line[256];
	size_t length;

	for (; *text; text += length + !!text[length]) {
		length = strcspn(text, "\n");
		/* The comments are prose, and may be long. */
		if (length >= sizeof(line) && *text != '#')
			return -EINVAL;
		if (length >= sizeof(line))
			continue;
		memcpy(line, text, length);
		line[length] = '\0';
		if (parse_line(line, &p))
			return -EINVAL;
	}
	/* A list without its end may lack the newest leap seconds. */
	return p.ended && leaps->count && leaps->expires > p.since ? 0 : -EINVAL;
}

int leaps_parse(const char *text, struct leaps *leaps)
{
	int ret;

	memset(leaps, 0, sizeof(*leaps));
	ret = parse_lines(text, leaps);
	if (ret)
		memset(leaps, 0, sizeof(*leaps));
	return ret;
}

/* Reads the whole file, about 6 KiB, and ends it by NUL. */
static int read_text(int fd, char *text, size_t size)
{
	size_t length = 0;
	ssize_t got;

	do {
		got = read(fd, text + length, size - length);
		if (got < 0 && errno != EINTR)
			return -errno;
		length += got > 0 ? (size_t)got : 0;
		if (length == size)
			return -EINVAL;
	} while (got);
	text[length] = '\0';
	return memchr(text, '\0', length) ? -EINVAL : 0;
}

int leaps_read(const char *path, struct leaps *leaps)
{
	char text[65536];
	int fd, ret;

	memset(leaps, 0, sizeof(*leaps));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	ret = read_text(fd, text, sizeof(text));
	close(fd);
	return ret ?: leaps_parse(text, leaps);
}

bool leaps_complete(const struct leaps *leaps, int64_t sec)
{
	return leaps && sec <= leaps->expires;
}

int leaps_sign(const struct leaps *leaps, int64_t at)
{
	size_t i;

	if (!leaps_complete(leaps, at))
		return 0;
	for (i = 0; i < leaps->count; i++)
		if (leaps->leap[i].at == at)
			return leaps->leap[i].sign;
	return 0;
}

/* Is a leap second listed there? Without a list: does January or July begin, so that one may be? */
static bool may_leap(const struct leaps *leaps, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	if (leaps_complete(leaps, at))
		return leaps_sign(leaps, at);
	return !gmtime_r(&t, &tm) || tm.tm_mon == 0 || tm.tm_mon == 6;
}

const char *leaps_refusal(const struct leaps *leaps, int64_t sec, int announced, bool smears)
{
	int64_t month, end;
	int listed;

	if (sec < 0 || sec >= VMCLOCK_CALC_MAX_SEC - 366 * A_DAY)
		return "the time is before 1970 or after 9998";
	month = vmclock_calc_month_start(sec, 0);
	end = vmclock_calc_month_start(sec, 1);
	listed = leaps_sign(leaps, end);

	if (announced && !leaps_complete(leaps, end))
		return "a leap second is announced, and there is no leap-seconds.list in force "
		       "to confirm it";
	if (announced && announced != listed)
		return "a leap second is announced, but leap-seconds.list does not have it";
	if (!announced && listed && end - sec <= HALF_A_DAY && !smears)
		return "leap-seconds.list has a leap second that is not announced";
	if (smears && ((end - sec <= A_DAY && may_leap(leaps, end)) ||
		       (sec - month <= A_DAY && may_leap(leaps, month))))
		return "a leap second is within a day, and the time servers smear it";
	return NULL;
}

int64_t leaps_month_end(int64_t sec)
{
	return vmclock_calc_month_start(sec, 1);
}

bool leaps_may_be_smeared(const struct leaps *leaps, int64_t sec, int64_t announced)
{
	int64_t month = vmclock_calc_month_start(sec, 0);

	return sec - month <= A_DAY && month != announced && leaps_sign(leaps, month);
}

static int64_t floor_sec(int64_t ns)
{
	return ns / NS_PER_SEC - (ns % NS_PER_SEC < 0);
}

bool leaps_near(int64_t a, int64_t b)
{
	int64_t first = floor_sec(a < b ? a : b), last = floor_sec(a < b ? b : a) + 1;
	const int64_t near = NEAR_NS / NS_PER_SEC;

	if (first < near || last >= VMCLOCK_CALC_MAX_SEC - A_DAY)
		return true;
	return vmclock_calc_month_start(first - near, 1) <= last + near;
}

bool leaps_since(const struct leaps *leaps, int64_t then, int64_t sec)
{
	int64_t month = vmclock_calc_month_start(sec, 0);

	return then < month && may_leap(leaps, month);
}

int64_t leaps_known_until(const struct leaps *leaps, int64_t sec)
{
	int64_t end = vmclock_calc_month_start(sec, 1);

	return !leaps_complete(leaps, end) && may_leap(leaps, end) ? end : 0;
}

static uint8_t indicator(int sign, uint8_t positive, uint8_t negative)
{
	if (sign > 0)
		return positive;
	return sign < 0 ? negative : VMCLOCK_LEAP_NONE;
}

uint8_t leaps_indicator(const struct leaps *leaps, int64_t sec, int announced)
{
	int next = leaps_sign(leaps, vmclock_calc_month_start(sec, 1));
	int last = leaps_sign(leaps, vmclock_calc_month_start(sec, 0));

	if (next || announced)
		return indicator(next ?: announced, VMCLOCK_LEAP_PRE_POS, VMCLOCK_LEAP_PRE_NEG);
	return indicator(last, VMCLOCK_LEAP_POST_POS, VMCLOCK_LEAP_POST_NEG);
}
