#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-sim: the commands that change the clock while it runs.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

# ---- Commands, one by one ---------------------------------------------------------

start
tell show
expect 'show' 0 "^file $page\$" '^clock host$' '^frequency_ppm \+0\.0' '^disruption_marker 1$' \
	'!^ok'
tell disrupt
expect 'disrupt' 0
is 'another marker' disruption_marker 2
is 'the same generation' vm_generation_counter 1
reader 'and the same time' host 0
reader 'with new promises' nested 5
tell disrupt step=10ms ppm=-50
is 'a step and another frequency' disruption_marker 3
tell show
expect 'show the frequency' 0 '^frequency_ppm -50\.0'
tell disrupt ppm=0
tell disrupt step=-1s
"$SIM_READER" "$page" host 0 >"$tmp/out" && why='it is' || why=''
verdict 'the host'\''s time is not the page'\''s any more' "$why"
tell disrupt step=990ms
# While a few commands run, 50 ppm are less than a second.
tell disrupt step=10ms
"$SIM_READER" "$page" host 1000000000 >"$tmp/out" && why='it is' || why=''
verdict 'nor is it a second off' "$why"
stop

start --maxerror 1ms
tell step 250ms
expect 'step' 0
is 'is a disruption' disruption_marker 2
reader 'by just so much' host 250000000
tell step 100us
is 'a step within the bounds is none' disruption_marker 2
reader 'but so much' host 250100000
tell frequency 0.5
is 'nor is a frequency within its bounds' disruption_marker 2
tell frequency 20ppm
is 'another frequency is' disruption_marker 3
reader 'new promises' nested 5
stop
expect 'it says so' 0 '^vmclock-sim: the clock left its bounds: disruption marker 2$' \
	'marker 3$'

start
tell snapshot
is 'snapshot: marker' disruption_marker 2
is 'snapshot: generation' vm_generation_counter 2
n=0
for name in unknown initializing synchronized freerunning unreliable; do
	tell status $name
	is "status $name" clock_status $n
	n=$((n + 1))
done
tell status synchronized
tell smearing noon-linear
is 'smearing' leap_second_smearing_hint 1
tell leap pos
is 'leap pos' leap_indicator 1
tell leap neg
is 'leap neg' leap_indicator 2
tell leap none
is 'leap none' leap_indicator 0
tell soon
is 'soon' flags "$((0x17b))"
tell imminent
is 'imminent' flags "$((0x17f))"
tell calm
is 'calm' flags "$((0x179))"
tell marker-only on
is 'marker only: status' clock_status 0
is 'marker only: flags' flags "$((0x100))"
is 'marker only: the counter is constant' counter_id "$counter_here"
tell marker-only off
is 'and back' clock_status 2
reader 'and right' host 0

tell marker 18446744073709551615
is 'marker' disruption_marker 18446744073709551615
is 'and the same generation' vm_generation_counter 2
reader 'a marker makes new promises' nested 3
tell marker 0
is 'marker 0' disruption_marker 0
tell generation 77
is 'generation' vm_generation_counter 77
is 'and the same marker' disruption_marker 0
tell tai-offset -36
is 'tai-offset' tai_offset_sec -36
tell tai-offset none
is 'no tai-offset: the flag' flags "$((0x178))"
tell tai-offset -37
is 'tai-offset again' tai_offset_sec -37
tell interval 1ms
reader 'interval' nested 500
tell interval 0
reader 'interval 0' nested 5000
tell interval 100ms
tell help
expect 'help' 0 '^  disrupt \[step=TIME\] \[ppm=N\] ' '^  interval TIME ' '^  quit '
tell disrupt step=1ms step=2ms
expect 'two steps' 3 '^vmclock-sim: disrupt: step is given twice; give it once$'
tell snapshot ppm=1 ppm=1
expect 'two frequencies' 3 '^vmclock-sim: snapshot: ppm is given twice; give it once$'
tell marker -1
expect 'a marker that is none' 3 "^vmclock-sim: marker: '-1' is no number within"
tell tai-offset x
expect 'an offset that is none' 3 "^vmclock-sim: tai-offset: 'x' is neither none nor a number"
tell status unreliable '#' not for long
expect 'a comment' 0
is 'behind a command' clock_status 4
tell status synchronized
tell frobnicate
expect 'no such command' 3 '^vmclock-sim: frobnicate: there is no such command; try help$'

tell disrup
expect 'a command with a letter missing' 3 '^vmclock-sim: disrup: there is no such command; did you mean disrupt\?$'
tell marker_only on
expect 'a command with a wrong letter' 3 'did you mean marker-only\?$'

# ---- Mishaps ----------------------------------------------------------------------

tell stall on
expect 'stall' 0
reader 'the sequence count is odd' odd 300
tell status freerunning
reader 'and stays odd' odd 300
tell stall off
is 'what happened meanwhile is published then' clock_status 3
reader 'and updates go on' nested 5
tell stall 1s
reader 'stall for a while' wait-odd
reader 'and updates go on by themselves' nested 5
reader 'with right time' host 0

seq=$(get seq_count)
# Longer than a busy machine takes to look; the second time ends it.
tell garbage 10m
garbled() {
	[ "$(od -An -tx4 -N4 "$page" | tr -d ' ')" != 4b4c4356 ]
}
until_true garbled && why='' || why='it does not'
verdict 'garbage reaches what is constant' "$why"
tell garbage 1ms
reader 'and goes' wait magic "$((0x4b4c4356))"
reader 'updates go on after garbage' nested 5
reader 'with right time after garbage' host 0
[ "$(get seq_count)" -gt "$seq" ] && why='' || why='it went back'
verdict 'the sequence count went on' "$why"

tell quit
wait "$sim"
status=$?
sim=
expect 'quit' 0
[ ! -e "$page" ] && why='' || why='it is'
verdict 'the file is gone' "$why"

# ---- Leap seconds -----------------------------------------------------------------

echo 'at 0 leap pos' >"$tmp/pos"
echo 'at 0 leap neg' >"$tmp/neg"
for type in TAI --utc; do
	set -- --interval 20ms
	[ "$type" = TAI ] || set -- --interval 20ms --utc
	start --start 2016-12-31T23:59:56 --tai-offset -36 --script "$tmp/pos" "$@"
	reader "$type: before an inserted second" wait leap_indicator 1 tai_offset_sec -36
	reader "$type: in it" \
		wait leap_indicator 3 tai_offset_sec -37 utc 2016-12-31T23:59:59
	reader "$type: after it" \
		wait leap_indicator 4 tai_offset_sec -37 utc 2017-01-01T00:00:00
	reader "$type: promises kept" nested 20
	tell leap none
	reader "$type: forgotten, but for the offset" wait leap_indicator 0 tai_offset_sec -37
	stop
	start --start 2026-06-30T23:59:56 --script "$tmp/neg" "$@"
	reader "$type: before a deleted second" wait leap_indicator 2 utc 2026-06-30T23:59:58
	reader "$type: after it" wait leap_indicator 5 tai_offset_sec -36 utc 2026-07-01T00:00:00
	stop
done

# ---- Drift ------------------------------------------------------------------------

start --start 2030-01-01T00:00:00 --drift 0.01
reader 'drift within the bounds' nested 20
stop
expect 'is no disruption' 0 '!bounds'
start --drift 5
reader 'a drift out of the bounds is' wait disruption_marker 2
stop
expect 'and said' 0 'the clock left its bounds'

# ---- Wrong commands ---------------------------------------------------------------

start
wrong() {	# COMMAND PATTERN
	# shellcheck disable=SC2086
	tell $1
	expect "wrong: $1" 3 "^vmclock-sim: $2"
}
wrong frobnicate 'frobnicate: there is no such command; try help'
wrong 'disrupt step=10000000' \
	"disrupt: 'step=10000000' is not a step; give a unit: step=10ms"
wrong 'disrupt soon' "disrupt: what is 'soon'\\? step=TIME and ppm=N"
wrong 'disrupt ppm=x' "disrupt: 'x' is not a frequency; give ppm within"
wrong 'disrupt step=1s ppm=1 ppm=2' "disrupt: write 'disrupt \\[step=TIME\\]"
wrong status "status: write 'status NAME'"
wrong 'status good' "status: there is no 'good'; there are unknown, init"
wrong 'smearing 1' "smearing: there is no '1'; there are strict"
wrong 'leap maybe' "leap: 'maybe' is not one of pos, neg and none"
wrong 'soon now' "soon: write 'soon'"
wrong 'frequency fast' "frequency: 'fast' is not a frequency"
wrong 'frequency 10001' "frequency: '10001' is not a frequency"
wrong 'step 1y' "step: '1y' is not a time"
wrong 'stall -1s' "stall: '-1s' is not a duration"
wrong 'stall 0' "stall: '0' is not a duration"
wrong 'garbage off' "garbage: 'off' is not a duration"
wrong 'marker-only yes' "marker-only: 'yes' is neither on nor off"
wrong "$(printf '%0300d' 0)" 'the line is too long'
tell "$(printf 'x\033[31m')"
expect 'wrong: control characters are not repeated' 3 '^vmclock-sim: x\?\[31m: there is no'
is 'none of them did anything' disruption_marker 1
stop
expect 'nor ended it' 0

# ---- By stdin, and by a script ----------------------------------------------------

printf 'show\n\nfrobnicate\r\n%0600d\nstatus freerunning\nshow\nquit' 0 |
	timeout 20 "$VMCLOCK_SIM" "$page" >"$tmp/out" 2>"$tmp/err"
status=$?
expect 'commands on stdin' 0 '^clock_status synchronized$' '^clock_status freerunning$' \
	'^vmclock-sim: frobnicate: there is no such' '^vmclock-sim: the line is too long'

printf 'status unreliable\0\nsoon # %01000d\nshow\nquit\n' 0 |
	timeout 20 "$VMCLOCK_SIM" "$page" >"$tmp/out" 2>"$tmp/err"
status=$?
expect 'a NUL byte on stdin, and a long comment' 0 '^clock_status synchronized$' \
	'^flags 0x17b$' '^vmclock-sim: there is a NUL byte' '!too long'

printf 'disrupt\nshow' | {
	timeout 20 "$VMCLOCK_SIM" --script /dev/fd/3 "$page" 3<<-'END' >"$tmp/out" 2>"$tmp/err"
		# A comment, an empty line

		at 0 status unreliable
		at 0.2 disrupt step=1s	# as on another host
		at 300ms show
		  at	300ms	quit
	END
}
status=$?
expect 'a script, and the end of stdin' 0 '^clock_status unreliable$' '^disruption_marker 2$' \
	'^disruption_marker 3$'

script() {	# NAME PATTERN LINE...
	name=$1 pattern=$2
	shift 2
	printf '%s\n' "$@" >"$tmp/script"
	run --script "$tmp/script" "$page"
	expect "$name" 3 "^vmclock-sim: $tmp/script:$pattern"
}
printf 'at 0 show\0 at 0 quit\n' >"$tmp/script"
run --script "$tmp/script" "$page"
expect 'a script: a NUL byte' 3 "^vmclock-sim: $tmp/script:1: there is a NUL byte in the line"
printf 'at 0 quit # %01000d at 0 frobnicate\r\n' 0 >"$tmp/script"
run --script "$tmp/script" "$page"
expect 'a script: a long comment' 0 '!frobnicate'
printf '# %06000d\nat 0\tshow\nat 0 quit' 0 >"$tmp/script"
run --script "$tmp/script" "$page"
expect 'a script: tabs, and no newline at its end' 0 '^clock_status synchronized$'
script 'a script: a long line' '1: the line is too long for a command' "at 0 $(printf '%01000d' 0)"
script 'a script: control characters' "1: '.\[31m' is not a time" "at $(printf '\033[31m') quit"
script 'a script: another word' "1: write 'at TIME COMMAND'" 'in 5s quit'
script 'a script: no command' "2: write 'at TIME COMMAND'" 'at 0 show' 'at 1'
script 'a script: no time' "1: 'soon' is not a time" 'at soon quit'
script 'a script: backwards' '2: it is earlier' 'at 2s show' 'at 1s quit'
script 'a script: no such command' '1: jump: there is no such command' 'at 1s jump'

run --script /dev/zero "$page"
expect 'a script without an end' 3 "^vmclock-sim: /dev/zero:1: the line is too long$"

# Signals come through, whatever there is to read.
timeout -k 20 1 "$VMCLOCK_SIM" "$page" </dev/zero >"$tmp/out" 2>"$tmp/err"
status=$?
expect 'commands without an end, and SIGTERM' 124 '^publishing'
[ ! -e "$page" ] && why='' || why='it is there'
verdict 'commands without an end: the file is gone' "$why"

# ---- A simulator that does not answer ----------------------------------------------

start
kill -STOP "$sim"
tell show
expect 'a stopped simulator' 2 '^vmclock-sim: the simulator does not answer within 10 s'
kill -CONT "$sim"
tell show
expect 'it goes on' 0 '^disruption_marker 1$'
stop

finish
