/* SPDX-License-Identifier: MIT */
/*
 * vmclock-check: the report, from facts to output.
 *
 *	facts		device.c, modules.c, load.c, log.c, page.c, now.c
 *	  judgement	judge.c by the rules of judge/, advice.c
 *	    output	report.c, json.c
 *
 * Output only prints. All decisions and wordings are made before, so that text
 * and JSON cannot differ.
 *
 * The other modes, openmetrics.c, wait.c and watch.c, do not use the report, but
 * live.c.
 */
#ifndef VMCLOCK_CHECK_CHECK_H
#define VMCLOCK_CHECK_CHECK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tool.h"
#include "vmclock.h"

#include "calc/snapshot.h"
#include "judge/judge.h"

#define CHECK_NAME 64		/* enough for names in sysfs and of modules */
#define CHECK_MANY 8		/* devices, modules: more are not listed */
#define CHECK_TEXT 512

#define CHECK_TELL_OPERATOR "report it to whoever runs the hypervisor"

/* ---- The path that is checked ---------------------------------------------- */

enum check_source {
	CHECK_FROM_DEFAULT,
	CHECK_FROM_ENVIRONMENT,
	CHECK_FROM_OPTION,
};

enum check_kind {
	CHECK_MISSING,
	CHECK_DEVICE,
	CHECK_FILE,		/* a page file: no driver, no hypervisor */
	CHECK_OTHER,		/* a folder, a pipe ... */
	CHECK_UNKNOWN,		/* stat(2) failed for another reason */
};

struct check_device {
	char path[PATH_MAX];		/* for open(2) */
	char shown[PATH_MAX];		/* for output */
	char brief[256];		/* for output within a sentence */
	enum check_source source;
	enum check_kind kind;
	bool known_mode;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	char name[CHECK_NAME];		/* the driver's name for it, "vmclock0"; may be empty */
	char notification[CHECK_NAME];	/* the attribute of the vmclock driver; may be empty */
	char others[CHECK_MANY][CHECK_NAME];
	size_t n_others;
};

/* ---- What the hypervisor offers, and which driver took it ------------------- */

struct check_offer {
	const char *firmware;		/* "ACPI" or "device tree" */
	char name[CHECK_NAME];		/* of the platform device, "AMZNC10C:00" */
	char modalias[256];
	char driver[CHECK_NAME];	/* empty: none is bound */
	char module[CHECK_NAME];	/* of the driver; empty: built in */
	char serves[CHECK_NAME];	/* "vmclock0"; empty: no device node */
	char said[256];			/* the last line of our driver about it; may be empty */
};

struct check_hypervisor {
	bool known;			/* sysfs could be read */
	struct check_offer offers[CHECK_MANY];
	size_t n_offers;
};

/* ---- Modules ----------------------------------------------------------------- */

enum check_module_state {
	CHECK_ABSENT,
	CHECK_AVAILABLE,
	CHECK_LOADED,
	CHECK_BUILTIN,
};

/* Why the kernel would refuse an available module, as far as that can be known. */
enum check_obstacle {
	CHECK_NO_OBSTACLE,
	CHECK_DAMAGED,		/* not a module, or only a part of one */
	CHECK_OTHER_KERNEL,	/* built for another kernel */
	CHECK_EXCLUDED,		/* by module_blacklist= on the kernel's command line */
	CHECK_UNSIGNED,		/* this kernel takes signed modules only */
	CHECK_UNKNOWN_KEY,	/* signed, but the kernel does not know the key */
	CHECK_NO_SYMBOL,	/* the kernel lacks a symbol that it needs */
};

struct check_module {
	char name[CHECK_NAME];
	const char *driver;		/* the name of its platform driver; NULL: unknown */
	const char *origin;
	enum check_module_state state;
	bool blacklisted;		/* loaded by its name only, never automatically */
	bool overridden;		/* an install line of modprobe.d replaces loading */
	bool bound;
	char version[CHECK_NAME];
	enum check_obstacle obstacle;
	char lacks[CHECK_NAME];		/* the symbol, the key, or the kernel that it is built for */
};

struct check_kernel {
	char release[CHECK_NAME + 1];
	bool loads_modules;
	bool locked;			/* kernel.modules_disabled */
	bool has_tree;			/* /lib/modules/RELEASE */
	bool has_dkms_source;
	char signed_only[CHECK_NAME];	/* why only signed modules; empty: others, too */
};

/* These two are always the first. */
#define CHECK_OURS	0
#define CHECK_IN_TREE	1

struct check_modules {
	struct check_kernel kernel;
	struct check_module list[CHECK_MANY];
	size_t n;
};

/* ---- The page ---------------------------------------------------------------- */

enum check_validity {
	CHECK_VALID,
	CHECK_NO_FLAG,		/* the page's flag for it is not set */
	CHECK_NO_STATUS,	/* valid only in synchronized and freerunning */
	CHECK_OUT_OF_RANGE,
};

struct check_field {
	const char *key;	/* its name in UAPI.13 */
	const char *label;
	uint64_t value;		/* of signed fields: two's complement */
	bool is_signed;
	bool is_hex;
	bool is_enum;
	bool is_wide;		/* 64 bits */
	const char *name;	/* of an enumerated value; NULL: unassigned */
	enum check_validity validity;
	char detail[256];	/* its meaning; may be empty */
};

struct check_page {
	int error;		/* of vmclock_open() or vmclock_read_page() */
	char wrong[CHECK_TEXT];	/* what is wrong with the content; may be empty */
	unsigned int tries;	/* tries to read it; each but the last took 100 ms */
	bool moving;		/* the sequence count changed between tries */
	bool pollable;

	size_t have;		/* bytes of abi that were read, as far as the page covers it */
	struct vmclock_abi abi;	/* little-endian */
	struct vmclock_snapshot snap;
	struct judge_page facts;

	struct check_field fields[32];
	size_t n_fields;
	double frequency_hz;	/* 0: the page gives none */
	char reference[48];	/* on the page's timescale; may be empty */
	char reference_utc[48];	/* may be empty */
};

/* "2026-01-01T00:00:00.500000000Z". False: not in the years 1970 to 9999. */
bool check_date(char *to, size_t size, const struct vmclock_instant *t, const char *zone);

/* ---- This moment --------------------------------------------------------------- */

struct check;

/* The library's results now. Errors are negative errno values. */
struct check_reading {
	int error;
	struct vmclock_time time;
};

struct check_now {
	bool read;			/* false: there is no page, and the library was not called */
	struct judge_guest guest;	/* counter_id is INVALID without a steady counter */
	struct check_reading utc, tai;
	bool by_vmclockd;		/* the readings come from the completed page */
};

/*
 * Gets the time from the library and from the machine. Also reads the completed
 * page, if vmclockd keeps one for this device.
 */
void check_now(struct check *c, const struct vmclock *vc);

/* The reading to show: UTC if it is known, otherwise TAI; NULL: there is no time. */
const struct check_reading *check_best_reading(const struct check_now *now);
/* The page of this reading. */
const struct check_page *check_time_page(const struct check *c);
/* Half the width of the bounds, in ns. False: there are no bounds. */
bool check_bound(const struct check_reading *reading, uint64_t *ns);
/* The reading minus the system's clock. False: not known. */
bool check_ahead(const struct check_now *now, int64_t *ns);

/* ---- Judgement ---------------------------------------------------------------- */

enum check_use {
	CHECK_MARKER,
	CHECK_GENERATION,
	CHECK_NOTIFICATION,
	CHECK_TIME,
	CHECK_BOUNDS,
	CHECK_USES,
};

struct check_usable {
	bool yes;
	char reason[CHECK_TEXT];
};

/* vmclock-check(1) lists the codes; vmclock-rules(7) explains those from judge/. */
struct check_rule {
	const char *code;
	enum check_verdict gravity;
	const char *next;	/* what to do; NULL: it depends */
};

struct check_problem {
	const char *code;
	enum check_verdict gravity;
	int weight;		/* among problems of the same gravity */
	char text[CHECK_TEXT];
	char next[CHECK_TEXT];
};

#define CHECK_FINDINGS 24

struct check {
	const char *root;	/* of /sys, /dev, /proc and /lib/modules: "" except in tests */
	struct check_device device;
	bool with_system;	/* hypervisor and modules were examined */
	struct check_hypervisor hypervisor;
	struct check_modules modules;
	struct check_page page;
	struct check_page completed;	/* by vmclockd; have is 0: there is none */
	struct check_now now;
	uint64_t max_error;		/* ns */
	uint64_t max_age;		/* ns; 0: not given */

	struct check_usable usable[CHECK_USES];
	struct judge_finding findings[CHECK_FINDINGS];	/* rules that are broken, gravest first */
	size_t n_findings;
	struct check_problem problems[32];	/* gravest first */
	size_t n_problems;
	enum check_verdict verdict;
	char summary[CHECK_TEXT];
	char next[CHECK_TEXT];
};

/*
 * Notes a problem. The list is sorted by gravity and weight, then by time of
 * discovery. The caller may change what to do next.
 */
struct check_problem *check_complain(struct check *c, const struct check_rule *rule,
				     const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Finds the path to check, and what it is. @option: a path, or NULL. */
void check_device(struct check *c, const char *option);

/* Finds the devices that the hypervisor offers, their drivers and their nodes. */
void check_hypervisor(struct check *c);

void check_modules(struct check *c);

/* Finds out whether the kernel takes signed modules only, and why. */
void check_signing(struct check *c);

/* Finds out whether the kernel would load @m, which is available as @mod. */
struct kmod_ctx;
struct kmod_module;
void check_loading(const struct check *c, struct kmod_ctx *ctx, struct kmod_module *mod,
		   struct check_module *m);

/* @said receives the last line that our driver logged about the platform device @device, or "". */
void check_log(const struct check *c, const char *device, char *said, size_t size);

void check_page(struct check *c);
/* Reads and interprets the page at @path. *vcp stays open; NULL: it cannot be opened. */
void check_read_page(struct check_page *page, const char *path, struct vmclock **vcp);
void check_judge(struct check *c);

/* Without a page to judge: explains why there is none, and how to get one. */
void check_advise(struct check *c);

void check_report(const struct check *c);

/* Returns 0 or -ENOMEM. */
int check_json(const struct check *c);

#endif /* VMCLOCK_CHECK_CHECK_H */
