#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Without --fault, every page of vmclock-sim conforms: vmclock-verify finds nothing but
# what the options ask for.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

: "${VMCLOCK_VERIFY:=tools/vmclock-verify}"

verify() {
	"$VMCLOCK_VERIFY" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# mode ARG...: a case: a page of these options conforms.
mode() {
	start "$@"
	verify --for 300ms --gentle "$page"
	expect "conforms: $*" 0 '^CONFORMS: 0 rules broken, 0 doubtful'
	stop
}

# doubt RULE ARG...: a case: the options ask for a page that this rule doubts.
doubt() {
	rule=$1
	shift
	start "$@"
	verify --for 300ms --gentle "$page"
	expect "doubtful by $rule only: $*" 1 "^doubtful: $rule\$" \
		'^DOUBTFUL: 0 rules broken, 1 doubtful'
	stop
}

for value in unknown initializing synchronized freerunning unreliable; do
	mode --status "$value"
done
for value in strict noon-linear utc-sls; do
	mode --smearing "$value"
	mode --utc --smearing "$value"
done
for size in 32 40 80 104 112 65536; do
	mode --size "$size"
done
mode --marker-only
mode --start now
mode --interval 0
mode --interval 1ms
mode --interval 10s
mode --hold
mode --frequency 100
mode --frequency -100 --start now
mode --drift 10
mode --maxerror 0
mode --period-maxerror 10000 --hold
mode --marker 18446744073709551615 --generation 0
mode --flags 0x80
doubt no-bounds --no-bounds
doubt no-bounds --size 88
doubt maxerror-zero --period-maxerror 0
doubt no-utc --tai-offset none
doubt tai-offset-positive --tai-offset 37
doubt clock-differs --start 2100-01-01

# events NAME ARG... -- COMMAND...: a case: a page to which this happens conforms. With
# $rule, this rule doubts it, and no other does.
events() {
	what=$1
	shift
	set_up=
	while [ "$1" != -- ]; do
		set_up="$set_up $1"
		shift
	done
	shift
	head -c 4096 /dev/zero >"$tmp/ram"
	# shellcheck disable=SC2086	# words of a list
	start_at "$tmp/ram" --at 0 $set_up
	# From the host's side: other clocks of this machine do not matter.
	"$VMCLOCK_VERIFY" --gentle --at 0 "$tmp/ram" >"$tmp/verdict" 2>"$tmp/verdict.err" &
	verifier=$!
	for command; do
		# shellcheck disable=SC2086	# words of a command
		tell $command
		[ "$status" = 0 ] || echo "# not done: $command"
		seq=$("$SIM_READER" "$tmp/ram" get seq_count)
		until_true newer
	done
	if [ "$what" = 'a leap second' ]; then
		reader_at "$tmp/ram" "$what:$set_up: it comes" wait leap_indicator "$after"
	fi
	kill -INT "$verifier"
	wait "$verifier"
	status=$?
	cp "$tmp/verdict" "$tmp/out"
	cp "$tmp/verdict.err" "$tmp/err"
	if [ "$rule" ]; then
		expect "$what:$set_up" 1 "^doubtful: $rule\$" '^DOUBTFUL: 0 rules broken, 1 doubtful'
	else
		expect "$what:$set_up" 0 '^CONFORMS: 0 rules broken, 0 doubtful'
	fi
	stop
}

# Two more updates: the one of the command is judged, and one after it.
newer() {
	[ "$("$SIM_READER" "$tmp/ram" get seq_count)" -gt $((seq + 3)) ]
}

# Leap seconds in a year that no list of leap seconds covers.
for type in --interval=20ms --utc; do
	rule=
	events disruptions "$type" -- 'disrupt step=10ms ppm=-50' 'disrupt step=-5s' 'snapshot step=1h' \
		'marker 0' 'marker 7' 'generation 9'
	events 'a clock that moves' "$type" -- 'frequency 0.5' 'frequency 100' 'drift 1' 'step 1us' \
		'step 10ms' 'step -10ms'
	events maintenance "$type" -- soon imminent disrupt calm
	events 'every status' "$type" -- 'status unknown' 'status initializing' 'status freerunning' \
		'status unreliable' 'status synchronized'
	events 'no time for a while' "$type" -- 'marker-only on' 'disrupt step=1s' 'marker-only off'
	events 'every smearing' "$type" -- 'smearing noon-linear' 'smearing utc-sls' 'smearing strict'
	after=4
	events 'a leap second' "$type" --start=2016-12-31T23:59:58 --tai-offset=-36 -- 'leap pos'
	after=5
	events 'a leap second' "$type" --start=2040-06-30T23:59:58 -- 'leap neg'
	rule=leap-withdrawn
	events 'a leap second that is called off' "$type" --start=2040-06-01 -- 'leap pos' 'leap none' \
		'leap neg' 'leap none'
done
rule=
events 'every interval' -- 'interval 1ms' 'interval 0' 'interval 50ms'

# A restart in place is a disruption.
start
"$VMCLOCK_VERIFY" --gentle "$page" >"$tmp/verdict" 2>"$tmp/verdict.err" &
verifier=$!
kill -KILL "$sim"
wait "$sim" 2>/dev/null
start
reader 'it goes on' nested 3
kill -INT "$verifier"
wait "$verifier"
status=$?
cp "$tmp/verdict" "$tmp/out"
cp "$tmp/verdict.err" "$tmp/err"
expect 'kill -9 and a restart' 0 '^CONFORMS: 0 rules broken, 0 doubtful'
stop

finish
