#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-check --openmetrics: in each state, the text is valid for monitoring
# systems, and has exactly the known values.

# shellcheck source-path=SCRIPTDIR source=metrics-lib.sh
. "${top_srcdir:=.}/tests/tools/metrics-lib.sh"

run --openmetrics --json
expect 'JSON' 3 '^vmclock-check: --openmetrics does not go with --json \(try --help\)$'
run --openmetrics --wait
expect 'together with --wait' 3 '^vmclock-check: give only one of --openmetrics, --wait and --watch'

# ---- Pages alone ----------------------------------------------------------------------

no_device='^vmclock-check: the VMClock device cannot be'
run --openmetrics
expect 'no device' 2 "$no_device opened: No such file or directory; .* without --openmetrics tells why$" \
	'^vmclock_up\{.*\} 0$' '!^vmclock_(page|time|clock|disruptions)' '^# EOF$'
accepted 'no device: the text' "$tmp/out"
echo nothing >"$page"
run --openmetrics
expect 'no page' 2 "$no_device opened: " '^vmclock_up\{.*\} 0$'
"$MAKE_PAGE" "$page" seq_count=1 || exit 99
run --openmetrics
expect 'an update without end' 2 "$no_device read: " '^vmclock_up\{.*\} 0$' '!^vmclock_page_info'

"$MAKE_PAGE" "$page" disruption_marker=18446744073709551615 || exit 99
run --openmetrics
expect 'a marker only' 0 '^vmclock_up\{device="[^"]*/vmclock0"\} 1$' \
	'^vmclock_page_info\{device="[^"]*",marker="18446744073709551615"\} 1$' \
	'^vmclock_clock_status\{.*,status="unknown"\} 1$' \
	'^vmclock_vmclockd_running\{.*\} 0$' '^vmclock_system_clock_trusted\{.*\} 0$' \
	'!^vmclock_(time|reference|disruptions|last|untrusted)' '!generation="'
accepted 'a marker only: the text' "$tmp/out"
verdict 'its end' "$([ "$(tail -n 1 "$tmp/out")" = '# EOF' ] || echo 'is another line')"

time_page flags=0x37d clock_status=9 vm_generation_counter=18446744073709551614
run --openmetrics
expect 'generation, maintenance, a status without a name' 0 \
	'^vmclock_page_info\{.*,marker="17",generation="18446744073709551614"\} 1$' \
	'^vmclock_maintenance_announced\{.*,when="soon"\} 0$' \
	'^vmclock_maintenance_announced\{.*,when="imminent"\} 1$' \
	'!^vmclock_clock_status.* 1$' '!^vmclock_(time|reference)'
accepted 'that text' "$tmp/out"

# Quotes, backslashes and bytes that are no text in a label.
odd=$tmp/$(printf 'a"b\\c\nd\377')
cp "$page" "$odd"
run --openmetrics --device "$odd"
# shellcheck disable=SC1003
expect 'a device with an odd name' 0 '^vmclock_up\{device=".*/a\\"b\\\\c\?d\?"\} 1$'
accepted 'a device with an odd name: the text' "$tmp/out"

if [ -c /dev/full ] && ! (echo >/dev/full) 2>/dev/null; then
	: >"$tmp/out"
	"$VMCLOCK_CHECK" --openmetrics >/dev/full 2>"$tmp/err"
	status=$?
	expect 'a full disk' 2 '^vmclock-check: cannot write the output'
else
	skip 'a full disk' '/dev/full is not here'
fi

# ---- Time, and vmclockd -----------------------------------------------------------------

# within NAME LOW HIGH: a case: a metric is within these limits.
within() {
	verdict "$1" "$(awk -v value="$(metric "$1")" -v low="$2" -v high="$3" 'BEGIN {
		if (value == "" || value + 0 < low || value + 0 > high)
			print value, "is not within", low, "and", high
	}')"
}

rm -f "$page"
start --maxerror=30us --marker=7 --generation=3
[ -e "$page" ] || exit 99
run --openmetrics
expect 'a page with time' 0 '^vmclock_clock_status\{.*,status="synchronized"\} 1$' \
	'^vmclock_system_clock_trusted\{.*\} 0$' '!^vmclock_(system_clock_bound|disruptions)'
# The page's own error, plus at most what its rate can add in this short time.
within vmclock_time_bound_seconds 0.00003 0.002
within vmclock_reference_age_seconds 0 10
accepted 'a page with time: the text' "$tmp/out"

trusted() {
	run --openmetrics
	[ "$(metric vmclock_system_clock_trusted)" = 1 ]
}
not_trusted() { ! trusted; }

serve
until_true trusted
expect 'trusted' 0 '^vmclock_vmclockd_running\{.*\} 1$' '^vmclock_system_clock_trusted\{.*\} 1$' \
	'^vmclock_disruptions_total\{.*\} 0$' '^vmclock_untrusted_seconds_total\{.*\} 0\.0+$' \
	'!^vmclock_last_reaction'
within vmclock_system_clock_bound_seconds 0.00003 0.1
accepted 'trusted: the text' "$tmp/out"

# vmclockd may not set the clock, so the clock stays wrong.
"$VMCLOCK_SIM" --tell "$control" disrupt step=10ms >/dev/null
until_true said 'stays untrusted'
run --openmetrics
expect 'disrupted' 0 '^vmclock_vmclockd_running\{.*\} 1$' '^vmclock_system_clock_trusted\{.*\} 0$' \
	'^vmclock_disruptions_total\{.*\} 1$' '^vmclock_reactions_total\{.*\} 1$' \
	'^vmclock_page_info\{.*marker="8"' '!^vmclock_system_clock_bound' '!^vmclock_last_reaction'
accepted 'disrupted: the text' "$tmp/out"
lasts() {
	run --openmetrics
	metric vmclock_untrusted_seconds_total | grep -v '^0\.0*$' >/dev/null
}
until_true lasts
verdict 'the time without trust shows while it lasts' "$(lasts || echo "$(metric vmclock_untrusted_seconds_total) s")"

"$VMCLOCK_SIM" --tell "$control" step -10ms >/dev/null
until_true trusted
expect 'right again' 0 '^vmclock_system_clock_trusted\{.*\} 1$' \
	'^vmclock_last_reaction_offset_seconds\{.*\} 0\.000000000$'
within vmclock_last_reaction_duration_seconds 0.000001 60
untrusted=$(metric vmclock_untrusted_seconds_total)
lasted=$(metric vmclock_last_reaction_duration_seconds)
verdict 'so long it was not trusted' "$(awk -v a="$untrusted" -v b="$lasted" 'BEGIN {
	if (a < b / 2 || a > b * 2 + 0.1)
		print a, "s untrusted, the reaction took", b
}')"
accepted 'right again: the text' "$tmp/out"

# Another device than vmclockd's.
cp "$page" "$tmp/vmclock1"
run --openmetrics --device "$tmp/vmclock1"
expect 'a device that vmclockd does not serve' 0 '^vmclock_up\{.*\} 1$' '!^vmclock_disruptions_total'

stop_daemon KILL
run --openmetrics
until_true not_trusted
expect 'vmclockd has died' 0 '^vmclock_vmclockd_running\{.*\} 0$' '^vmclock_disruptions_total\{.*\} [12]$' \
	'!^vmclock_system_clock_bound'
accepted 'vmclockd has died: the text' "$tmp/out"

# A file that others could write is not believed.
chmod 666 "$state"
run --openmetrics
expect 'a state that others can write' 0 '^vmclock_vmclockd_running\{.*\} 0$' '!^vmclock_disruptions_total'

# ---- A marker only, and a page that vmclockd completes ------------------------------------------

play_chronyc
stop
rm -rf "$folder"
start --marker-only --marker=7
[ -e "$page" ] || exit 99
serve 'ntp = chrony' "chronyc = $tmp/chronyc"
until_true trusted
expect 'a completed page' 0 '^vmclock_system_clock_trusted\{.*\} 1$' \
	'^vmclock_clock_status\{.*,status="synchronized"\} 1$'
within vmclock_time_bound_seconds 0.000015 0.1
within vmclock_reference_age_seconds 0 60
accepted 'a completed page: the text' "$tmp/out"
stop_daemon

finish
