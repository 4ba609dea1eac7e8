/* SPDX-License-Identifier: MIT */
/*
 * The basis of the arithmetic, in the kernel and in user space: types, byte
 * order, errors and constants.
 *
 * The arithmetic is pure functions on a snapshot of the page, never on the live
 * page: thread-safe and async-signal-safe throughout. Errors are negative errno
 * values:
 *
 *	-ENODATA	the page lacks a value that the result needs
 *	-EAGAIN		the page's clock status says that its time is not reliable now
 *	-EOPNOTSUPP	the page's time runs on another counter than the caller's
 *	-EOVERFLOW	the result does not fit
 */
#ifndef VMCLOCK_CALC_BASE_H
#define VMCLOCK_CALC_BASE_H

#ifndef __SIZEOF_INT128__
#error "vmclock needs a 64-bit target whose compiler has __int128"
#endif

#ifdef __KERNEL__
#include <asm/byteorder.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/types.h>
#define vmclock_le16(x) le16_to_cpu(x)
#define vmclock_le64(x) le64_to_cpu(x)
#else
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <linux/types.h>
#define vmclock_le16(x) le16toh(x)
#define vmclock_le64(x) le64toh(x)
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#endif

#include "vmclock-abi.h"

#define NS_PER_SEC  1000000000L
#define SEC_PER_DAY 86400

typedef unsigned __int128 vmclock_u128;

/* For functions in every reading: a call would cost more than their code. */
#define vmclock_calc_inline static inline __attribute__((__always_inline__))

/* Does a page of this size have this field? */
#define VMCLOCK_COVERS(size, field) \
	((size) >= __builtin_offsetof(struct vmclock_abi, field) + \
		   sizeof(((struct vmclock_abi *)0)->field))

#endif /* VMCLOCK_CALC_BASE_H */
