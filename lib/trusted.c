// SPDX-License-Identifier: MIT
/* vmclockd's state: is the system clock trusted, and is the host's time believed? */
#include <string.h>

#include "monotonic.h"
#include "run.h"

/* The pause between two looks is short at first, because a reaction takes milliseconds. */
#define FIRST_NS	INT64_C(20000000)
#define SLICE_NS	INT64_C(100000000)

/* How often to read the clocks if the thread is interrupted in between. */
#define LEAD_TRIES 8

struct word {
	uint64_t marker;
	uint64_t generation;
	uint64_t valid_until;
	int64_t lead_least;
	int64_t lead_most;
	uint8_t trust;
	bool doubted;
	bool ours;	/* the state is about the handle's device */
};

/* Magic, size and version, which never change once they are written. */
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

static bool is_about(const struct vmclock_run_state *state, const struct vmclock *vc)
{
	const uint64_t *words = (const uint64_t *)state->device;
	uint64_t name[VMCLOCK_RUN_NAME_SIZE / sizeof(uint64_t)];
	size_t i;

	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		name[i] = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
	return !memcmp(name, vc->run_name, sizeof(name));
}

/*
 * Reads a consistent copy. Returns 0; -ENOENT: there is no valid state; -EAGAIN: both
 * copies are in an update, or their writers died. @once: looks once at each copy.
 */
static int read_word(const struct vmclock *vc, bool once, struct word *word)
{
	const unsigned int most = once ? VMCLOCK_RUN_COPIES : RUN_LOOKS;
	const struct vmclock_run_state *state = run_state(vc), *copy;
	unsigned int looks = 0;
	uint32_t seq;
	bool right;

	if (!state || !(is_right(state) || is_right(copy_of(state, 1))))
		return -ENOENT;
	do {
		if (looks == most)
			return -EAGAIN;
		if (looks && looks % VMCLOCK_RUN_COPIES == 0)
			cpu_relax();
		copy = copy_of(state, looks++ % VMCLOCK_RUN_COPIES);
		seq = count_try(&copy->seq_count);
		word->trust = page_u8(copy->trust);
		word->marker = page_u64(copy->marker);
		word->generation = page_u64(copy->generation);
		word->valid_until = page_u64(copy->valid_until);
		word->lead_least = (int64_t)page_u64(copy->lead_least);
		word->lead_most = (int64_t)page_u64(copy->lead_most);
		word->doubted = page_u8(copy->doubted);
		word->ours = is_about(copy, vc);
		right = is_right(copy);
	} while (!count_held(&copy->seq_count, seq) || !right);
	return 0;
}

/* The state has not expired, and is not from another boot or time namespace. */
static bool is_valid(uint64_t valid_until, int64_t now)
{
	return valid_until - (uint64_t)now <= VMCLOCK_RUN_VALID_MAX;
}

/*
 * Returns -EAGAIN if CLOCK_REALTIME was stepped since vmclockd measured it, or if
 * that cannot be told. @before: a reading of CLOCK_MONOTONIC, made just now.
 */
static int check_lead(const struct word *word, int64_t before)
{
	int64_t real, after;
	int tries, ret;

	for (tries = 0; tries < LEAD_TRIES; tries++, before = after) {
		ret = clock_ns(CLOCK_REALTIME, &real);
		if (!ret)
			ret = monotonic_ns(&after);
		if (ret)
			return ret;
		if (real - before < word->lead_least || real - after > word->lead_most)
			return -EAGAIN;
		if (likely(after - before <= VMCLOCK_RUN_LEAD_WIDTH))
			return 0;
	}
	return -EAGAIN;
}

VMCLOCK_PUBLIC
int vmclock_system_trusted(const struct vmclock *vc, uint64_t *marker)
{
	struct word word;
	int64_t now;
	int ret;

	ret = read_word(vc, false, &word);
	if (!ret)
		ret = monotonic_ns(&now);
	if (ret)
		return ret;
	if (!is_valid(word.valid_until, now))
		return -ENOENT;
	if (word.trust != VMCLOCK_RUN_TRUSTED)
		return word.trust == VMCLOCK_RUN_DISRUPTED ? -ESTALE : -EAGAIN;

	ret = vmclock_check_current(vc, word.marker, &word.generation, false);
	if (!ret)
		ret = check_lead(&word, now);
	if (!ret)
		*marker = word.marker;
	return ret;
}

/* Returns 0: trusted; -EAGAIN: not yet; or an error that ends the wait. */
static int look(const struct vmclock *vc)
{
	uint64_t marker;
	int ret;

	vmclock_run_pick_up(vc);
	/* vmclock_system_trusted() would spin while the count is odd. */
	if (section_try(vc->page) & 1)
		return -EAGAIN;
	ret = vmclock_system_trusted(vc, &marker);
	return ret == -ESTALE || ret == -ENOENT || ret == -ETIMEDOUT ? -EAGAIN : ret;
}

VMCLOCK_PUBLIC
int vmclock_system_wait_trusted(const struct vmclock *vc, const struct timespec *timeout)
{
	int64_t deadline, now, left, pause;
	int ret;

	if (timeout && !vmclock_is_timeout(timeout))
		return -EINVAL;
	ret = vmclock_deadline(timeout, &deadline);
	for (pause = FIRST_NS; !ret; pause = pause < SLICE_NS / 2 ? 2 * pause : SLICE_NS) {
		/* Read the clock first: a delayed thread still looks once more. */
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

/* ---- The time on the host's page ------------------------------------------------------ */

int vmclock_run_judge(const struct vmclock *vc, bool once, struct run_judgement *judgement)
{
	struct word word;
	int ret = read_word(vc, once, &word);

	/* A single try may have met a state that is being written. */
	if (once && ret == -EAGAIN)
		return -EBUSY;
	judgement->known = !ret && word.ours;
	if (!judgement->known)
		return 0;
	judgement->doubted = word.doubted;
	judgement->marker = word.marker;
	judgement->generation = word.generation;
	judgement->valid_until = word.valid_until;
	return 0;
}

int vmclock_run_believed(const struct run_judgement *judgement, uint64_t marker,
			 uint64_t generation)
{
	int64_t now;
	int ret;

	if (!judgement->known || (judgement->marker == marker &&
				  judgement->generation == generation && !judgement->doubted))
		return 0;
	/* If vmclockd has ended, it will never judge this time: believe the page. */
	ret = monotonic_ns(&now);
	if (ret)
		return ret;
	return is_valid(judgement->valid_until, now) ? -EAGAIN : 0;
}
