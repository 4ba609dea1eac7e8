/* SPDX-License-Identifier: MIT */
/* The reaction by a page that has the time: steps, and checks against wrong steps. */
#ifndef VMCLOCKD_BY_PAGE_H
#define VMCLOCKD_BY_PAGE_H

struct daemon;

/*
 * Makes one attempt to set the clock right. If the marker changes meanwhile,
 * the attempt ends without an outcome: a new reaction is due.
 */
void by_page_react(struct daemon *d);
/* Tells the NTP daemon of the disruption again, if it has not answered and a retry is due. */
void by_page_tell_ntp_again(struct daemon *d);
/* Why the page gives no time, for the log. @error: of measure_once() or measure_twice(). */
const char *by_page_no_time(int error);

#endif /* VMCLOCKD_BY_PAGE_H */
