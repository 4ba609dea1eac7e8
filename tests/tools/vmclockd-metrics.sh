#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclockd's file of metrics: always whole, and renewed after each change; its faults
# never disturb vmclockd's work.

# shellcheck source-path=SCRIPTDIR source=metrics-lib.sh
. "${top_srcdir:=.}/tests/tools/metrics-lib.sh"

exporter=$tmp/exporter
prom=$exporter/vmclock.prom

has() {
	grep -Eqs -e "$1" "$prom"
}

# holds NAME COMMAND...: a case: the command succeeds, soon.
holds() {
	name=$1 why=
	shift
	until_true "$@" || why="$*: $(cat "$tmp/daemon.err" "$prom" 2>&1)"
	verdict "$name" "$why"
}

# $tmp/daemon.err has exactly one such line.
once() {
	verdict "$1" "$([ "$(grep -Ec -e "$2" "$tmp/daemon.err")" = 1 ] || cat "$tmp/daemon.err")"
}

tell() {
	"$VMCLOCK_SIM" --tell "$control" "$@" >/dev/null || exit 99
}

start --maxerror=30us --marker=7 --generation=3
[ -e "$page" ] || exit 99

# ---- What is in it -----------------------------------------------------------------------

mkdir "$exporter"
umask 077
serve "metrics = $prom"
holds 'trusted' has '^vmclock_system_clock_trusted\{.*\} 1$'
accepted 'the text' "$prom"
verdict 'all may read it' "$([ "$(stat -c %a "$prom")" = 644 ] || stat -c %a "$prom")"
run --openmetrics
cp "$prom" "$tmp/written"
names() { sed -n 's/^\([a-z_]*{[^}]*}\) .*/\1/p' "$1"; }
names "$tmp/out" >"$tmp/names"
verdict 'vmclock-check tells the same' "$(names "$tmp/written" | diff - "$tmp/names")"
tell disrupt step=10ms
holds 'a change is there at once' has '^vmclock_page_info\{.*,marker="8"'
holds 'and counted' has '^vmclock_disruptions_total\{.*\} 1$'
holds 'not trusted' has '^vmclock_system_clock_trusted\{.*\} 0$'
accepted 'disrupted: the text' "$prom"
tell step -10ms
holds 'right again' has '^vmclock_last_reaction_duration_seconds\{.*\} [0-9]+\.[0-9]{9}$'
accepted 'right again: the text' "$prom"
verdict 'nothing else is left there' "$(find "$exporter" -mindepth 1 ! -name vmclock.prom)"

# The file is whole at each read, while it changes all the time.
(while :; do tell disrupt; done) &
storm=$!
looks=0 torn=
before=$(stat -c %i "$prom") inodes=0
while [ "$looks" -lt 400 ] || [ "$inodes" -lt 3 ]; do
	[ "$(tail -n 1 "$prom")" = '# EOF' ] || torn=$(cat "$prom" 2>&1)
	now=$(stat -c %i "$prom")
	[ "$now" = "$before" ] || inodes=$((inodes + 1))
	before=$now looks=$((looks + 1))
	[ "$looks" -lt 40000 ] || break
done
kill "$storm"
wait "$storm" 2>/dev/null
verdict 'it is whole at any time' "$torn"
verdict 'it was renewed meanwhile' "$([ "$inodes" -ge 3 ] || echo "$inodes times in $looks looks")"
# The simulator may still be running a command of the storm.
has_last_marker() {
	has "^vmclock_page_info\\{.*,marker=\"$("$SIM_READER" "$page" get disruption_marker)\""
}
holds 'and the last marker counts' has_last_marker

stop_daemon
holds 'it has ended' has '^vmclock_vmclockd_running\{.*\} 0$'
expect 'and well' 0
verdict 'nobody vouches then' "$(grep '^vmclock_system_clock_trusted{.*} 1$' "$prom")"
accepted 'ended: the text' "$prom"
verdict 'what went well is not told' "$(grep vmclock.prom "$tmp/daemon.err")"

# ---- What goes wrong ------------------------------------------------------------------------

rm -rf "$exporter"
serve "metrics = $prom"
holds 'the folder is missing' said "cannot write $prom: No such file or directory: the metrics there are not renewed$"
holds 'it goes on' said 'right within'
tell disrupt
holds 'and reacts' said 'disruption marker'
mkdir "$exporter"
# Within 15 seconds, or after a change.
tell disrupt
holds 'when it is there it is written' has '^# EOF$'
holds 'and that is told' said "$prom is renewed again$"
rm "$prom"
ln -s "$tmp/precious" "$prom"
ln -s "$tmp/precious" "$prom.tmp"
echo precious >"$tmp/precious"
tell disrupt
holds 'a link is replaced' test ! -L "$prom"
verdict 'and not followed' "$(grep -vx precious "$tmp/precious")"
verdict 'the link in the place of the next one neither' "$([ ! -L "$prom.tmp" ] || echo 'it is there')"
rm "$prom"
mkdir "$prom"
tries=$(stat -c %y "$exporter")
tried() { [ "$(stat -c %y "$exporter")" != "$tries" ]; }
tell disrupt
holds 'a folder in its place' said "cannot write $prom: it is not a regular file"
tries=$(stat -c %y "$exporter")
tell disrupt
holds 'it is tried again' tried
once 'one line tells' 'cannot write .*: it is not a regular file'
verdict 'leaves nothing behind' "$(find "$exporter" -mindepth 1 ! -name vmclock.prom)"
rmdir "$prom"
stop_daemon
expect 'it ends well' 0

: >"$tmp/nofolder"
serve "metrics = $tmp/nofolder/vmclock.prom"
holds 'no folder' said "cannot write $tmp/nofolder/vmclock.prom: Not a directory"
stop_daemon

serve 'metrics = vmclock.prom'
wait "$daemon"
status=$?
daemon=
cp "$tmp/daemon.err" "$tmp/err"
expect 'a relative path' 2 "^vmclockd: $conf:6: metrics: 'vmclock.prom' is not an absolute path$"

# A dry run beside the vmclockd that writes the metrics does not write them.
rm -rf "$exporter"
mkdir "$exporter"
configure "metrics = $prom"
start_daemon 'right within' --dry-run
stop_daemon
verdict '--dry-run writes none' "$(ls -A "$exporter")"

finish
