/* SPDX-License-Identifier: MIT */
/*
 * Publishing a VMClock page: updates by the rules of UAPI.13, while others read.
 * One writer; not for signal handlers.
 */
#ifndef VMCLOCK_PUBLISH_PAGE_H
#define VMCLOCK_PUBLISH_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "vmclock-abi.h"

struct publisher {
	struct vmclock_abi *live;	/* what readers see */
	struct vmclock_abi *next;	/* the next content: little-endian, may be longer */
	size_t length;			/* the bytes of @next that are published: a multiple of 8 */
	uint32_t seq;			/* even: as of the last whole update */
};

/**
 * publisher_begin() - take over a page
 * @p:		receives the publisher
 * @live:	the page: mapped, aligned to 8 bytes
 * @next:	the content that each update publishes; the publisher sets its sequence count
 * @length:	how many bytes of @next are published
 * @seq:	the page's present count; the publisher counts on from it, also from an odd one
 *
 * Writes the constant fields and leaves the count odd: call publisher_update() next.
 * UAPI.13, VMClock ABI: seq_count.
 */
void publisher_begin(struct publisher *p, struct vmclock_abi *live, struct vmclock_abi *next,
		     size_t length, uint32_t seq);

/** publisher_update() - publish @next in one update, which no reader sees in part */
void publisher_update(struct publisher *p);

/** publisher_stall() - make the count odd, until the next update */
void publisher_stall(struct publisher *p);

/** publisher_fields() - store the fields of @next, whatever the count is: for simulated faults */
void publisher_fields(struct publisher *p);

/** publisher_constants() - write the constant fields again, and leave the count odd */
void publisher_constants(struct publisher *p);

#endif /* VMCLOCK_PUBLISH_PAGE_H */
