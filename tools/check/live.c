// SPDX-License-Identifier: MIT
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "common/number.h"
#include "lib/run-layout.h"
#include "live.h"

/* How often, and how soon, to read a file again that vmclockd is writing. */
#define TRIES	 5
#define AGAIN_NS 1000000

int live_open(struct live *live, const char *option)
{
	static struct check c;
	int ret;

	*live = (struct live){ 0 };
	c.root = "";
	check_device(&c, option);
	snprintf(live->path, sizeof(live->path), "%s", c.device.path);
	metrics_name(&live->metrics, c.device.path);
	run_files_of(&c.device, &live->run);
	ret = c.page.error ? c.page.error : vmclock_open(&live->vc, live->path);
	if (ret)
		live->vc = NULL;
	return ret;
}

void live_close(struct live *live)
{
	vmclock_close(live->vc);
	live->vc = NULL;
}

/* ---- The state of vmclockd ------------------------------------------------------------- */

static bool is_state(const struct vmclock_run_state *state)
{
	return le32toh(state->magic) == VMCLOCK_RUN_STATE_MAGIC &&
	       le16toh(state->version) == VMCLOCK_RUN_STATE_VERSION &&
	       le32toh(state->size) >= sizeof(*state);
}

/* If the copy mixes two updates, the sequence count has changed when it is read again. */
static bool read_copy(int fd, off_t from, struct vmclock_run_state *state)
{
	struct vmclock_run_state again;

	return pread(fd, state, sizeof(*state), from) == sizeof(*state) &&
	       pread(fd, &again, sizeof(again), from) == sizeof(again) && is_state(state) &&
	       !(le32toh(state->seq_count) & 1) && state->seq_count == again.seq_count;
}

static bool read_copies(int fd, struct vmclock_run_state *state)
{
	const struct timespec rest = { .tv_nsec = AGAIN_NS };
	int tries, i;

	for (tries = 0; tries < TRIES; tries++) {
		for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
			if (read_copy(fd, (off_t)i * VMCLOCK_RUN_STATE_COPY_SIZE, state))
				return true;
		nanosleep(&rest, NULL);
	}
	return false;
}

/* Trusts a file as the library does. If the library says that vmclockd runs, it has checked it. */
static bool is_believed(const struct live *live, int fd)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size != VMCLOCK_RUN_STATE_SIZE ||
	    st.st_mode & (S_IWGRP | S_IWOTH))
		return false;
	return live->metrics.running || !st.st_uid || (live->run.own && st.st_uid == geteuid());
}

static bool read_state(struct live *live)
{
	struct vmclock_run_state *state = &live->metrics.state;
	char path[PATH_MAX + 8];
	bool read;
	int fd;

	/* vmclockd keeps a completed page only for the device that it serves. */
	if (!*live->run.completed || access(live->run.completed, F_OK))
		return false;
	snprintf(path, sizeof(path), "%s/%s", live->run.folder, VMCLOCK_RUN_STATE_NAME);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	read = is_believed(live, fd) && read_copies(fd, state);
	close(fd);
	return read;
}

/* Do not wait in vmclock_system_wait_trusted(): it is called to find files newer than the handle. */
static int ask(const struct vmclock *vc)
{
	const struct timespec none = { 0 }, rest = { .tv_nsec = AGAIN_NS };
	uint64_t marker;
	int ret, tries;

	/* If the answer is not yes, vmclock_system_trusted() says why. */
	if (!vmclock_system_wait_trusted(vc, &none))
		return 0;
	for (tries = 0; tries < TRIES; tries++) {
		ret = vmclock_system_trusted(vc, &marker);
		if (ret != -EAGAIN)
			break;
		nanosleep(&rest, NULL);
	}
	return ret;
}

static uint8_t trust_of(int answer)
{
	switch (answer) {
	case 0:
		return VMCLOCK_RUN_TRUSTED;
	case -ESTALE:
		return VMCLOCK_RUN_DISRUPTED;
	default:
		return VMCLOCK_RUN_UNKNOWN;
	}
}

int live_look(struct live *live)
{
	struct metrics *m = &live->metrics;
	int answer = live->vc ? ask(live->vc) : -ENOENT;

	/* Other answers mean that vmclockd has not renewed its file in time. */
	m->running = answer == 0 || answer == -ESTALE || answer == -EAGAIN || answer == -ETIMEDOUT;
	m->trust = trust_of(answer);
	m->has_state = read_state(live);
	return metrics_look(m, live->vc, live->run.completed);
}
