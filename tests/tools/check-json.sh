#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-check --json: well-formed, complete, the same in every situation.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${top_srcdir:=.}/tests/tools/lib.sh"

run_json() {
	run --json --device "$page"
}

time_page
run_json
expect 'JSON of a good page: exit status' 0
field 'verdict' .verdict '"ok"'
field 'exit status' .exit_status 0
field 'next step' .next_step '"nothing to do"'
field 'no problems' .problems '[]'
field 'time' .usable.time.usable true
field 'bounds' .usable.bounds.usable true
field 'notification' .usable.notification.usable false
field 'kind' .device.kind '"file"'
field 'source' .device.source '"option"'
field 'no hypervisor for a file' .hypervisor null
field 'no modules for a file' .modules null
field 'a number' .page.seq_count.value 42
field 'a signed number' .page.tai_offset_sec.value -37
field 'an enumerated value' .page.clock_status '{"value":2,"name":"synchronized","valid":true}'
dated_page
run_json
field 'the date' .page.reference_time '"2026-01-01T00:00:37.500000000"'
field 'the date in UTC' .page.reference_time_utc '"2026-01-01T00:00:00.500000000Z"'

# Numbers of 64 bits, which some readers of JSON cannot hold.
time_page disruption_marker=18446744073709551615
run_json
expect 'numbers of 64 bits are exact' 0 '"value":18446744073709551615,?$'
# jq 1.6 rounds the number.
field 'and given as a string' .page.disruption_marker.string '"18446744073709551615"'

time_page clock_status=9 flags=0x379 counter_value=987654321000
run_json
field 'a value without a name' .page.clock_status '{"value":9,"name":null,"valid":true}'
field 'a field that the status makes invalid' .page.counter_value \
	'{"value":987654321000,"string":"987654321000","valid":false,"invalid_for":"status"}'

time_page flags=0x37e tai_offset_sec=-37 size=0x68
run_json
expect 'JSON of a page with warnings: exit status' 1
field 'verdict of a warning' .verdict '"warning"'
field 'the gravest problem first' .problems[0].code '"disruption-imminent"'
field 'gravity' .problems[0].gravity '"warning"'
field 'a field that its flag makes invalid' .page.tai_offset_sec.invalid_for '"flag"'
expect 'fields that the page does not cover are absent' 1 '!"vm_generation_counter"'

run --json --device "$tmp/nothing"
expect 'JSON of nothing: exit status' 2
field 'verdict of nothing' .verdict '"unusable"'
field 'no page' .page null
field 'problem' .problems[0].code '"no-such-path"'
field 'kind of nothing' .device.kind '"missing"'
expect 'and all keys are there' 2 '"hypervisor":' '"kernel":' '"modules":' '"usable":' '"summary":'

"$MAKE_PAGE" "$page" seq_count=1 || exit 99
run_json
expect 'JSON of a page in an endless update: exit status' 2
field 'what is known of it' .page.seq_count.value 1
field 'problem of it' .problems[0].code '"stuck-update"'

# Bytes that are no UTF-8, or unsafe for a terminal, are replaced; others are kept.
for path in '300:x\?y' '300\257:x\?\?y' '355\240\200:x\?\?\?y' '364\220\200\200:x\?{4}y' \
	'377:x\?y' '342\202:x\?\?y' '302\233:x\?\?y' '033:x\?y' '042\134:x\\"\\\\y' \
	'303\274:x..y' '360\237\230\200:x....y'; do
	# shellcheck disable=SC2059
	name=$(printf "\\${path%%:*}")
	run --json --device "$tmp/x${name}y"
	expect "a path with the bytes ${path%%:*}" 2 "\"path\":\".*/${path#*:}\",?$"
	field 'it is JSON' .exit_status 2
done

finish
