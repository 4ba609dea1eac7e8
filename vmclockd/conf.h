/* SPDX-License-Identifier: MIT */
/* The configuration, vmclockd.conf(5). */
#ifndef VMCLOCKD_CONF_H
#define VMCLOCKD_CONF_H

#include <stdbool.h>
#include <stdint.h>

/* The unit test has another one. */
#ifndef CONFIG_PATH
#define CONFIG_PATH "/etc/vmclock/vmclockd.conf"
#endif

enum config_mode { MODE_ACT, MODE_OBSERVE };
enum config_ntp { NTP_AUTO, NTP_CHRONY, NTP_TIMESYNCD, NTP_NTPSEC, NTP_NONE };
enum config_step { STEP_ALWAYS, STEP_FORWARD, STEP_NEVER };

/* Times in ns. */
struct config {
	char *device;
	char *folder;			/* where state and pages are kept */
	char *chronyc;
	char *busctl;
	char *systemctl;
	char *hooks;			/* the folder with the administrator's */
	char *clockbound_path;
	char *metrics;			/* the file for node_exporter; NULL: none */
	int mode;			/* enum config_mode and so on */
	int ntp;
	int step;
	int clockbound;			/* 1: its clients are served */
	int source_smears;		/* 1: the time servers smear leap seconds */
	int64_t step_min;		/* less than that is left as it is */
	int64_t step_max;		/* 0: there is no limit */
	int64_t step_back_max;
	int64_t step_max_error;		/* bounds wider than that move nothing */
	int64_t hook_timeout;
	int64_t slew_max;		/* in a second, by an NTP daemon */
	int64_t trusted_max_error;	/* nor do they vouch for anything */
};

/**
 * config_read() - the defaults, and what the file has instead
 * @config:	receives the configuration; config_free() it, whatever this returns
 * @path:	NULL: CONFIG_PATH, which need not exist
 *
 * Return: 0, or -1 with a line that names file, line and remedy for each mistake.
 */
int config_read(struct config *config, const char *path);
void config_free(struct config *config);

const char *config_ntp_name(enum config_ntp ntp);

#endif /* VMCLOCKD_CONF_H */
