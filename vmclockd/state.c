// SPDX-License-Identifier: MIT
/* /run/vmclock/state. */
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"
#include "runfile.h"
#include "state.h"

_Static_assert(offsetof(struct vmclock_run_state, seq_count) ==
		       offsetof(struct vmclock_abi, seq_count),
	       "as in a page");
_Static_assert(offsetof(struct vmclock_run_state, marker) ==
		       offsetof(struct vmclock_abi, disruption_marker),
	       "as in a page");

/* Converts "01234567-89ab-..." to bytes; all zero if the kernel gives no boot ID. */
static void read_boot_id(__u8 id[16])
{
	char text[40] = "", *from = text;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	unsigned int byte;
	int i;

	if (fd >= 0) {
		if (read(fd, text, sizeof(text) - 1) < 0)
			*text = '\0';
		close(fd);
	}
	for (i = 0; i < 16; i++) {
		from += *from == '-';
		id[i] = sscanf(from, "%2x", &byte) == 1 ? (__u8)byte : 0;
		from += strnlen(from, 2);
	}
}

_Static_assert(sizeof(struct vmclock_run_state) <= VMCLOCK_RUN_STATE_COPY_SIZE &&
		       VMCLOCK_RUN_COPIES * VMCLOCK_RUN_STATE_COPY_SIZE == VMCLOCK_RUN_STATE_SIZE,
	       "the copies fill the file");

static struct vmclock_run_state *copy_of(void *live, int i)
{
	return (void *)((char *)live + (size_t)i * VMCLOCK_RUN_STATE_COPY_SIZE);
}

/* A vmclockd that was killed during an update leaves a torn copy: only its count is used. */
static bool is_whole(const struct vmclock_run_state *state, const __u8 boot_id[16])
{
	return le32toh(state->magic) == VMCLOCK_RUN_STATE_MAGIC &&
	       le32toh(state->size) == sizeof(*state) &&
	       le16toh(state->version) == VMCLOCK_RUN_STATE_VERSION &&
	       !(le32toh(state->seq_count) & 1) &&
	       !memcmp(state->boot_id, boot_id, sizeof(state->boot_id));
}

/* Returns the newer whole copy, the first if both are whole; -1: neither is. */
static int whole_copy(void *live, const __u8 boot_id[16])
{
	int i;

	for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
		if (is_whole(copy_of(live, i), boot_id))
			return i;
	return -1;
}

/* Publishes the state of the earlier vmclockd, or the first content of a new file. */
static void begin(struct state *state, void *live, int i)
{
	struct vmclock_run_state *copy = copy_of(live, i);

	publisher_begin(&state->copies[i], (struct vmclock_abi *)copy,
			(struct vmclock_abi *)&state->next, sizeof(state->next),
			le32toh(copy->seq_count));
	if (state->resumed)
		publisher_update(&state->copies[i]);
}

static void *map(struct state *state)
{
	bool made;
	void *live = runfile_map(state->folder, VMCLOCK_RUN_STATE_NAME, VMCLOCK_RUN_STATE_SIZE,
				 &made);

	runfile_note(state->folder, VMCLOCK_RUN_STATE_NAME, &state->file);
	runfile_note(state->folder, RUNFILE_LOCK, &state->lock_file);
	return live;
}

static void *open_live(struct state *state, const char *folder, bool dry_run)
{
	void *live;

	state->lock = -1;
	if (dry_run)
		return runfile_copy(folder, VMCLOCK_RUN_STATE_NAME, VMCLOCK_RUN_STATE_SIZE);
	state->lock = runfile_lock(folder);
	if (state->lock < 0)
		return NULL;
	live = map(state);
	if (!live)
		close(state->lock);
	return live;
}

/* Sets the device's name, the path's last component; no device has a name that is too long. */
static void set_device(struct vmclock_run_state *next, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	memset(next->device, 0, sizeof(next->device));
	if (strlen(name) < sizeof(next->device))
		memcpy(next->device, name, strlen(name));
}

int state_open(struct state *state, const char *folder, const char *device, bool dry_run)
{
	struct vmclock_run_state *next = &state->next;
	__u8 boot_id[sizeof(next->boot_id)];
	void *live;
	int whole, i;

	*state = (struct state){ .folder = folder };
	live = open_live(state, folder, dry_run);
	if (!live)
		return -1;
	read_boot_id(boot_id);
	whole = whole_copy(live, boot_id);
	state->resumed = whole >= 0;
	if (state->resumed)
		*next = *copy_of(live, whole);
	next->magic = htole32(VMCLOCK_RUN_STATE_MAGIC);
	next->size = htole32(sizeof(*next));
	next->version = htole16(VMCLOCK_RUN_STATE_VERSION);
	memcpy(next->boot_id, boot_id, sizeof(boot_id));
	set_device(next, device);
	/* The whole copy is written last: whenever vmclockd is killed, one copy is whole. */
	for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
		if (i != whole)
			begin(state, live, i);
	if (state->resumed)
		begin(state, live, whole);
	return 0;
}

void state_publish(struct state *state)
{
	int i;

	for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
		publisher_update(&state->copies[i]);
}

bool state_is_there(const struct state *state)
{
	return state->lock < 0 ||
	       (runfile_is_there(state->folder, VMCLOCK_RUN_STATE_NAME, &state->file) &&
		runfile_is_there(state->folder, RUNFILE_LOCK, &state->lock_file));
}

int state_make_anew(struct state *state)
{
	void *live, *former = state->copies[0].live;
	int i;

	if (!runfile_is_there(state->folder, RUNFILE_LOCK, &state->lock_file) &&
	    runfile_lock_anew(state->folder, state->lock))
		return -1;
	live = map(state);
	if (!live)
		return -1;
	for (i = 0; i < VMCLOCK_RUN_COPIES; i++)
		begin(state, live, i);
	munmap(former, VMCLOCK_RUN_STATE_SIZE);
	return 0;
}
