// SPDX-License-Identifier: MIT
/* /run/vmclock/state. */
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
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

/* "01234567-89ab-..." to bytes; all zero where the kernel does not tell. */
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

static bool is_whole(const struct vmclock_run_state *state)
{
	return le32toh(state->magic) == VMCLOCK_RUN_STATE_MAGIC &&
	       le32toh(state->size) == sizeof(*state) &&
	       le16toh(state->version) == VMCLOCK_RUN_STATE_VERSION;
}

static struct vmclock_run_state *open_live(struct state *state, const char *folder, bool dry_run)
{
	void *live;
	bool made;

	state->lock = -1;
	if (dry_run)
		return runfile_copy(folder, VMCLOCK_RUN_STATE_NAME, VMCLOCK_RUN_STATE_SIZE);
	state->lock = runfile_lock(folder);
	if (state->lock < 0)
		return NULL;
	live = runfile_map(folder, VMCLOCK_RUN_STATE_NAME, VMCLOCK_RUN_STATE_SIZE, &made);
	if (!live)
		close(state->lock);
	return live;
}

int state_open(struct state *state, const char *folder, bool dry_run)
{
	struct vmclock_run_state *live, *next = &state->next;
	__u8 boot_id[sizeof(next->boot_id)];

	*state = (struct state){ 0 };
	live = open_live(state, folder, dry_run);
	if (!live)
		return -1;
	read_boot_id(boot_id);
	/* Killed in mid-write it may be torn: then it is not taken over, but for its count. */
	state->resumed = is_whole(live) && !(le32toh(live->seq_count) & 1) &&
			 !memcmp(live->boot_id, boot_id, sizeof(boot_id));
	if (state->resumed)
		*next = *live;
	next->magic = htole32(VMCLOCK_RUN_STATE_MAGIC);
	next->size = htole32(sizeof(*next));
	next->version = htole16(VMCLOCK_RUN_STATE_VERSION);
	memcpy(next->boot_id, boot_id, sizeof(boot_id));
	publisher_begin(&state->publisher, (struct vmclock_abi *)live, (struct vmclock_abi *)next,
			sizeof(*next), le32toh(live->seq_count));
	return 0;
}

void state_publish(struct state *state)
{
	publisher_update(&state->publisher);
}
