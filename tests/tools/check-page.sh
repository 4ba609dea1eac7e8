#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-check: the content of good and incomplete pages, and what is usable.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${top_srcdir:=.}/tests/tools/lib.sh"

# ---- Pages without time --------------------------------------------------------

run_page
expect 'a marker-only page as QEMU makes it' 0 \
	'^OK: the disruption marker works' '^Next: nothing to do' \
	'kind +page file' 'counter +255 = invalid' 'disruption marker +yes: it is 1 now' \
	'time +no: .*marker-only' 'generation counter +no:' 'notification +no:'

run_page seq_count=0 disruption_marker=0 vm_generation_counter=0 flags=0x300
expect 'a marker-only page as Firecracker makes it' 0 \
	'^OK: the disruption marker works' \
	'flags +0x300 vm-gen-counter-present, notification-present' \
	'disruption marker +yes: it is 0 now' 'generation counter +yes: it is 0 now'

run_page size=0x20 length=0x20
expect 'the smallest page there can be' 0 \
	'^OK: the disruption marker works' 'size +32 bytes' '!clock status' '!TAI offset'

run_page counter_id="$counter_here"
expect 'a counter alone makes no time' 0 \
	'^OK: the disruption marker works' 'time +no: .*marker-only'

run_page disruption_marker=18446744073709551615
expect 'the marker is 64 bits wide' 0 'disruption marker +18446744073709551615$'

# ---- Pages with time -------------------------------------------------------------

run_time_page
expect 'a page with time' 0 \
	'^OK: trustworthy time \(UTC and TAI, synchronized\), within \+-1\.[0-9]+ us now' \
	'time +yes: UTC and TAI, synchronized' \
	'error bounds +yes: \+-1\.5 us at the reference, growing by [0-9]+ ns a second; \+-1\.[0-9]+ us now'
run_dated_page
expect 'its fields in plain words' 1 \
	'magic +0x4b4c4356 "VCLK"' 'size +4096 bytes' 'version +1$' 'timescale +1 = tai' \
	'sequence count +42$' 'disruption marker +17$' 'clock status +2 = synchronized' \
	'smearing hint +0 = strict' 'TAI offset +-37 s: UTC = TAI - 37 s' \
	'leap indicator +0 = none' \
	'period shift +[0-9]+$' 'counter value +[0-9]+$' '= [0-9.]+ ns, so [0-9.]+ Hz' \
	'period esterror rate .*= [0-9.]+ parts per billion' \
	'period maxerror rate .*= [0-9.]+ parts per billion' \
	'1767225637 s = 2026-01-01T00:00:37.500000000 TAI' ' 2026-01-01T00:00:00.500000000Z$' \
	'reference fraction .* = 0.500000000 s' 'time esterror +120 ns$' 'time maxerror +1500 ns = 1\.5 us$' \
	'generation counter +3$' '!not valid'

run_dated_page time_type=0 time_sec=1767225600
expect 'a UTC page' 1 'timescale +0 = utc' 's = 2026-01-01T00:00:00.500000000Z$' '!00 TAI'

run_dated_page time_type=0 time_sec=1767225600 flags=0x378
expect 'a UTC page without a TAI offset' 1 'TAI offset +not valid without its flag \(-37\)' \
	'time +yes: UTC, synchronized'

run_time_page flags=0x378
expect 'a TAI page without its offset has no UTC' 1 \
	'^WARNING: .*no UTC' 'time +yes: TAI, synchronized' '!Z$'

run_time_page time_type=2
expect 'monotonic time has no date' 1 '^WARNING: no time: time is monotonic.*no date' \
	'time +no: time is monotonic'

run_time_page clock_status=3
expect 'freerunning time may be relied on' 0 'clock status +3 = freerunning' \
	'^OK: trustworthy time \(UTC and TAI, freerunning\)' '!not valid'

run_time_page time_sec=0xffffffffffffffff
expect 'a reference time beyond all dates' 2 'reference time +18446744073709551615 s$' \
	'^NOT USABLE: no time: the reference time, 18446744073709551615 s, is after the year 9999' \
	'time +no:'

run_time_page time_sec=253402300800 time_type=0
expect 'the first second after all dates' 2 'reference time +253402300800 s$' '!10000-'

run_dated_page time_sec=253402300799
expect 'the last second of the year 9999' 1 's = 9999-12-31T23:59:59.500000000 TAI' 'time +yes'

run_dated_page leap_indicator=1
expect 'a leap second at the end of the month' 1 \
	'leap indicator +1 = pre-pos: a second is inserted' \
	' 2026-01-01T00:00:00.500000000Z$'

# 2026-01-09, but the page says that the inserted second is running.
run_time_page time_sec=1768000000 leap_indicator=3
expect 'a leap indicator that cannot be right' 1 \
	'^  leap-indicator-impossible$' '^ +leap_indicator is 3, which cannot be so at the' \
	'time +yes: TAI, synchronized' '!UTC +2026'

run_time_page time_sec=1768000000 leap_indicator=9 time_type=0 flags=0x378
expect 'an unknown leap indicator, and only UTC' 1 \
	'^WARNING: no time: leap_indicator is 9, which has no meaning' \
	'leap indicator +9 = unassigned' 'time +no:'

run_time_page counter_period_shift=255
expect 'the largest shift' 2 '^NOT USABLE: period [0-9]+ with shift 255 makes a counter of' \
	'in 1/2\^319 s, so more than 100000 GHz$' '!e\+[0-9]' '!\<inf\>' '!\<nan\>'

# ---- Statuses that give no time ----------------------------------------------------

run_time_page clock_status=0
expect 'status unknown on a page with a clock' 1 '^WARNING: no time: .*status is unknown' \
	'time +no:' 'error bounds +no:' 'reference time +not valid in this clock status \([0-9]+\)$' \
	'counter value +not valid in this clock status \([0-9]+\)'

run_time_page clock_status=1
expect 'status initializing' 1 '^WARNING: no time: .*initializing' '^Next: check again' \
	'disruption marker +yes' 'time +no:'

run_time_page clock_status=4
expect 'status unreliable' 1 '^WARNING: no time: .*unreliable' 'time +no:' 'error bounds +no:'

run_time_page clock_status=5
expect 'a status that nobody has defined' 1 'clock status +5 = unassigned' 'time +no:'

# ---- Counters, timescales, offsets ---------------------------------------------------

run_time_page counter_id=255
expect 'a clock without a counter' 1 '^WARNING: no time: .*the page names no CPU counter' 'time +no:'

run_time_page counter_id="$counter_elsewhere"
expect "another CPU's counter" 1 '^WARNING: no time: counter .* is not one of this CPU' 'time +no:'

run_time_page counter_id=7
expect 'a counter that nobody has defined' 1 'counter +7 = unassigned' 'time +no:'

for type in 3:smeared 4:maybe-smeared 9:unassigned; do
	run_time_page time_type=${type%:*}
	expect "timescale $type is not used" 1 "timescale +${type%:*} = ${type#*:}" 'time +no:' \
		"^WARNING: no time: time_type is ${type%:*}"
done

run_dated_page tai_offset_sec=37
expect 'a TAI offset with the sign of version 1.0' 1 \
	'the TAI offset is \+37 s' 'TAI offset +37 s, .*UTC = TAI - 37 s' \
	'2026-01-01T00:00:00.500000000Z$' 'time +yes: UTC and TAI'

for offset in -101 -9 0 9 101 -32768 32767; do
	run_time_page tai_offset_sec=$offset
	expect "a TAI offset of $offset is an error" 2 \
		"^NOT USABLE: the TAI offset is $offset s" \
		"TAI offset +not valid outside 10 to 100 \\($offset\\)" 'time +yes: TAI, '
done
for offset in -100 -38 -36 -10; do
	run_time_page tai_offset_sec=$offset
	expect "a TAI offset of $offset is possible, and not the system's" 1 \
		'^WARNING: the page says that TAI - UTC is .* s, this system knows 3[0-9] s' \
		"TAI offset +$offset s: UTC = TAI - ${offset#-} s"
done

run_time_page counter_period_frac_sec=0
expect 'a period of zero is an error' 2 '^NOT USABLE: no time: the counter period is zero' \
	'!so .*Hz'

# ---- Bounds ------------------------------------------------------------------------

run_time_page flags=0x339
expect 'no maximum error of the time: no bounds' 1 \
	'^WARNING: time has no error bounds: .*error of the time$' \
	'time +yes' 'error bounds +no: time has no error bounds: the host does not give' \
	'time maxerror +not valid without its flag'

run_time_page flags=0x369
expect 'no maximum error of the period: no bounds' 1 \
	'^WARNING: time has no error bounds: .*error of the period$' \
	'error bounds +no: time has no error bounds: the host does not give the maximum'

# ---- Flags --------------------------------------------------------------------------

run_page flags=0x2
expect 'a disruption soon' 1 '^WARNING: .*within about a day' 'flags +0x2 disruption-soon$'

run_page flags=0x4
expect 'a disruption imminent' 1 \
	'^WARNING: .*within about an hour' 'flags +0x4 disruption-imminent$'

run_time_page flags=0x37f tai_offset_sec=37
expect 'imminent is graver than soon, and other warnings are told too' 1 \
	'^WARNING: .*within about an hour' '!within about a day' '^Also' \
	'tai-offset-positive +the TAI'

run_page flags=0x8000000000000400
expect 'unknown flags are shown, and ignored' 0 \
	'flags +0x8000000000000400 unknown 0x8000000000000400'

# ---- Sizes -----------------------------------------------------------------------------

run_time_page size=0x70
expect 'a page of exactly the known fields' 0 'generation counter +3$'

run_time_page size=0x68
expect 'a page that ends before the generation' 1 \
	'^WARNING: .*promise a generation counter' '!generation counter +3$' \
	'time maxerror +1500 ns = ' \
	'error bounds +yes'

run_time_page size=0x68 flags=0x279
expect 'the same without the flag is all well' 0 'generation counter +no' '!generation counter +3$'

run_time_page size=0x60 flags=0x279
expect 'a page that ends before the maximum error' 1 \
	'^WARNING: the flags promise the maximum error of the time, but the page ends before' \
	'!time maxerror' 'time +yes'

run_time_page size=0x4f flags=0x279
expect 'a page that ends within the reference time' 1 '^WARNING: no time: .*the page ends before' \
	'!^  reference time' 'period maxerror rate'

run_time_page size=0x22
expect 'a page that ends before the status is marker-only' 1 \
	'!clock status' 'time +no: .*marker-only' \
	'^WARNING: .*promise a generation counter'

# ---- What cannot be, though each field is in its range ----------------------------------

for shift in 0 200; do
	run_time_page counter_period_shift=$shift
	expect "period shift $shift" 2 "^NOT USABLE: period [0-9]+ with shift $shift makes a counter of"
done
run_time_page counter_period_frac_sec=1
expect 'a period of 1' 2 '^NOT USABLE: period 1 with shift [0-9]+ makes a counter of'
shift=$(od -An -tu1 -j39 -N1 "$page" | tr -d ' ')
for other in $((shift + 1)):twice $((shift - 1)):half; do
	run_time_page counter_period_shift="${other%:*}"
	expect "a counter that is ${other#*:} as fast" 2 \
		'^NOT USABLE: the page says that the counter runs at .*, which is [0-9]+ % (faster|slower) than the'
done

run_time_page counter_value=0
expect 'counter value 0' 1 '^WARNING: the reference is .* old \(allowed: 5 minutes\)'
run_time_page counter_value=0x8000000000000000
expect 'counter value 2^63' 2 '^NOT USABLE: the reference is .* years ahead of the counter'
run_time_page counter_value=0xffffffffffffffff
expect 'counter value 2^64-1, just before 0' 1 '^WARNING: the reference is .* old'
run_time_page counter_value=1000000000000000000
expect 'a counter far ahead' 2 '^NOT USABLE: the reference is .* years ahead of the counter'

run_time_page time_sec=0
expect 'time in 1970' 1 "^WARNING: the page's time is 5[0-9.]* years behind the system clock" \
	'^Next: find out which of the two is wrong'
run_time_page time_sec=4102444800
expect 'time in 2100' 1 "^WARNING: the page's time is 7[0-9.]* years ahead of the system clock"

run_time_page time_type=0
expect 'TAI on a page that says UTC' 1 "^WARNING: the page's time is 37 s ahead of the system clock"

run_time_page time_maxerror_nanosec=0xffffffffffffffff
expect 'a maximum error of 585 years' 2 \
	'^NOT USABLE: the maximum error of the time is 585 years: it bounds nothing'
run_time_page counter_period_maxerror_rate_frac_sec=100000000000000000
expect 'a rate of one percent, in words' 0 'period maxerror rate .* = [01]\.[0-9]+ %$' '!e\+[0-9]'
run_time_page time_maxerror_nanosec=86400000000000
expect 'a maximum error of one day' 1 \
	'^WARNING: time is bounded by \+-1 day now \(allowed: 1 s\)' 'time maxerror .* = 1 day'
run_time_page time_maxerror_nanosec=1000000000
expect 'a maximum error of the second that is allowed, and its growth' 1 \
	'^WARNING: time is bounded by \+-1\.0000[0-9]+ s now \(allowed: 1 s\)'
run_time_page counter_period_maxerror_rate_frac_sec=0xffffffffffffffff
expect 'a rate that bounds nothing' 2 '^NOT USABLE: the maximum error of the period is .* %' \
	'period maxerror rate .* = .* %$' '!e\+[0-9]'
run_time_page counter_period_maxerror_rate_frac_sec=0 counter_period_esterror_rate_frac_sec=0
expect 'a rate without an error' 1 '^WARNING: the maximum error of the period is 0: no counter is exact'
run_time_page time_esterror_nanosec=1501
expect 'an estimate above the maximum' 1 \
	'^WARNING: the estimated error of the time, 1501 ns, is above the maximum, 1500 ns'
run_time_page counter_period_esterror_rate_frac_sec=7922816251427
expect 'an estimated rate above the maximum' 1 '^WARNING: the estimated error of the period'

run_time_page ago=1200
expect 'a publisher that died 20 minutes ago' 1 \
	'^WARNING: the reference is 20 minutes old \(allowed: 5 minutes\): nobody keeps' \
	'reference +20 minutes old' 'UTC +[0-9T:.-]+Z, .*s$'
run --device "$page" --max-age 30x
expect 'a limit that is none' 3 "'30x' is not a time"
run --device "$page" --max-age 30m
expect 'a limit of half an hour' 0 '^OK: trustworthy time'
run_time_page ago=4000
for limit in 66m 66min 1.1h 3999s; do
	run --device "$page" --max-age "$limit"
	expect "an age of 4000 s, and $limit allowed" 1 '^WARNING: the reference is (66\.7 minutes|400[0-9.]+ s) old'
done
for limit in 67m 1.2h 1d 4100s; do
	run --device "$page" --max-age "$limit"
	expect "an age of 4000 s, and $limit allowed" 0 '^OK: trustworthy time'
done
run_time_page ago=40
expect 'a publisher that stopped 40 seconds ago' 1 \
	'^WARNING: the reference is 40[0-9.]* s old, and its bounds have grown from 1\.5 us to .* since'
run_time_page ago=4
expect 'an update each four seconds' 0 '^OK: trustworthy time'
run_time_page ago=100
run --device "$page" --max-age 60s
expect 'a limit of one minute' 1 '^WARNING: the reference is 10[0-9] s old \(allowed: 60 s\)'
run --device "$page" --max-error 1us --max-age 1h
expect 'a limit of 1 us' 1 '^WARNING: time is bounded by .* now \(allowed: 1 us\)'

# ---- A page that vmclockd completes ---------------------------------------------------------

mkdir "$tmp/run" || exit 99
completed() {
	"$MAKE_PAGE" "$tmp/copy" time_type=0 counter_id="$counter_here" seq_count=2 \
		disruption_marker=5 flags=0x79 clock_status=2 tai_offset_sec=-37 ago=0 \
		counter_period_maxerror_rate_frac_sec=7922816251426 time_maxerror_nanosec=1500 \
		"$@" && cat "$tmp/copy" "$tmp/copy" >"$tmp/run/vmclock0" || exit 99
	VMCLOCK_RUN_DIR=$tmp/run run --device "$tmp/vmclock0"
}
"$MAKE_PAGE" "$tmp/vmclock0" disruption_marker=5 || exit 99
completed
expect 'a completed page' 0 '^OK: trustworthy time .*, completed by vmclockd\), within' \
	'time +yes: UTC and TAI, synchronized, completed by vmclockd' '!^Advice' \
	'^ +the host.s +vmclockd.s$' '^  clock status +0 = unknown +2 = synchronized$'
completed ago=1200
expect 'a completed page that is old' 1 "^WARNING: vmclockd's page: the reference is 20 minutes old" \
	'^Next: see whether vmclockd still runs'
completed time_maxerror_nanosec=86400000000000
expect 'a completed page with the bounds of a daemon that has just begun' 1 \
	"^WARNING: vmclockd's page: time is bounded by" '^Next: see how far the NTP daemon is'
completed tai_offset_sec=-38
expect 'a completed page with another TAI offset' 1 "^WARNING: vmclockd's page: the page says" \
	'^Next: update tzdata'
completed reserved=1
expect 'a completed page that is wrong' 1 "^WARNING: vmclockd's page: the unused bytes" \
	'^Next: report it to the authors of vmclock'
completed clock_status=1
expect 'a completed page without time' 0 '^OK: the disruption marker works' \
	"time +no: .*vmclockd's page:" '^  clock status .* 1 = initializing$'
completed disruption_marker=4
expect 'a completed page of another marker' 0 '^OK: the disruption marker works' 'time +no'

# ---- The gravest leads --------------------------------------------------------------------

run_time_page tai_offset_sec=37 time_esterror_nanosec=1501 leap_second_smearing_hint=7
expect 'a timescale before a hint' 1 '^WARNING: the TAI offset is \+37 s' \
	'^  smearing-unassigned' '^  esterror-above-maxerror'
run_time_page ago=600 leap_second_smearing_hint=7
expect 'a stale reference before a hint' 1 '^WARNING: the reference is 10 minutes old' \
	'^  smearing-unassigned'
run_time_page flags=0x339 leap_second_smearing_hint=7
expect 'no bounds before a hint' 1 '^WARNING: time has no error bounds' '^  smearing-unassigned'
run_time_page counter_period_shift=200 leap_second_smearing_hint=7
expect 'what is unusable before all else' 2 '^NOT USABLE: period .* shift 200' '^  smearing-unassigned'
run_time_page time_type=0 ago=0 flags=0x8000000000000379
expect 'advice is none of them' 0 '^Advice' '^  timescale-utc ' '^  flags-unknown '
run_time_page reserved=1
expect 'reserved bytes' 1 '^WARNING: the unused bytes at 0x20 are 0x01 0x00, not zero'

finish
