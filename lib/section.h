/* SPDX-License-Identifier: MIT */
/*
 * Reading the live page: single fields, and consistent copies under the page's
 * sequence count. The host is the writer of a seqlock, and the library its reader.
 */
#ifndef VMCLOCK_SECTION_H
#define VMCLOCK_SECTION_H

#include <endian.h>

#include "internal.h"

/*
 * The host may write the page at any time. So each field is read by one access,
 * which the compiler may neither repeat nor split.
 */
#define page_u8(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define page_u16(field) le16toh(__atomic_load_n(&(field), __ATOMIC_RELAXED))
#define page_u32(field) le32toh(__atomic_load_n(&(field), __ATOMIC_RELAXED))
#define page_u64(field) le64toh(__atomic_load_n(&(field), __ATOMIC_RELAXED))

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

/*
 * A read section: copy fields into locals between these two calls. The copies
 * are valid if the sequence count was even, and the same before and after. A
 * host makes the count odd, issues a release fence, stores the fields, and
 * stores the even count with release.
 */
static inline uint32_t count_try(const __le32 *seq_count)
{
	/* Pairs with the host's store of the even count: the fields are at least as new. */
	return le32toh(__atomic_load_n(seq_count, __ATOMIC_ACQUIRE));
}

static inline bool count_held(const __le32 *seq_count, uint32_t seq)
{
	/*
	 * Pairs with the host's fence: if a field above came from a later
	 * update, the count below is that update's odd one or a newer one.
	 */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return likely(!(seq & 1)) && likely(page_u32(*seq_count) == seq);
}

static inline uint32_t section_try(const struct vmclock_abi *page)
{
	return count_try(&page->seq_count);
}

static inline bool section_held(const struct vmclock_abi *page, uint32_t seq)
{
	return count_held(&page->seq_count, seq);
}

/*
 * A read section that repeats until the copies are valid:
 *
 *	struct section section = { 0 };
 *
 *	do {
 *		ret = section_begin(vc, &section);
 *		if (ret)
 *			return ret;
 *		... copy fields into locals ...
 *	} while (section_retry(vc, &section));
 */
struct section {
	uint32_t seq;
	uint32_t tries;
	bool once;
	int64_t since;		/* of the first slow try, CLOCK_MONOTONIC ns; 0: none yet */
};

#define SECTION_FAST_TRIES 1000

/* @once: the section is tried only once. */
static inline struct section section_of(bool once)
{
	return (struct section){ .tries = once ? SECTION_FAST_TRIES : 0, .once = once };
}

/*
 * The slow way: spins, without a system call, until the count is even.
 * Returns 0, or -ETIMEDOUT 100 ms after the section's first slow try; -EBUSY
 * at once if the section is tried once.
 */
int vmclock_section_wait(const struct vmclock *vc, struct section *section);

static inline int section_begin(const struct vmclock *vc, struct section *section)
{
	section->seq = section_try(vc->page);
	if (unlikely(section->seq & 1 || section->tries++ > SECTION_FAST_TRIES))
		return vmclock_section_wait(vc, section);
	return 0;
}

static inline bool section_retry(const struct vmclock *vc, const struct section *section)
{
	return unlikely(!section_held(vc->page, section->seq));
}

/* The slow path of read_marker(). Stores the page's marker even on -ETIMEDOUT. */
int vmclock_read_marker_again(const struct vmclock *vc, uint64_t *marker);

static inline int read_marker(const struct vmclock *vc, uint64_t *marker)
{
	const struct vmclock_abi *page = vc->page;
	uint32_t seq = section_try(page);
	uint64_t value = page_u64(page->disruption_marker);

	if (unlikely(!section_held(page, seq)))
		return vmclock_read_marker_again(vc, marker);
	*marker = value;
	return 0;
}

/*
 * Are @marker and @generation still those on the hypervisor's page? @generation
 * counts only if the page has one; NULL: do not compare it. Call this after
 * reading the counter or the clock: a host changes the marker before the machine
 * runs again. Returns 0, -ESTALE, or the error of section_begin().
 */
int vmclock_check_current(const struct vmclock *vc, uint64_t marker, const uint64_t *generation,
			  bool once);

#endif /* VMCLOCK_SECTION_H */
