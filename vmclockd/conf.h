/* SPDX-License-Identifier: MIT */
/* The configuration, vmclockd.conf(5). */
#ifndef VMCLOCKD_CONF_H
#define VMCLOCKD_CONF_H

#include <stdbool.h>
#include <stdint.h>

/* The unit test uses another path. */
#ifndef CONFIG_PATH
#define CONFIG_PATH "/etc/vmclock/vmclockd.conf"
#endif

enum config_mode { MODE_ACT, MODE_OBSERVE };
enum config_ntp { NTP_AUTO, NTP_CHRONY, NTP_TIMESYNCD, NTP_NTPSEC, NTP_NONE };
enum config_step { STEP_ALWAYS, STEP_FORWARD, STEP_NEVER };

/* Times in ns. */
struct config {
	char *device;
	char *folder;			/* the folder of state and completed pages */
	char *chronyc;
	char *chronyd_socket;		/* NULL: the usual one */
	char *busctl;
	char *systemctl;
	char *hooks;			/* the administrator's folder of hooks */
	char *clockbound_path;
	char *metrics;			/* the file for node_exporter; NULL: none */
	int mode;			/* enum config_mode and so on */
	int ntp;
	int step;
	int clockbound;			/* 1: clients of ClockBound are served */
	int source_smears;		/* 1: the time servers smear leap seconds */
	int64_t step_min;		/* a smaller offset is not stepped */
	int64_t step_max;		/* a larger offset is not stepped; 0: there is no limit */
	int64_t step_back_max;
	int64_t step_max_error;		/* with a larger error the clock is not stepped */
	int64_t hook_timeout;
	int64_t slew_max;		/* an NTP daemon's largest slew in a second */
	int64_t trusted_max_error;	/* with a larger error the clock is not trusted */
};

/**
 * config_read() - read the configuration, with defaults for missing keys
 * @config:	receives the configuration; call config_free() even after a failure
 * @path:	NULL: CONFIG_PATH, which need not exist
 *
 * Return: 0; or -1, after a log line for each mistake, with file, line and remedy.
 */
int config_read(struct config *config, const char *path);
void config_free(struct config *config);

const char *config_ntp_name(enum config_ntp ntp);

#endif /* VMCLOCKD_CONF_H */
