/* SPDX-License-Identifier: MIT */
/* What the library's files share: the handle, and the sequence-count section. */
#ifndef VMCLOCK_INTERNAL_H
#define VMCLOCK_INTERNAL_H

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmclock.h"
#include "vmclock-abi.h"

#define VMCLOCK_PUBLIC __attribute__((visibility("default")))

struct vmclock {
	const struct vmclock_abi *page;
	size_t mapped;		/* bytes */
	size_t size;		/* the page's own size field, as checked at open */
	int fd;
	bool device;		/* else a regular file */
};

/* Does the page reach far enough to have this field? */
#define vmclock_has(vc, field) \
	((vc)->size >= offsetof(struct vmclock_abi, field) + sizeof((vc)->page->field))

/*
 * The page is written by another party at any time. One access per field,
 * which the compiler may neither repeat nor split.
 */
#define page_u32(field) le32toh(__atomic_load_n(&(field), __ATOMIC_RELAXED))
#define page_u64(field) le64toh(__atomic_load_n(&(field), __ATOMIC_RELAXED))

/*
 * The slow way into a section: spins, without a system call, until the
 * count is even. Returns 0 or -ETIMEDOUT after 100 ms.
 */
int vmclock_seq_wait(const struct vmclock *vc, uint32_t *seq);

/*
 * A reading of the page is a loop:
 *
 *	do {
 *		ret = seq_begin(vc, &seq);
 *		if (ret)
 *			return ret;
 *		... copy fields into locals ...
 *	} while (seq_retry(vc, seq));
 */
static inline int seq_begin(const struct vmclock *vc, uint32_t *seq)
{
	*seq = le32toh(__atomic_load_n(&vc->page->seq_count, __ATOMIC_ACQUIRE));
	if (__builtin_expect(*seq & 1, 0))
		return vmclock_seq_wait(vc, seq);
	return 0;
}

static inline bool seq_retry(const struct vmclock *vc, uint32_t seq)
{
	/* The fields' loads before the count's. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __builtin_expect(page_u32(vc->page->seq_count) != seq, 0);
}

/* On -ETIMEDOUT too, *marker is what the page holds. */
static inline int seq_read_marker(const struct vmclock *vc, uint64_t *marker)
{
	uint32_t seq;
	int ret;

	do {
		ret = seq_begin(vc, &seq);
		*marker = page_u64(vc->page->disruption_marker);
		if (ret)
			return ret;
	} while (seq_retry(vc, seq));
	return 0;
}

#endif /* VMCLOCK_INTERNAL_H */
