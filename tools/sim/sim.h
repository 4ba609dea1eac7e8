/* SPDX-License-Identifier: MIT */
/*
 * vmclock-sim: the state of the simulator.
 *
 *	options.c	the command line
 *	exclude.c	options that exclude each other
 *	counter.c	the CPU's counter, paired with the host's clocks
 *	clock.c		the simulated clock: which time belongs to a counter value
 *	leap.c		from the clock's TAI to UTC, and the leap second
 *	model.c		the promise that the page makes about that clock
 *	update.c	from the state to the fields of the page, and when
 *	fault.c		pages that break one rule
 *	file.c		the file that holds the page
 *	folder.c	the folder of a file
 *	garbage.c	the page of a broken host
 *	command.c	the commands: parsing and running them
 *	nearest.c	the name that somebody may have meant
 *	input.c		the sources of commands: stdin, clients, script
 *	listener.c	the socket for clients
 *	output.c	standard output and error
 *	run.c		a command that has the page in place of the device
 *	simtime.c	time in units of 2^-64 s
 */
#ifndef VMCLOCK_SIM_SIM_H
#define VMCLOCK_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "publish/page.h"
#include "clock.h"
#include "file.h"
#include "leap.h"
#include "model.h"
#include "options.h"

#define FOREVER		INT64_MAX

struct sim {
	struct sim_options options;
	struct sim_file file;
	struct vmclock_abi next;	/* the content of the next update */
	struct vmclock_abi last;	/* that of the last one; for faults */
	uint64_t updates;		/* how many there were */
	struct publisher page;
	struct sim_clock clock;
	struct sim_model model;
	struct sim_leap leap;
	int first_tai;			/* TAI - UTC at the start */

	uint64_t marker;
	uint64_t generation;
	uint64_t notice;		/* flags: a disruption is near */
	uint8_t status;
	uint8_t smearing;
	bool timeless;			/* gives no time for now */

	/* In monotonic_now(). */
	int64_t next_update;
	int64_t next_reading;
	int64_t stalled_until;		/* 0: it is not stalled */
	int64_t garbled_until;		/* 0: it is not garbled */
	int64_t next_look;		/* whether the file is there */
	bool gone;			/* it is not */
	bool lost;			/* it is, and is no page of ours any more */
	bool stop;
	bool refused;			/* a command of the script */
	bool dropped;			/* an answer to the script, and this was said */
};

#endif /* VMCLOCK_SIM_SIM_H */
