/* SPDX-License-Identifier: MIT */
/* An io_uring(7) by system calls, as large as the guest's programs need. */
#ifndef GUEST_URING_H
#define GUEST_URING_H

#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

static struct {
	int fd;
	struct io_uring_sqe *sqes;
	atomic_uint *sq_tail, *cq_head, *cq_tail;
	unsigned int *sq_array;
	struct io_uring_cqe *cqes;
	unsigned int sq_mask, cq_mask;
} ring;

static void *uring_map(size_t len, uint64_t offset)
{
	void *part = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, (off_t)offset);

	expect(part != MAP_FAILED);
	return part;
}

/* False: the kernel has no io_uring. */
static bool uring_open(void)
{
	struct io_uring_params p = { };
	char *sq, *cq;

	ring.fd = (int)syscall(SYS_io_uring_setup, 4, &p);
	if (ring.fd < 0)
		return false;
	sq = uring_map(p.sq_off.array + p.sq_entries * sizeof(unsigned int), IORING_OFF_SQ_RING);
	cq = uring_map(p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
		       IORING_OFF_CQ_RING);
	ring.sqes = uring_map(p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	ring.sq_tail = (atomic_uint *)(sq + p.sq_off.tail);
	ring.sq_mask = *(unsigned int *)(sq + p.sq_off.ring_mask);
	ring.sq_array = (unsigned int *)(sq + p.sq_off.array);
	ring.cq_head = (atomic_uint *)(cq + p.cq_off.head);
	ring.cq_tail = (atomic_uint *)(cq + p.cq_off.tail);
	ring.cq_mask = *(unsigned int *)(cq + p.cq_off.ring_mask);
	ring.cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	return true;
}

static void uring_submit(const struct io_uring_sqe *sqe)
{
	unsigned int tail = atomic_load(ring.sq_tail);
	unsigned int slot = tail & ring.sq_mask;

	ring.sqes[slot] = *sqe;
	ring.sq_array[slot] = slot;
	atomic_store(ring.sq_tail, tail + 1);
	expect(syscall(SYS_io_uring_enter, ring.fd, 1, 0, 0, NULL, 0) == 1);
}

/* Waits for the next completion, and returns its result. */
static int uring_completion(void)
{
	unsigned int head = atomic_load(ring.cq_head);
	int res;

	while (atomic_load(ring.cq_tail) == head)
		expect(syscall(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL,
			       0) >= 0);
	res = ring.cqes[head & ring.cq_mask].res;
	atomic_store(ring.cq_head, head + 1);
	return res;
}

#endif /* GUEST_URING_H */
