#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A vmclockd that is killed, and the next one: a disrupted clock stays disrupted, and
# an unbelieved time stays unbelieved. This machine's clock is not changed.

# shellcheck source-path=SCRIPTDIR source=daemon-lib.sh
. "${top_srcdir:=.}/tests/tools/daemon-lib.sh"

segment=$tmp/clockbound/shm0

exactly() { [ "$(disrupted_times)" = "$1" ]; } # so many disruptions
# The status for clients of ClockBound: 0 unknown, 1 synchronized, 3 disrupted.
bound() { [ -s "$segment" ] && [ "$(word "$segment" 68 4)" = "$1" ]; }
marker() { [ "$(state_u64 16)" = "$1" ]; }

start --marker=1 --interval=100ms
configure 'mode = observe' 'clockbound = yes' "clockbound_path = $segment"
start_daemon 'right within'
holds 'it vouches' is_trusted
holds 'to clients of ClockBound, too' bound 1
stop_daemon KILL

# ---- In a reaction --------------------------------------------------------------------

start_daemon 'right within'
holds 'another one vouches' is_trusted
verdict 'another start is no disruption' "$(exactly 0 || disrupted_times)"
tell disrupt step=10ms
holds 'it is disrupted' marker 2
holds 'and what it would do is told' said 'would step'
verdict 'clients of ClockBound see it' "$(bound 3 || word "$segment" 68 4)"
verdict 'under the new marker' "$([ "$(word "$segment" 56 8)" = 2 ] || word "$segment" 56 8)"
stop_daemon KILL
start_daemon 'reaction to it was not finished'
holds 'the reaction goes on' said 'disruption marker 0x2: the reaction to it was not finished'
holds 'by another measurement' said 'would step'
verdict 'the clock is still disrupted' "$(is_disrupted || state_u8 60)"
verdict 'by the same disruption' "$(exactly 1 || disrupted_times)"
stop_daemon KILL
tell step -10ms
start_daemon 'right within'
holds 'it is right again' is_trusted

# ---- While the host's time was not believed ---------------------------------------------

stop_daemon KILL
freeze_page
put_marker 143
for again in first second third; do
	start_daemon 'may still be the former host'
	holds "the $again one does not believe it" said 'its time may still be the former host'
	verdict "the $again one does not vouch" "$(is_disrupted || state_u8 60)"
	stop_daemon KILL
done
kill -CONT "$sim"
start_daemon 'right within'
holds 'an update later it vouches' is_trusted
stop_daemon
verdict 'after a clean end clients of ClockBound know nothing' "$(bound 0 || word "$segment" 68 4)"
finish
