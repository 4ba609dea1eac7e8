/* SPDX-License-Identifier: MIT */
/*
 * vmclock-sim: what its files share.
 *
 *	counter.c	the CPU's counter, paired with the host's clocks
 *	clock.c	the clock that is simulated: what time a counter value is
 *	model.c	what the page promises about that clock
 *	leap.c	the leap second, and the offset between TAI and UTC
 *	file.c	the file that holds the page: made, locked, removed
 *	garbage.c	a page that is no page for a while
 *	update.c	from the simulator's state to the fields of the page, and when
 *	command.c	commands: what they are and what they do
 *	input.c	where commands come from: stdin, socket, script
 *	vmclock-sim.c	options, and the loop that all of it runs in
 */
#ifndef VMCLOCK_TOOLS_SIM_H
#define VMCLOCK_TOOLS_SIM_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "tools/number.h"
#include "publish/page.h"
#include "vmclock-abi.h"

#define TOOL "vmclock-sim"

#define FOREVER		INT64_MAX

/* ---- counter.c ------------------------------------------------------------ */

/*
 * References are put on counter values that are multiples of this, and
 * periods are such that the time between two of them is a whole number of
 * units of 2^-64 s. So a reference moves along its line exactly, and an
 * update changes the time of no counter value, not even by rounding.
 */
#define SIM_GRID_BITS	9
#define SIM_GRID	(UINT64_C(1) << SIM_GRID_BITS)

/* Time in units of 2^-64 s. */
typedef __int128 sim_time;

sim_time sim_time_of(int64_t sec, int64_t ns);
sim_time sim_time_of_float(long double sec);
/* Rounded down; what is beyond 100 years comes out as 100 years. */
int64_t sim_time_ns(sim_time t);

/* A counter value and the time that belongs to it. */
struct sim_pair {
	uint64_t counter;
	sim_time time;
	uint64_t error;		/* ns, either way */
};

/* Of the counter here; NULL, or why it cannot serve. */
const char *sim_counter_check(void);
uint8_t sim_counter_id(void);
uint64_t sim_counter_read(void);
/* The best of several readings of @clock between two of the counter. @tick: in seconds. */
void sim_counter_pair(clockid_t clock, long double tick, struct sim_pair *pair);
/* Seconds for a tick, by CLOCK_MONOTONIC_RAW; takes a fifth of a second. */
long double sim_counter_measure(void);

/* ---- clock.c -------------------------------------------------------------- */

/* A straight line through a reference, as the page has it. */
struct sim_line {
	uint64_t counter;	/* on the grid */
	sim_time time;		/* TAI */
	uint64_t period;	/* 2^-(64 + shift) s */
	uint8_t shift;
};

sim_time sim_line_at(const struct sim_line *line, uint64_t counter);
/* The shift is chosen so that the period has its highest bit set. */
void sim_line_set_period(struct sim_line *line, long double tick);
/* The same in the units of a line that exists. */
uint64_t sim_line_units(const struct sim_line *line, long double tick);
long double sim_line_tick(const struct sim_line *line);

/* The host's clock, or one of its own that begins anywhere; both may be bent. */
struct sim_clock {
	bool scripted;
	uint64_t counter_offset; /* from the host's counter to the guest's */
	long double tick;	/* seconds, unbent */
	clockid_t host_clock;
	sim_time host_add;	/* from that to TAI */
	int64_t maxerror;	/* ns, how far the clock itself may be off; < 0: what the host says */

	double ppm;		/* at @since */
	double drift;		/* ppm per second */
	uint64_t since;		/* a counter value */
	sim_time offset;	/* from the host's clock, at @since */
	struct sim_line line;	/* a scripted clock, but for the drift */
};

/* What an update starts from; the counter is the guest's, and on the grid. */
struct sim_reading {
	uint64_t counter;
	sim_time time;		/* TAI */
	uint64_t error;		/* ns, all in all */
	uint64_t pairing;	/* ns, of it from reading two clocks one after the other */
	long double tick;	/* the clock's period at that moment */
};

/* What the kernel says about the host's clock. */
struct sim_host {
	bool synchronised;
	int64_t maxerror;	/* ns; only if synchronised */
	int tai;		/* TAI - UTC; 0: nobody told the kernel */
	int leap;		/* +1, -1: a second is inserted, deleted at the end of this day */
	long double rate;	/* of CLOCK_REALTIME against CLOCK_MONOTONIC_RAW */
};

void sim_host_read(struct sim_host *host);

/* @start: UTC in seconds since 1970, for a scripted clock, or NULL. @tai: TAI - UTC. */
void sim_clock_start(struct sim_clock *clock, const struct sim_host *host, const int64_t *start,
		     int tai);
void sim_clock_read(const struct sim_clock *clock, struct sim_reading *reading);
uint64_t sim_clock_counter(const struct sim_clock *clock);
double sim_clock_ppm(const struct sim_clock *clock, uint64_t counter);
/* From now on; the time so far stays as it is. */
void sim_clock_bend(struct sim_clock *clock, double ppm, double drift);
void sim_clock_step(struct sim_clock *clock, int64_t ns);

/* ---- model.c -------------------------------------------------------------- */

struct sim_model {
	struct sim_line line;		/* the reference */
	uint64_t period_maxerror;	/* in the line's units */
	uint64_t time_maxerror;		/* ns, at the reference */

	uint64_t fixed;		/* when the clock was read last, as a counter value */
	uint64_t movable;	/* for how many ticks after that the reference may move */
	uint64_t slack;		/* ns that @time_maxerror has for that on top of what was needed */

	long double tick;	/* the clock's period when the line began */
	struct sim_pair begin;	/* of the line: how its period is refined */
	uint64_t refine_at;	/* after so many ticks from there */
	uint64_t refinable;	/* by how much it may still change */
};

/* A new promise that owes nothing to the one before: the marker has to change with it. */
void sim_model_begin(struct sim_model *model, const struct sim_reading *reading,
		     double period_maxerror_ppm, uint64_t slack_ns);
/* Whether an update by this reading keeps what the page has promised. If not, begin again. */
bool sim_model_fix(struct sim_model *model, const struct sim_reading *reading, bool refine,
		   uint64_t slack_ns);
/* Between readings: the reference moves along its line. */
void sim_model_move(struct sim_model *model, uint64_t counter);

/* ---- leap.c ---------------------------------------------------------------- */

struct sim_leap {
	int tai;		/* TAI - UTC before the leap second */
	int sign;		/* +1, -1; 0: there is none */
	sim_time at;		/* TAI, from when on UTC is another second behind, or less */
};

/* At the end of the month that @now (TAI) is in. 0: forget it. */
void sim_leap_set(struct sim_leap *leap, int sign, sim_time now);
/* TAI - UTC at @t, in seconds. */
int sim_leap_tai(const struct sim_leap *leap, sim_time t);
/* VMCLOCK_LEAP_* at @t. */
uint8_t sim_leap_indicator(const struct sim_leap *leap, sim_time t);

/* ---- file.c ---------------------------------------------------------------- */

struct sim_file {
	const char *path;
	char *temporary;	/* NULL once the file has its name */
	int fd;
	int old;		/* that the name belonged to before; < 0: none, or no longer */
	bool replaces;
	bool inside;		/* at an offset of a file that is somebody else's */
	void *map;
	size_t mapped;
	struct vmclock_abi *page;
};

/*
 * Maps the page: of a new file that bears another name until
 * sim_file_appear(), or at an offset of an existing one. Returns 0, or -1
 * with a line on stderr.
 */
int sim_file_open(struct sim_file *file, const char *path, const uint64_t *offset, uint32_t size);
int sim_file_appear(struct sim_file *file);
/* Unmaps it, and removes it if it is our own and not to be kept. */
void sim_file_close(struct sim_file *file, bool keep);

/* ---- page.c ---------------------------------------------------------------- */

/* Random bytes all over the page: publisher_constants() and an update end it. */
void sim_page_garble(struct publisher *page);

/* ---- command.c ------------------------------------------------------------- */

#define SIM_PPM_MAX		10000
#define SIM_STATUS_NAMES	"unknown, initializing, synchronized, freerunning, unreliable"
#define SIM_SMEARING_NAMES	"strict, noon-linear, utc-sls"

/* < 0: there is none of that name. */
int sim_parse_status(const char *word);
int sim_parse_smearing(const char *word);

struct sim_options {
	const char *path;
	const char *control;
	const char *script;
	bool keep;
	bool inside;
	uint64_t offset;		/* of the page in the file */
	uint64_t counter_offset;
	uint64_t marker;
	bool has_marker;
	uint64_t generation;
	bool has_generation;
	uint64_t flags;			/* more of them */
	uint32_t size;
	int64_t interval;		/* ns; 0: flat out */
	bool hold;
	bool marker_only;
	bool utc;
	bool no_bounds;
	bool scripted;
	int64_t start;			/* UTC, s */
	bool starts_now;
	bool has_tai_offset;		/* to be published as it is */
	bool no_tai_offset;
	int16_t tai_offset;
	double ppm;
	double drift;
	double period_maxerror;		/* ppm */
	int64_t maxerror;		/* ns, < 0: as the host says */
	uint8_t status;
	uint8_t smearing;
};

struct sim {
	struct sim_options options;
	struct sim_file file;
	struct vmclock_abi next;	/* what the page is to say */
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

	int64_t next_update;		/* these in sim_now() */
	int64_t next_reading;
	int64_t stalled_until;		/* 0: it is not */
	int64_t garbled_until;
	bool stop;
};

enum sim_verb {
	SIM_DISRUPT,
	SIM_SNAPSHOT,
	SIM_STATUS,
	SIM_LEAP,
	SIM_SMEARING,
	SIM_SOON,
	SIM_IMMINENT,
	SIM_CALM,
	SIM_FREQUENCY,
	SIM_DRIFT,
	SIM_STEP,
	SIM_STALL,
	SIM_GARBAGE,
	SIM_MARKER_ONLY,
	SIM_SHOW,
	SIM_QUIT,
};

struct sim_command {
	enum sim_verb verb;
	bool has_ppm;
	double ppm;
	int64_t ns;		/* a step, or a duration; FOREVER; 0: off */
	int value;		/* a status, a sign, a hint */
};

#define SIM_LINE_MAX	256	/* of a command, its end included */
#define SIM_ANSWER_MAX	2048

/* Returns 0, or -1 and says in @why, without a newline, what is wrong and what would be right. */
int sim_command_parse(struct sim_command *command, const char *line, char *why, size_t size);
/* @answer receives the lines that the command has to say; none for most. */
void sim_command_run(struct sim *sim, const struct sim_command *command, char *answer,
		     size_t size);

/* ---- update.c --------------------------------------------------------------- */

/* CLOCK_MONOTONIC, in ns */
int64_t sim_now(void);

/* The first update of a page, whose sequence count goes on from @seq. */
void sim_start(struct sim *sim, uint32_t seq);
/* Publishes what is so now: the state, and the clock if @read. */
void sim_update(struct sim *sim, bool read);
/* The same after a disruption. */
void sim_disrupt(struct sim *sim);
/* The last update: the page is whole. */
void sim_finish(struct sim *sim);
/* What is due, and when the next is. */
void sim_tick(struct sim *sim, int64_t now);
int64_t sim_deadline(const struct sim *sim);

/* ---- input.c --------------------------------------------------------------- */

/* Returns 0, or the exit status and a line on stderr. */
int sim_input_open(const char *script, const char *control);
void sim_input_close(void);
/* Runs the script's commands that are due. Returns when the next one is, or FOREVER. */
int64_t sim_input_script(struct sim *sim, int64_t started, int64_t now);
/* Sleeps until @deadline at most, and runs the commands that come. @mask as for ppoll(2). */
void sim_input_wait(struct sim *sim, int64_t deadline, const sigset_t *mask);
/* As a client: gives the words as one command to the simulator behind a socket. */
int sim_input_tell(const char *control, int count, char **words);

#endif /* VMCLOCK_TOOLS_SIM_H */
