// SPDX-License-Identifier: MIT
/*
 * A pipe whose reader does not read, a stopped terminal or a slow disk blocks
 * write(2). So a thread for each stream writes what the simulator leaves in a
 * ring, and the simulator never waits.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "tool.h"

#define ROOM (1 << 20)
/* More than the answers to what is read from stdin at once. */
#define MUCH_ROOM (ROOM / 2)
#define CHUNK 4096
#define REPORT_MAX 8192
/* At the end: for so many seconds without progress the reader is waited for. */
#define PATIENCE 2

struct stream {
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	char *ring;
	size_t first, length;
	bool written;		/* something was */
	int error;		/* of the first write that failed; 0: none */
};

static char rings[2][ROOM];

static struct stream streams[] = {
	{
		.fd = STDOUT_FILENO,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.filled = PTHREAD_COND_INITIALIZER,
		.emptied = PTHREAD_COND_INITIALIZER,
		.ring = rings[0],
	},
	{
		.fd = STDERR_FILENO,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.filled = PTHREAD_COND_INITIALIZER,
		.emptied = PTHREAD_COND_INITIALIZER,
		.ring = rings[1],
	},
};
#define OUT (&streams[0])
#define ERR (&streams[1])

static bool started;

/* ---- Writing ------------------------------------------------------------------------------- */

/* Returns 0, or an errno. */
static int write_some(struct stream *s, const char *bytes, size_t *length)
{
	struct pollfd fd = { .fd = s->fd, .events = POLLOUT };
	ssize_t n;

	while ((n = write(s->fd, bytes, *length)) < 0) {
		/* Whoever made the descriptor may have made it so that it does not block. */
		if (errno == EAGAIN)
			poll(&fd, 1, -1);
		else if (errno != EINTR)
			return errno;
	}
	*length = (size_t)n;
	return 0;
}

/* The next bytes of the ring, which are in one piece. */
static size_t peek(struct stream *s, char bytes[CHUNK])
{
	size_t length = s->length < CHUNK ? s->length : CHUNK;

	if (length > ROOM - s->first)
		length = ROOM - s->first;
	memcpy(bytes, s->ring + s->first, length);
	return length;
}

/* Notes the result of a write. True: it is the first failure. */
static bool note(struct stream *s, size_t length, int error)
{
	bool first = error && !s->error;

	if (first)
		s->error = error;
	s->written = s->written || !error;
	s->first = (s->first + length) % ROOM;
	s->length -= length;
	pthread_cond_signal(&s->emptied);
	return first;
}

static void *write_all(void *stream)
{
	struct stream *s = stream;
	char bytes[CHUNK];

	pthread_mutex_lock(&s->lock);
	for (;;) {
		size_t length;
		int error;
		bool first, written;

		while (!s->length)
			pthread_cond_wait(&s->filled, &s->lock);
		length = peek(s, bytes);
		pthread_mutex_unlock(&s->lock);
		error = write_some(s, bytes, &length);
		pthread_mutex_lock(&s->lock);
		first = note(s, length, error);
		written = s->written;
		if (!first || s != OUT)
			continue;
		pthread_mutex_unlock(&s->lock);
		sim_report("cannot write the output: %s%s", strerror(error),
			   written ? "; the page goes on" : "");
		pthread_mutex_lock(&s->lock);
	}
	return NULL;
}

int sim_output_start(void)
{
	pthread_t thread;
	size_t i;

	for (i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		int error = pthread_create(&thread, NULL, write_all, &streams[i]);

		if (error) {
			fprintf(stderr, TOOL ": cannot start a thread: %s\n", strerror(error));
			return -1;
		}
		pthread_detach(thread);
	}
	started = true;
	return 0;
}

/* ---- Leaving text -------------------------------------------------------------------------- */

static bool put(struct stream *s, const char *text)
{
	size_t length = strlen(text), i;
	bool fits;

	pthread_mutex_lock(&s->lock);
	fits = length <= ROOM - s->length;
	for (i = 0; fits && i < length; i++)
		s->ring[(s->first + s->length++) % ROOM] = text[i];
	pthread_cond_signal(&s->filled);
	pthread_mutex_unlock(&s->lock);
	return fits;
}

bool sim_print(const char *text)
{
	return put(OUT, text);
}

void sim_report(const char *fmt, ...)
{
	char line[REPORT_MAX] = TOOL ": ";
	size_t at = strlen(line);
	va_list args;

	va_start(args, fmt);
	vsnprintf(line + at, sizeof(line) - at - 1, fmt, args);
	va_end(args);
	strcat(line, "\n");
	if (started)
		put(ERR, line);
	else
		fputs(line, stderr);
}

bool sim_output_has_room(void)
{
	bool has;

	pthread_mutex_lock(&OUT->lock);
	has = ROOM - OUT->length >= MUCH_ROOM;
	pthread_mutex_unlock(&OUT->lock);
	return has;
}

bool sim_output_is_void(void)
{
	bool is;

	pthread_mutex_lock(&OUT->lock);
	is = OUT->error && !OUT->written;
	pthread_mutex_unlock(&OUT->lock);
	return is;
}

/* ---- The end ------------------------------------------------------------------------------- */

/* Returns how many bytes nobody has read. */
static size_t drain(struct stream *s)
{
	struct timespec limit;
	size_t length, before = 0;

	pthread_mutex_lock(&s->lock);
	while (s->length && s->length != before) {
		before = s->length;
		clock_gettime(CLOCK_REALTIME, &limit);
		limit.tv_sec += PATIENCE;
		while (s->length == before &&
		       pthread_cond_timedwait(&s->emptied, &s->lock, &limit) != ETIMEDOUT)
			;
	}
	length = s->length;
	pthread_mutex_unlock(&s->lock);
	return length;
}

int sim_output_end(void)
{
	size_t lost;

	if (!started)
		return 0;
	lost = drain(OUT);
	if (lost)
		sim_report("the output was not read: %zu bytes are lost", lost);
	drain(ERR);
	return lost || OUT->error ? -1 : 0;
}
