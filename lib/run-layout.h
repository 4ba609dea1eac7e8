/* SPDX-License-Identifier: MIT */
/*
 * The files in /run/vmclock, which vmclockd writes, and vmclockd, the library and
 * the tools read; this header is not installed. All fields are little-endian.
 *
 *	vmclock<N>	the completed page of /dev/vmclock<N>
 *	state		is the system clock vouched for?
 *
 * vmclockd makes the files once and then writes in place: a reader keeps its
 * mapping when vmclockd ends or is restarted.
 */
#ifndef VMCLOCK_RUN_LAYOUT_H
#define VMCLOCK_RUN_LAYOUT_H

#include "vmclock-abi.h"

#define VMCLOCK_RUN_FOLDER	"/run/vmclock"
#define VMCLOCK_RUN_STATE_NAME	"state"

/*
 * The file holds two copies of the completed page. They are written one after
 * the other, each under its own sequence count, so that one copy is readable at
 * any time, even if the writer is killed.
 */
#define VMCLOCK_RUN_COPIES	2
#define VMCLOCK_RUN_COPY_SIZE	4096
#define VMCLOCK_RUN_PAGE_SIZE	8192	/* the file */

/* The extra fields follow the page, under its sequence count; page.size covers them. */
struct vmclock_run_page {
	struct vmclock_abi page;
	__u8 reserved[0x10];
	__le64 first_counter;		/* the first reference under this marker */
	__le64 source;			/* VMCLOCK_RUN_SOURCE_* */
	/*
	 * UTC is known for this many ticks after the reference; then an unknown
	 * leap second is possible. 0: all leap seconds are known.
	 */
	__le64 reach;
};

#define VMCLOCK_RUN_SOURCE_NONE		0
#define VMCLOCK_RUN_SOURCE_NTP		1	/* the bounds come from an NTP daemon */

#define VMCLOCK_RUN_STATE_MAGIC		0x53434c56 /* "VLCS" */
#define VMCLOCK_RUN_STATE_VERSION	3

/* The state has two copies as well, for the same reason; the first copy is the newer one. */
#define VMCLOCK_RUN_STATE_COPY_SIZE	2048
#define VMCLOCK_RUN_STATE_SIZE		4096	/* the file */

#define VMCLOCK_RUN_NAME_SIZE		24

#define VMCLOCK_RUN_VALID_MAX		UINT64_C(120000000000)	/* ns */
/* ns: a reader that knows the clock's lead no better than this gives no answer. */
#define VMCLOCK_RUN_LEAD_WIDTH		100000

/* Is the system clock right? */
#define VMCLOCK_RUN_UNKNOWN		0	/* not measured, out of bounds, or no device */
#define VMCLOCK_RUN_TRUSTED		1
#define VMCLOCK_RUN_DISRUPTED		2	/* the marker changed; not right again yet */

struct vmclock_run_state {
	/* The first fields have the layout and the update rule of a page. */
	__le32 magic;			/* VMCLOCK_RUN_STATE_MAGIC */
	__le32 size;			/* of this structure */
	__le16 version;
	__u8 reserved1[2];
	__le32 seq_count;		/* odd: an update is in progress */

	__le64 marker;			/* the fields below belong to this marker */
	__le64 generation;
	/*
	 * CLOCK_MONOTONIC, ns: after this time the state is invalid, because vmclockd
	 * has ended or hangs. At most VMCLOCK_RUN_VALID_MAX ahead.
	 */
	__le64 valid_until;

	/* The system clock's error. */
	__le64 bound_at;		/* CLOCK_MONOTONIC, ns */
	__le64 bound;			/* ns, at that time */
	__le32 drift;			/* ppb: how fast the bound grows */
	__u8 trust;			/* VMCLOCK_RUN_UNKNOWN and others */
	__u8 clock_status;		/* VMCLOCK_STATUS_*, of the completed page or the host's */
	__u8 was_synchronised;		/* status of the kernel's clock before a disruption */
	__u8 doubted;			/* 1: the host's time may belong to the previous marker */
	/*
	 * CLOCK_REALTIME less CLOCK_MONOTONIC, ns, signed, at the measurement: between
	 * these two. Slews do not change it; after a step, the trust above does not count.
	 */
	__le64 lead_least;
	__le64 lead_most;

	/* Counted from the first start of vmclockd after the boot. */
	__le64 disruptions;		/* new markers, or new generations alone */
	__le64 generations;
	__le64 reactions;		/* one may cover several disruptions */
	__le64 untrusted;		/* ns without trust, after the first trust */
	__le64 last_duration;		/* ns, from a disruption until trust */
	__le64 last_offset;		/* ns, signed: sum of the steps in the last reaction */
	/*
	 * The system's boot ID: vmclockd ignores the file of another boot. The library
	 * does not compare it: systemd-nspawn gives containers their own boot ID.
	 */
	__u8 boot_id[16];
	__le64 last_trusted_sec;	/* UTC: no step goes back before it */

	/* For vmclockd only: the host's last page with time that it believed; magic 0: none. */
	struct vmclock_abi believed;

	/* The name of the device, "vmclock<N>", ended by NUL. */
	char device[VMCLOCK_RUN_NAME_SIZE];
};

#endif /* VMCLOCK_RUN_LAYOUT_H */
