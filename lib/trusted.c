// SPDX-License-Identifier: MIT
/* Is the system clock vouched for, and waiting until it is. */
#include "monotonic.h"
#include "run.h"

/* Between two looks: soon at first, for a reaction takes milliseconds. */
#define FIRST_NS	INT64_C(20000000)
#define SLICE_NS	INT64_C(100000000)

struct word {
	uint64_t marker;
	uint64_t generation;
	uint64_t valid_until;
	uint8_t trust;
};

/* As of a page: magic, size and version never change once they are there. */
static bool is_right(const struct vmclock_run_state *state)
{
	uint32_t size = page_u32(state->size);

	return page_u32(state->magic) == VMCLOCK_RUN_STATE_MAGIC &&
	       page_u16(state->version) == VMCLOCK_RUN_STATE_VERSION &&
	       size >= sizeof(*state) && size <= VMCLOCK_RUN_STATE_COPY_SIZE;
}

static const struct vmclock_run_state *copy_of(const struct vmclock_run_state *state,
					       unsigned int number)
{
	return (const void *)((const char *)state + (size_t)number * VMCLOCK_RUN_STATE_COPY_SIZE);
}

/*
 * From the copy that is whole now. -ENOENT: nobody's word; -EAGAIN: both are
 * being written, or their writers died.
 */
static int read_word(const struct vmclock *vc, struct word *word)
{
	const struct vmclock_run_state *state = run_state(vc), *copy;
	unsigned int looks = 0;
	uint32_t seq;
	bool right;

	if (!state || !(is_right(state) || is_right(copy_of(state, 1))))
		return -ENOENT;
	do {
		if (looks == RUN_LOOKS)
			return -EAGAIN;
		if (looks && looks % VMCLOCK_RUN_COPIES == 0)
			cpu_relax();
		copy = copy_of(state, looks++ % VMCLOCK_RUN_COPIES);
		seq = count_try(&copy->seq_count);
		word->trust = page_u8(copy->trust);
		word->marker = page_u64(copy->marker);
		word->generation = page_u64(copy->generation);
		word->valid_until = page_u64(copy->valid_until);
		right = is_right(copy);
	} while (!count_held(&copy->seq_count, seq) || !right);
	return 0;
}

VMCLOCK_PUBLIC
int vmclock_trusted(const struct vmclock *vc, uint64_t *marker)
{
	struct word word;
	int64_t now;
	int ret;

	ret = read_word(vc, &word);
	if (!ret)
		ret = monotonic_ns(&now);
	if (ret)
		return ret;
	/* Neither over, nor by the clock of another boot or time namespace. */
	if (word.valid_until - (uint64_t)now > VMCLOCK_RUN_VALID_MAX)
		return -ENOENT;
	if (word.trust != VMCLOCK_RUN_TRUSTED)
		return word.trust == VMCLOCK_RUN_DISRUPTED ? -ESTALE : -EAGAIN;

	ret = vmclock_check_current(vc, word.marker, &word.generation);
	if (!ret)
		*marker = word.marker;
	return ret;
}

/* 0: trusted; -EAGAIN: that may still come. */
static int look(const struct vmclock *vc)
{
	uint64_t marker;
	int ret;

	vmclock_run_pick_up(vc);
	/* Not spinning for a host that holds its count. */
	if (section_try(vc->page) & 1)
		return -EAGAIN;
	ret = vmclock_trusted(vc, &marker);
	return ret == -ESTALE || ret == -ENOENT || ret == -ETIMEDOUT ? -EAGAIN : ret;
}

VMCLOCK_PUBLIC
int vmclock_wait_trusted(const struct vmclock *vc, const struct timespec *timeout)
{
	int64_t deadline, now, left, pause;
	int ret;

	if (timeout && !vmclock_is_timeout(timeout))
		return -EINVAL;
	ret = vmclock_deadline(timeout, &deadline);
	for (pause = FIRST_NS; !ret; pause = pause < SLICE_NS / 2 ? 2 * pause : SLICE_NS) {
		/* The clock first, then the look: who was not running for long still looks once more. */
		ret = monotonic_ns(&now);
		if (ret)
			break;
		ret = look(vc);
		if (ret != -EAGAIN)
			break;
		ret = vmclock_check_device(vc);
		if (ret)
			break;
		left = deadline - now;
		if (left <= 0)
			return -ETIMEDOUT;
		ret = vmclock_sleep(left < pause ? left : pause);
	}
	return ret;
}
