/* SPDX-License-Identifier: MIT */
/*
 * Publishing a VMClock page: updates as UAPI.13 asks for them, under the eyes
 * of readers. One writer; not for signal handlers.
 */
#ifndef VMCLOCK_PUBLISH_PAGE_H
#define VMCLOCK_PUBLISH_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "vmclock-abi.h"

struct publisher {
	struct vmclock_abi *live;	/* what readers see */
	struct vmclock_abi *next;	/* what they will: little-endian, perhaps with more behind it */
	size_t length;			/* bytes of that: a multiple of 8 */
	uint32_t seq;			/* even: as of the last whole update */
};

/**
 * publisher_begin() - take over a page
 * @p:		receives the publisher
 * @live:	the page: mapped, aligned to 8 bytes
 * @next:	the caller's content, which each update publishes; its sequence count is
 *		the publisher's
 * @length:	how many bytes of @next are published
 * @seq:	the count that the page had, which goes on from there; an odd one is mended
 *
 * Writes the constant fields and leaves the count odd: publish next.
 * UAPI.13, VMClock ABI: seq_count.
 */
void publisher_begin(struct publisher *p, struct vmclock_abi *live, struct vmclock_abi *next,
		     size_t length, uint32_t seq);

/** publisher_update() - publish @next: one update, whole for any reader */
void publisher_update(struct publisher *p);

/** publisher_stall() - make the count odd, until the next update */
void publisher_stall(struct publisher *p);

/** publisher_fields() - store the fields of @next, whatever the count is: for simulated faults */
void publisher_fields(struct publisher *p);

/** publisher_constants() - write the constant fields again, and leave the count odd */
void publisher_constants(struct publisher *p);

#endif /* VMCLOCK_PUBLISH_PAGE_H */
