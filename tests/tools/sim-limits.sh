#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-sim: times, frequencies and offsets that a page cannot have.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

# out NAME COMMAND: a case: refused, because the clock would leave the calendar.
out() {
	# shellcheck disable=SC2086	# words of a command
	tell $2
	expect "$1: $2" 3 "^vmclock-sim: ${2%% *}: .* 1970 to 9998; give a smaller step\$"
}

year() {	# NAME YEAR
	got=$(get utc)
	[ "${got%%-*}" = "$2" ] && why='' || why="it is $got"
	: >"$tmp/out"
	verdict "$1: the year $2" "$why"
}

# ---- Time ---------------------------------------------------------------------------------

for type in TAI --utc; do
	set -- --hold
	[ "$type" = TAI ] || set -- --hold --utc
	start --start 1970-01-01 "$@"
	out "$type, 1970" 'step -60s'
	out "$type, 1970" 'disrupt step=-1h ppm=5'
	out "$type, 1970" 'snapshot step=-10000d'
	is "$type: no disruption" disruption_marker 1
	is "$type: no clone" vm_generation_counter 1
	year "$type" 1970
	tell step 11000d
	expect "$type: a step forward" 0
	year "$type" 2000
	tell disrupt step=-10999d
	expect "$type: and back" 0
	year "$type" 1970
	stop
	start --start 9998-12-31 "$@"
	out "$type, 9998" 'step 2d'
	out "$type, 9998" 'disrupt step=10000d'
	tell step 1h
	expect "$type: less" 0
	year "$type" 9998
	stop
done

start
tell step -9000d
tell step -9000d
expect 'the host'\''s clock: a step' 0
out 'the host'\''s clock' 'step -9000d'
year 'the host'\''s clock' 1977
stop

printf 'at 0 step -1d\nat 0.1 status freerunning\nat 0.1 show\nat 0.1 quit\n' >"$tmp/script"
run --start 1970-01-01 --script "$tmp/script" "$page"
expect 'a script: the rest is done' 3 "^vmclock-sim: $tmp/script:1: step: .* smaller step\$" \
	'^clock_status freerunning$'

# What a fault adds may not lie before 1970.
run --start 1970-01-01 --fault reference-old "$page"
expect 'a fault in 1970' 3 '^vmclock-sim: --fault and --start contradict each other: '
start --start 1970-01-02 --fault reference-old
[ "$(get time_sec)" -lt 86400 ] && why='' || why="time_sec is $(get time_sec)"
verdict 'a fault on the next day' "$why"
for command in 'step 1s' 'frequency 1' 'drift 1' 'disrupt step=1s' 'disrupt ppm=1'; do
	# shellcheck disable=SC2086	# words of a command
	tell $command
	expect "a fault: $command" 3 "^vmclock-sim: ${command%% *}: .*--fault"
done
stop

# ---- Frequency ----------------------------------------------------------------------------

at_limit() {
	tell show
	! grep -q "^frequency_ppm [+-][0-9]\{1,4\}\." "$tmp/out"
}

for drift in 10000 -10000; do
	case $drift in
	-*) limit=-10000 ;;
	*) limit='\+10000' ;;
	esac
	for clock in host 2030-01-01; do
		set -- --drift "$drift" --interval 10ms
		[ "$clock" = host ] || set -- "$@" --start "$clock"
		start "$@"
		until_true at_limit
		expect "$clock, --drift $drift: the frequency ends at its limit" 0 \
			"^frequency_ppm $limit\.000000\$"
		# The kink lies between two readings of the clock, so it may be a disruption too.
		tell disrupt
		marker=$(get disruption_marker)
		reader "$clock, --drift $drift: it runs evenly from then on" nested 50
		is "$clock, --drift $drift: no disruption more" disruption_marker "$marker"
		stop
	done
done

# ---- The TAI offset -------------------------------------------------------------------------

for offset in 32767 -32768; do
	start --tai-offset "$offset" --start 2030-06-30
	tell leap pos
	expect "an offset of $offset that grows" 3 '^vmclock-sim: leap: .*tai-offset'
	is "$offset: it stays" leap_indicator 0
	tell leap neg
	expect "an offset of $offset that shrinks" 0
	stop
done

finish
