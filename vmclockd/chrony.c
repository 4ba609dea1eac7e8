// SPDX-License-Identifier: MIT
/* chronyd, by a long-lived chronyc. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "chrony.h"
#include "clocks.h"

#define FIELDS_MAX	16
#define TRACKING_FIELDS 14
#define SOURCE_FIELDS	10
#define ACTIVITY_FIELDS 5
#define SOURCES_MAX	1024
/* chronyc is killed if it takes longer to end. */
#define END_NS		NS_PER_SEC

/* ---- The process ------------------------------------------------------------------- */

/*
 * Does not wait for the end of chronyc. SIGTERM first: if chronyc is killed, its own
 * socket stays in chronyd's folder.
 */
static void end(struct chrony *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->length = 0;
	if (!c->pid)
		return;
	leftovers_end(&c->ended, c->pid, END_NS);
	c->pid = 0;
}

void chrony_init(struct chrony *c, const char *path, int timeout, int interrupt)
{
	*c = (struct chrony){
		.path = path, .timeout = timeout, .interrupt = interrupt, .fd = -1,
	};
}

/*
 * From 4.8 on, chronyc gives up root, unless its option -u says otherwise. This takes
 * capabilities that vmclockd does not have.
 */
static void set_arguments(const struct chrony *c, const char **arguments)
{
	*arguments++ = "chronyc";
	if (!c->knows_no_user) {
		*arguments++ = "-u";
		*arguments++ = "root";
	}
	*arguments++ = "-n";
	*arguments++ = "-c";
	if (c->socket) {
		*arguments++ = "-h";
		*arguments++ = c->socket;
	}
	*arguments = NULL;
}

int chrony_start(struct chrony *c)
{
	const char *argv[8];
	struct program program = {
		.path = c->path, .argv = (char *const *)argv, .envp = program_plain_environment,
		/* SIGKILL would leave chronyc's socket behind. */
		.last_signal = SIGTERM,
	};
	int pair[2], i;
	pid_t pid;

	leftovers_reap(&c->ended, false);
	if (c->pid)
		return 0;
	if (access(c->path, X_OK) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	set_arguments(c, argv);
	for (i = 0; i < 3; i++)
		program.fds[i] = pair[1];
	pid = program_start(&program);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return pid;
	}
	c->pid = pid;
	c->fd = pair[0];
	c->answer[0] = '\0';
	return 0;
}

void chrony_stop(struct chrony *c)
{
	end(c);
	leftovers_reap(&c->ended, true);
}

/* ---- Lines to and from chronyc ------------------------------------------------------- */

static int64_t now_ms(void)
{
	return monotonic_now() / NS_PER_MS;
}

/* Waits until chronyc writes something. An interrupt is reported first. */
static int wait_for(const struct chrony *c, int64_t deadline)
{
	struct pollfd fds[] = {
		{ .fd = c->fd, .events = POLLIN },
		{ .fd = c->interrupt, .events = POLLIN | POLLPRI },
	};
	int64_t left;
	int ret;

	do {
		left = deadline - now_ms();
		ret = poll(fds, 2, left > 0 ? (int)left : 0);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	if (fds[1].revents)
		return -ECANCELED;
	return ret ? 0 : -ETIMEDOUT;
}

static int receive(struct chrony *c)
{
	ssize_t got;

	do {
		got = recv(c->fd, c->buffer + c->length, sizeof(c->buffer) - c->length,
			   MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? 0 : -EPIPE;
	if (!got)
		return -EPIPE;
	c->length += (size_t)got;
	return 0;
}

static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

/* Moves @length bytes to c->answer, and drops the newline behind them. */
static int take_line(struct chrony *c, size_t length)
{
	int ret = 0;
	size_t i;

	memcpy(c->answer, c->buffer, length);
	c->answer[length] = '\0';
	for (i = 0; i < length; i++) {
		if (is_printable(c->answer[i]))
			continue;
		c->answer[i] = '?';
		ret = -EBADMSG;
	}
	c->length -= length + 1;
	memmove(c->buffer, c->buffer + length + 1, c->length);
	return ret;
}

/* Reads the next line to c->answer. */
static int read_line(struct chrony *c, int64_t deadline)
{
	char *end_of_line;
	int ret;

	while (!(end_of_line = memchr(c->buffer, '\n', c->length))) {
		if (c->length == sizeof(c->buffer))
			return -EBADMSG;
		ret = wait_for(c, deadline) ?: receive(c);
		if (ret)
			return ret;
	}
	return take_line(c, (size_t)(end_of_line - c->buffer));
}

static bool is_interrupted(const struct chrony *c)
{
	struct pollfd fd = { .fd = c->interrupt, .events = POLLIN | POLLPRI };

	return poll(&fd, 1, 0) > 0;
}

/* False if chronyc has written something unasked, or has ended. */
static bool is_quiet(const struct chrony *c)
{
	struct pollfd fd = { .fd = c->fd, .events = POLLIN };

	return !c->length && poll(&fd, 1, 0) == 0;
}

static int send_text(struct chrony *c, const char *text)
{
	size_t length = strlen(text);
	ssize_t sent;
	int ret;

	if (c->pid && !is_quiet(c))
		end(c);
	ret = chrony_start(c);
	if (ret)
		return ret;
	do {
		sent = send(c->fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	/* chronyc has ended, and its output may give the reason. */
	if (sent < 0 && errno == EPIPE)
		return 0;
	/* The socket has room for one command, unless chronyc has stopped reading. */
	return sent == (ssize_t)length ? 0 : -EPIPE;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), part = strlen(end);

	return length >= part && !strcmp(text + length - part, end);
}

/* The words of getopt() about -u, in glibc and musl. A script may call chronyc by another name. */
static bool is_unknown_option(const char *answer)
{
	return ends_with(answer, ": invalid option -- 'u'") ||
	       ends_with(answer, ": unrecognized option: u");
}

/* Each command may be answered by one of these errors. */
static int refusal(const char *answer)
{
	static const struct {
		const char *text;
		int error;
	} known[] = {
		{ "501 Not authorised", -EPERM },
		{ "506 Cannot talk to daemon", -ECONNREFUSED },
		{ "Could not open connection to daemon", -ECONNREFUSED },
		{ "Unrecognized command", -EOPNOTSUPP },
	};
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(answer, known[i].text))
			return known[i].error;
	if (is_unknown_option(answer))
		return -EBADMSG;
	if (answer[0] == '5' && strspn(answer, "0123456789") == 3 && answer[3] == ' ')
		return -EREMOTEIO;
	return 0;
}

bool chrony_was_refused(int error)
{
	return error == -EPERM || error == -EOPNOTSUPP || error == -EREMOTEIO;
}

/*
 * May chronyd have been restarted since this chronyc was started? Then chronyc still
 * uses the old socket, or UDP, where chronyd refuses changes.
 */
static bool may_be_stale(int error)
{
	return error == -ECONNREFUSED || error == -EPERM;
}

/*
 * May the next chronyc have an answer where this one had an error? If this one does not
 * know -u, the next one goes without; after other failures it gets -u, for chronyc may
 * have been updated.
 */
static bool another_may_do(struct chrony *c, pid_t before, int error)
{
	if (error == -EBADMSG || error == -EPIPE)
		c->knows_no_user = is_unknown_option(c->answer);
	return (error == -EBADMSG && c->knows_no_user) || (before && may_be_stale(error));
}

static int ask_once(struct chrony *c, const char *text, int64_t deadline)
{
	int ret = send_text(c, text) ?: read_line(c, deadline);

	ret = ret ?: refusal(c->answer);
	if (!ret && c->length)
		ret = -EBADMSG;
	if (ret && (!chrony_was_refused(ret) || may_be_stale(ret)))
		end(c);
	return ret;
}

/* Sends a command that is answered by one line. */
static int ask(struct chrony *c, const char *text)
{
	int64_t deadline = now_ms() + c->timeout;
	pid_t before = c->pid;
	int ret;

	if (is_interrupted(c))
		return -ECANCELED;
	ret = ask_once(c, text, deadline);
	if (another_may_do(c, before, ret))
		ret = ask_once(c, text, deadline);
	return ret;
}

const char *chrony_reason(int error)
{
	switch (error) {
	case -ENOENT:
	case -EACCES:
		return "chronyc is not where the configuration says: install chrony, or correct the key chronyc";
	case -ETIMEDOUT:
		return "chronyd, or chronyc, does not answer in time";
	case -ECONNREFUSED:
		return "chronyc cannot talk to chronyd: does it run, is its socket the one of chronyd_socket, and may this user open it?";
	case -EPERM:
		return "chronyd does not take commands from here: chronyc needs its socket (chronyd_socket), and root or its user";
	case -EOPNOTSUPP:
		return "this chronyc is older than 4.0";
	case -EPIPE:
		return "chronyc has ended without an answer";
	case -EBADMSG:
		return "vmclockd does not understand chronyc's answer";
	case -EREMOTEIO:
		return "chronyd answers with an error";
	default:
		return "chronyc cannot be run now";
	}
}

/* ---- Commands ------------------------------------------------------------------------ */

static int misunderstood(struct chrony *c)
{
	c->knows_no_user = false;
	end(c);
	return -EBADMSG;
}

int chrony_tracking(struct chrony *c, struct report *report)
{
	int ret = ask(c, "tracking\n");

	if (ret)
		return ret;
	ret = chrony_parse_tracking(c->answer, report);
	return ret ? misunderstood(c) : 0;
}

int chrony_command(struct chrony *c, const char *command)
{
	char text[CHRONY_LINE];
	const char *s;
	int length, ret;

	for (s = command; *s; s++)
		if (!is_printable(*s))
			return -EINVAL;
	length = snprintf(text, sizeof(text), "%s\n", command);
	if (length < 2 || length >= (int)sizeof(text))
		return -EINVAL;
	ret = ask(c, text);
	if (ret || !strcmp(c->answer, "200 OK"))
		return ret;
	return misunderstood(c);
}

/* The list of sources has no end of its own: the answer to `activity` marks it. */
static int read_sources(struct chrony *c, struct chrony_sources *sources, int64_t deadline)
{
	int i, ret;

	*sources = (struct chrony_sources){ 0 };
	ret = send_text(c, "sources\nactivity\n");
	for (i = 0; !ret && i < SOURCES_MAX; i++) {
		ret = read_line(c, deadline) ?: refusal(c->answer);
		if (ret)
			break;
		if (!chrony_parse_activity(c->answer, sources)) {
			if (!c->length)
				return 0;
			break;
		}
		ret = chrony_parse_source(c->answer);
		if (ret < 0)
			break;
		sources->selected |= ret;
		ret = 0;
	}
	ret = ret ?: -EBADMSG;
	end(c);
	return ret;
}

int chrony_sources(struct chrony *c, struct chrony_sources *sources)
{
	int64_t deadline = now_ms() + c->timeout;
	struct chrony_sources found;
	pid_t before = c->pid;
	int ret;

	if (is_interrupted(c))
		return -ECANCELED;
	ret = read_sources(c, &found, deadline);
	if (another_may_do(c, before, ret))
		ret = read_sources(c, &found, deadline);
	if (!ret)
		*sources = found;
	return ret;
}

int chrony_selected_source(struct chrony *c)
{
	struct chrony_sources sources;

	return chrony_sources(c, &sources) ?: sources.selected;
}

/* ---- Parsing --------------------------------------------------------------------------- */

struct fields {
	char text[CHRONY_LINE];
	char *field[FIELDS_MAX];
};

/* Splits a line at its commas; false unless it is printable and has @count fields. */
static bool split(const char *line, struct fields *f, int count)
{
	char *s = f->text;
	int i;

	if (strlen(line) >= sizeof(f->text))
		return false;
	strcpy(f->text, line);
	for (i = 0; f->text[i]; i++)
		if (!is_printable(f->text[i]))
			return false;
	for (i = 0; s && i < count; i++)
		f->field[i] = strsep(&s, ",");
	return i == count && !s;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool add_digit(int64_t *number, int base, int digit)
{
	return !__builtin_mul_overflow(*number, base, number) &&
	       !__builtin_add_overflow(*number, digit, number);
}

/* "-12.034" in units of 10^-decimals; further digits are cut off. */
static bool parse_decimal(const char *s, int decimals, int64_t *number)
{
	bool negative = *s == '-';

	s += *s == '-' || *s == '+';
	if (!is_digit(*s))
		return false;
	for (*number = 0; is_digit(*s); s++)
		if (!add_digit(number, 10, *s - '0'))
			return false;
	if (*s++ != '.' || !is_digit(*s))
		return false;
	for (; decimals > 0; decimals--) {
		if (!add_digit(number, 10, is_digit(*s) ? *s - '0' : 0))
			return false;
		s += is_digit(*s);
	}
	while (is_digit(*s))
		s++;
	*number = negative ? -*number : *number;
	return !*s;
}

static int digit_of(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : 16;
}

/* Digits only, below 2^32. */
static bool parse_unsigned(const char *s, int base, uint32_t *number)
{
	int64_t value = 0;

	if (!*s)
		return false;
	for (; *s; s++)
		if (digit_of(*s) >= base || !add_digit(&value, base, digit_of(*s)) ||
		    value > UINT32_MAX)
			return false;
	*number = (uint32_t)value;
	return true;
}

static bool parse_leap(const char *s, enum report_leap *leap)
{
	static const char *const names[] = {
		[REPORT_LEAP_UNKNOWN] = "Not synchronised",
		[REPORT_LEAP_NONE] = "Normal",
		[REPORT_LEAP_INSERT] = "Insert second",
		[REPORT_LEAP_DELETE] = "Delete second",
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(s, names[i]))
			continue;
		*leap = (enum report_leap)i;
		return true;
	}
	return false;
}

/*
 * Reference ID, its name, stratum, time of the last measurement, system time,
 * last offset, RMS offset, frequency, residual frequency, skew, root delay,
 * root dispersion, update interval, leap status. The system time is positive
 * where the clock is slow, the last offset and the frequency where it is fast.
 */
int chrony_parse_tracking(const char *line, struct report *report)
{
	struct report r = { 0 };
	struct fields f;
	int64_t unused, reference, fast;

	if (!split(line, &f, TRACKING_FIELDS) || strlen(f.field[0]) != 8 ||
	    !parse_unsigned(f.field[0], 16, &r.refid) ||
	    !parse_unsigned(f.field[2], 10, &r.stratum) ||
	    !parse_decimal(f.field[3], 9, &reference) ||
	    !parse_decimal(f.field[4], 9, &r.offset) ||
	    !parse_decimal(f.field[5], 9, &fast) ||
	    !parse_decimal(f.field[6], 9, &unused) ||
	    !parse_decimal(f.field[7], 3, &r.frequency) ||
	    !parse_decimal(f.field[8], 3, &r.residual) ||
	    !parse_decimal(f.field[9], 3, &r.skew) ||
	    !parse_decimal(f.field[10], 9, &r.root_delay) ||
	    !parse_decimal(f.field[11], 9, &r.root_dispersion) ||
	    !parse_decimal(f.field[12], 1, &unused) || !parse_leap(f.field[13], &r.leap))
		return -EBADMSG;
	r.corrected = -fast;
	r.reference = reference / NS_PER_SEC;
	r.reference_ns = (int32_t)(reference % NS_PER_SEC);
	*report = r;
	return 0;
}

static bool is_one_of(const char *s, const char *characters)
{
	return s[0] && !s[1] && strchr(characters, s[0]);
}

/* Mode, state, name, stratum, poll, reach in octal, last measurement, and three offsets. */
int chrony_parse_source(const char *line)
{
	struct fields f;
	uint32_t reach, unused;
	int64_t offset;

	if (!split(line, &f, SOURCE_FIELDS) || !is_one_of(f.field[0], "^=#") ||
	    !is_one_of(f.field[1], "*+-?x~") || !parse_unsigned(f.field[3], 10, &unused) ||
	    !parse_unsigned(f.field[5], 8, &reach) || reach > 0377 ||
	    !parse_unsigned(f.field[6], 10, &unused) || !parse_decimal(f.field[7], 9, &offset) ||
	    !parse_decimal(f.field[8], 9, &offset) || !parse_decimal(f.field[9], 9, &offset))
		return -EBADMSG;
	return f.field[1][0] == '*' && reach;
}

/* Online, offline, in a burst and then online, and then offline, unresolved. */
int chrony_parse_activity(const char *line, struct chrony_sources *sources)
{
	struct chrony_sources s = *sources;
	struct fields f;

	if (!split(line, &f, ACTIVITY_FIELDS) || !parse_unsigned(f.field[0], 10, &s.online) ||
	    !parse_unsigned(f.field[1], 10, &s.offline) ||
	    !parse_unsigned(f.field[2], 10, &s.burst_online) ||
	    !parse_unsigned(f.field[3], 10, &s.burst_offline) ||
	    !parse_unsigned(f.field[4], 10, &s.unresolved))
		return -EBADMSG;
	*sources = s;
	return 0;
}
