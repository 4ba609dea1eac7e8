#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-check --watch: a line for each change, at once, and how it ends.

# shellcheck source-path=SCRIPTDIR source=metrics-lib.sh
. "${top_srcdir:=.}/tests/tools/metrics-lib.sh"

watch=
trap '[ -z "$watch" ] || kill "$watch"; end_all; rm -rf "$tmp"' EXIT
stamp='^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z'

# Runs it without a new shell, so that $! is its own number, and makes SIGINT effective again.
watch() {
	: >"$tmp/out"
	env --default-signal=INT "$VMCLOCK_CHECK" --watch "$@" </dev/null >"$tmp/out" 2>"$tmp/err" &
	watch=$!
}

# end_watch SIGNAL: ends it by the signal.
end_watch() {
	[ -z "$1" ] || kill -"$1" "$watch"
	wait "$watch"
	status=$?
	watch=
}

# shows NAME PATTERN: a case: a line matches, soon.
shows() {
	why=
	until_true grep -Eq -e "$2" "$tmp/out" || why="no line shows: $2"
	verdict "$1" "$why"
}

told() {
	grep -Ec -e "$1" "$tmp/out"
}

run --watch --wait
expect 'together with --wait' 3 '^vmclock-check: give only one of --openmetrics, --wait and --watch'
run --watch --max-error=3
expect 'a largest error without a unit' 3 "^vmclock-check: --max-error: '3' is not a time"
run --watch
expect 'no device' 2 '^vmclock-check: the VMClock device cannot be opened: No such file or directory; .* without --watch tells why$'

# ---- Lines ------------------------------------------------------------------------------

start --maxerror=30us --marker=7 --generation=3
[ -e "$page" ] || exit 99
watch --max-error=1ms
shows 'what there is at first: device' "$stamp device present$"
shows 'marker' "$stamp marker 7$"
shows 'generation' "$stamp generation 3$"
shows 'status' "$stamp status synchronized$"
shows 'maintenance' "$stamp maintenance none$"
shows 'trust' "$stamp trust no vmclockd$"
shows 'bound' "$stamp bound within$"
serve
shows 'vmclockd has come' "$stamp trust .*-> trusted$"
"$VMCLOCK_SIM" --tell "$control" imminent >/dev/null
shows 'maintenance is announced' "$stamp maintenance none -> imminent$"
"$VMCLOCK_SIM" --tell "$control" disrupt step=10ms >/dev/null
shows 'a disruption' "$stamp marker 7 -> 8$"
shows 'and nobody vouches' "$stamp trust trusted -> disrupted$"
"$VMCLOCK_SIM" --tell "$control" status unreliable >/dev/null
shows 'the status' "$stamp status synchronized -> unreliable$"
shows 'without time there are no bounds' "$stamp bound within -> none$"
"$VMCLOCK_SIM" --tell "$control" status synchronized >/dev/null
shows 'they are back' "$stamp bound none -> within$"
"$VMCLOCK_SIM" --tell "$control" step -10ms >/dev/null
shows 'right again' "$stamp trust disrupted -> trusted$"
"$VMCLOCK_SIM" --tell "$control" snapshot >/dev/null
shows 'a clone' "$stamp generation 3 -> 4$"
end_watch INT
expect 'SIGINT' 0
verdict 'times are UTC' "$(head -n 1 "$tmp/out" | cut -c 1-13 |
	grep -qxF -e "$(date -u +%Y-%m-%dT%H)" -e "$(date -u -d '-1 hour' +%Y-%m-%dT%H)" || head -n 1 "$tmp/out")"
verdict 'a line is a change' "$(awk '$3 && $4 == "->" && $3 == $5' "$tmp/out")"
verdict 'each change is told once' "$([ "$(told 'generation 3 -> 4$')" = 1 ] || echo 'or is not')"

watch
# The clone was a disruption, too: vmclockd may still be in its reaction.
shows 'without --max-error' "$stamp trust (disrupted -> )?trusted$"
end_watch TERM
expect 'SIGTERM; no bounds' 0 '!bound'

watch --json
shows 'JSON' '"what":"trust","before":null,"now":"trusted"'
"$VMCLOCK_SIM" --tell "$control" disrupt >/dev/null
shows 'JSON of a change' '"what":"marker","before":[0-9]+,"now":[0-9]+}$'
end_watch INT
expect 'JSON: SIGINT' 0 "^\\{\"time\":\"${stamp#^}\",\"monotonic_ns\":[0-9]+,\"what\":\"device\",\"before\":null,\"now\":\"present\"\\}$"
cp "$tmp/out" "$tmp/lines"
wrong=
while read -r line; do
	echo "$line" >"$tmp/out"
	json .what >/dev/null 2>&1
	case $? in 0 | 77) ;; *) wrong="$wrong $line" ;; esac
done <"$tmp/lines"
verdict 'each line is JSON' "$wrong"
stop_daemon
stop

"$MAKE_PAGE" "$page" disruption_marker=18446744073709551615 || exit 99
watch --json
shows 'numbers of 64 bits are exact' '"what":"marker","before":null,"now":18446744073709551615}'
end_watch INT

# ---- Nobody reads ---------------------------------------------------------------------------

# Nothing may change, but vmclockd's last state would expire: remove it.
rm -r "$folder"
mkfifo "$tmp/pipe"
: >"$tmp/err"
"$VMCLOCK_CHECK" --watch >"$tmp/pipe" 2>"$tmp/err" &
watch=$!
# The reader leaves after the first values.
sed '/ trust /q' "$tmp/pipe" >"$tmp/out"
gone() { ! kill -0 "$watch" 2>/dev/null; }
until_true gone
verdict 'without a reader it ends, though nothing changes' "$(gone || echo 'it goes on')"
gone || kill "$watch"
end_watch ''
expect 'and says nothing' 0 '!^vmclock-check:'

: >"$tmp/out"
timeout 20 "$VMCLOCK_CHECK" --watch 2>"$tmp/err" >&-
status=$?
expect 'no stdout at all' 2 '^vmclock-check: cannot write the output: Bad file descriptor$'
if [ -c /dev/full ] && ! (echo >/dev/full) 2>/dev/null; then
	timeout 20 "$VMCLOCK_CHECK" --watch >/dev/full 2>"$tmp/err"
	status=$?
	expect 'a full disk' 2 '^vmclock-check: cannot write the output: No space left on device$'
else
	skip 'a full disk' '/dev/full is not here'
fi

# ---- It sleeps --------------------------------------------------------------------------------

# Waking up 4 times a second is normal, a busy loop is not: a tenth of the time at most.
watch
shows 'it watches' "$stamp marker"
used() { awk '{ print $14 + $15 }' "/proc/$watch/stat"; }
before=$(used) from=$(cut -d ' ' -f 1 /proc/uptime)
sleep 2
verdict 'it sleeps' "$(awk -v used="$(($(used) - before))" -v from="$from" -v to="$(cut -d ' ' -f 1 /proc/uptime)" \
	-v ticks="$(getconf CLK_TCK)" 'BEGIN {
	if (used / ticks > (to - from) / 10)
		print used / ticks, "s of", to - from
}')"
end_watch INT

# ---- A page file that goes away under it ---------------------------------------------------

"$MAKE_PAGE" "$tmp/short" || exit 99
watch --device "$tmp/short"
shows 'a page file' "$stamp device present$"
: >"$tmp/short"
end_watch ''
expect 'that is truncated' 2 '^vmclock-check: the page file was truncated under the program$'

finish
