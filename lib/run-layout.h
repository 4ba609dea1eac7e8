/* SPDX-License-Identifier: MIT */
/*
 * What vmclockd keeps in /run/vmclock, for itself, the library and the tools;
 * not installed. All fields are little-endian.
 *
 *	vmclock<N>	the completed page of /dev/vmclock<N>
 *	state		is the system clock vouched for?
 *
 * vmclockd makes the files once and then writes in place: a reader maps them
 * and goes on when vmclockd ends, or another one takes its place.
 */
#ifndef VMCLOCK_RUN_LAYOUT_H
#define VMCLOCK_RUN_LAYOUT_H

#include "vmclock-abi.h"

#define VMCLOCK_RUN_FOLDER	"/run/vmclock"
#define VMCLOCK_RUN_STATE_NAME	"state"

/*
 * A completed page is there twice. The copies are written one after the
 * other, each under its own sequence count, so that one of them can be read
 * at any time, whatever becomes of the writer.
 */
#define VMCLOCK_RUN_COPIES	2
#define VMCLOCK_RUN_COPY_SIZE	4096
#define VMCLOCK_RUN_PAGE_SIZE	8192	/* the file */

/* Behind the fields of a plain page, under the same sequence count; page.size covers them. */
struct vmclock_run_page {
	struct vmclock_abi page;
	__u8 reserved[0x10];
	__le64 first_counter;		/* the first reference under this marker */
	__le64 source;			/* VMCLOCK_RUN_SOURCE_* */
	/*
	 * For so many ticks after the reference UTC is known; then a leap second
	 * is possible of which nobody knows. 0: all of them are known.
	 */
	__le64 reach;
};

#define VMCLOCK_RUN_SOURCE_NONE		0
#define VMCLOCK_RUN_SOURCE_NTP		1	/* the bounds are an NTP daemon's */

#define VMCLOCK_RUN_STATE_MAGIC		0x53434c56 /* "VLCS" */
#define VMCLOCK_RUN_STATE_VERSION	2

/* The state is there twice as well, for the same reason; the first copy is the newer one. */
#define VMCLOCK_RUN_STATE_COPY_SIZE	2048
#define VMCLOCK_RUN_STATE_SIZE		4096	/* the file */

#define VMCLOCK_RUN_NAME_SIZE		24

#define VMCLOCK_RUN_VALID_MAX		UINT64_C(120000000000)

/* Is the system clock right? */
#define VMCLOCK_RUN_UNKNOWN		0	/* nobody has vouched for it yet */
#define VMCLOCK_RUN_TRUSTED		1
#define VMCLOCK_RUN_DISRUPTED		2	/* since the marker changed, nobody has again */

struct vmclock_run_state {
	/* As far as here it is laid out, and updated, as a page is. */
	__le32 magic;			/* VMCLOCK_RUN_STATE_MAGIC */
	__le32 size;			/* of this structure */
	__le16 version;
	__u8 reserved1[2];
	__le32 seq_count;		/* odd: an update is in progress */

	__le64 marker;			/* under which the following holds */
	__le64 generation;
	/*
	 * CLOCK_MONOTONIC, ns: after that vmclockd has ended or hangs, and nobody
	 * vouches. No more than VMCLOCK_RUN_VALID_MAX ahead.
	 */
	__le64 valid_until;

	/* The system clock's error: bound at an instant of CLOCK_MONOTONIC, and how fast it grows. */
	__le64 bound_at;		/* ns */
	__le64 bound;			/* ns */
	__le32 drift;			/* ppb */
	__u8 trust;			/* VMCLOCK_RUN_UNKNOWN and others */
	__u8 clock_status;		/* VMCLOCK_STATUS_*, of the completed page or the host's */
	__u8 was_synchronised;		/* by its own word, the kernel's clock before a disruption */
	__u8 doubted;			/* 1: the host's time may be that of the marker before */

	/* Since vmclockd was first started after the system. */
	__le64 disruptions;		/* markers, or generations alone, seen that were new */
	__le64 generations;
	__le64 reactions;		/* of which several disruptions may be part */
	__le64 untrusted;		/* ns, without the time before it was first trusted */
	__le64 last_duration;		/* ns, from a disruption seen until trusted */
	__le64 last_offset;		/* ns, signed: stepped in the last reaction, all in all */
	/*
	 * The system's: vmclockd takes nothing over from a file that is older. The
	 * library does not ask: containers may have another one, by systemd-nspawn.
	 */
	__u8 boot_id[16];
	__le64 last_trusted_sec;	/* UTC: no step goes back before it */

	/* For vmclockd alone, the host's last page with time that it believed; magic 0: none. */
	struct vmclock_abi believed;

	/* "vmclock<N>", for whose page all this holds; ended by NUL. */
	char device[VMCLOCK_RUN_NAME_SIZE];
};

#endif /* VMCLOCK_RUN_LAYOUT_H */
