#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The steps that vmclockd has chronyd make on a marker-only page. A script is in place of chronyc;
# this machine's clock is not changed.

# shellcheck source-path=SCRIPTDIR source=daemon-lib.sh
. "${top_srcdir:=.}/tests/tools/daemon-lib.sh"

asked() { grep -q "^$1\$" "$tmp/asked"; }

# after_disruption OFFSET KEY...: records chronyd's commands with a clock that is OFFSET s slow.
after_disruption() {
	echo 0.0 >"$tmp/offset"
	rm -rf "$folder"
	offset=$1
	shift
	configure 'ntp = chrony' "chronyc = $tmp/chronyc" "$@"
	start_daemon 'right within'
	echo "$offset" >"$tmp/offset"
	: >"$tmp/asked"
	tell disrupt
	until_true asked 'reset sources'
}

is_told() {	# NAME OFFSET KEY...
	which=$1
	shift
	after_disruption "$@"
	holds "$which: it is told to step" asked makestep
	stop_daemon
}

is_not_told() {	# NAME WHY OFFSET KEY...
	which=$1
	why=$2
	shift 2
	after_disruption "$@"
	holds "$which: that is said" said "chronyd is not told to step the system clock: $why$"
	# vmclockd's next look is a second later.
	seen=$(grep -c tracking "$tmp/asked")
	more() { [ "$(grep -c tracking "$tmp/asked")" -gt $((seen + 2)) ]; }
	until_true more
	verdict "$which: it is not told to" "$(asked makestep && cat "$tmp/asked")"
	stop_daemon
}

play_chronyc
start --marker-only
is_told 'forward' 5.0
is_told 'back by little' -0.5
is_told 'forward, and step = forward' 5.0 'step = forward'
is_not_told 'back by much' 'the step would go back by more than step_back_max' -1.5
is_not_told 'back, and step = forward' 'the step would go back, and step = forward' -0.5 'step = forward'
is_not_told 'step = never' 'step = never' 0.5 'step = never'
is_not_told 'step_max' 'the step would be larger than step_max' 5.0 'step_max = 1s'
is_not_told 'step_max, back' 'the step would be larger than step_max' -0.5 'step_max = 100ms'
stop >/dev/null
finish
