#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Unusual pages that are right: neither vmclock-check nor vmclock-verify finds more than advice.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${top_srcdir:=.}/tests/tools/lib.sh"

: "${VMCLOCK_VERIFY:=tools/vmclock-verify}"

# verified NAME: a case: vmclock-verify agrees on $page.
verified() {
	"$VMCLOCK_VERIFY" --gentle --for 100ms "$page" >"$tmp/out" 2>"$tmp/err"
	status=$?
	expect "$1: verified" 0 '^CONFORMS: 0 rules broken, 0 doubtful'
}

# timed NAME FIELD=VALUE...: a page with time.
timed() {
	name=$1
	shift
	run_time_page time_maxerror_nanosec=2000000 "$@"
	expect "$name" 0 '^OK: trustworthy time'
	verified "$name"
}

# marked NAME FIELD=VALUE...: a page with a marker only.
marked() {
	name=$1
	shift
	run_page "$@"
	expect "$name" 0 '^OK: the disruption marker works; the host gives no time'
	verified "$name"
}

timed 'free running' clock_status=3
timed 'UTC' time_type=0 ago=0
timed 'UTC without the TAI offset' time_type=0 ago=0 flags=0x378 tai_offset_sec=0
timed 'no generation' flags=0x79 size=0x68
timed 'as long as its fields' size=0x70
timed '64 KiB' size=0x10000 length=65536
timed 'the greatest marker and generation' disruption_marker=0xffffffffffffffff \
	vm_generation_counter=0xffffffffffffffff
timed 'a count that is about to wrap' seq_count=0xfffffffe
timed 'an estimate that is no better' time_esterror_nanosec=2000000
timed 'estimates without their flags' flags=0x351 time_esterror_nanosec=-1 \
	counter_period_esterror_rate_frac_sec=-1
timed 'noon to noon' leap_second_smearing_hint=1
timed 'UTC-SLS' leap_second_smearing_hint=2
timed 'monotonic' flags=0x3f9
timed 'a flag of a later version' flags=0x10379
timed 'updated 4 s ago' ago=4
timed 'updated 4 minutes ago, and precise' ago=240 time_maxerror_nanosec=20000000
timed 'wide bounds' time_maxerror_nanosec=500000000

marked "QEMU's" seq_count=2
marked "Firecracker's" seq_count=0 disruption_marker=0 flags=0x300
marked 'the shortest' size=0x20 length=32
marked 'to the middle' size=0x28
run_time_page time_type=2
expect 'monotonic time' 1 '^WARNING: no time: time is monotonic'
verified 'monotonic time'
# What the status does not vouch for may be anything.
marked 'without a meaning' counter_value=-1 time_sec=-1 time_maxerror_nanosec=-1 leap_indicator=3
run_time_page clock_status=4 counter_period_frac_sec=0 time_sec=-1 leap_indicator=9
expect 'unreliable' 1 '^WARNING: no time: the host says not to rely on its clock'
verified 'unreliable'

finish
