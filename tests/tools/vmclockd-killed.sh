#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A vmclockd that is killed, and the next one: what was disrupted still is, and
# what was not believed is not now. The clock of this machine stays as it is.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

: "${VMCLOCKD:=vmclockd/vmclockd}"
unset JOURNAL_STREAM NOTIFY_SOCKET
page=$tmp/vmclock0
state=$tmp/run/state
segment=$tmp/clockbound/shm0
daemon=
true >"$tmp/out" 2>"$tmp/err"
trap '[ -z "$sim" ] || kill -9 "$sim"; [ -z "$daemon" ] || kill -9 "$daemon"; rm -rf "$tmp"' EXIT

harmless=
if [ "$(id -u)" = 0 ]; then
	harmless='setpriv --bounding-set=-sys_time --inh-caps=-sys_time'
	$harmless true || exit 99
fi

start_daemon() {
	: >"$tmp/daemon"
	# shellcheck disable=SC2086
	$harmless "$VMCLOCKD" --config "$tmp/conf" >"$tmp/daemon" 2>&1 &
	daemon=$!
}
kill_daemon() {
	kill -KILL "$daemon"
	wait "$daemon" 2>/dev/null
	daemon=
}

said() { grep -q -e "$1" "$tmp/daemon"; }
holds() {
	name=$1
	shift
	if until_true "$@"; then
		verdict "$name" ''
	else
		verdict "$name" "$* $(cat "$tmp/daemon")"
	fi
}

word() { od -An -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '; }
trust() { [ -s "$state" ] && [ "$(word "$state" 60 1)" = "$1" ]; } # 1 trusted, 2 disrupted
disruptions() { [ "$(word "$state" 64 8)" = "$1" ]; }
# What clients of ClockBound see: 0 unknown, 1 synchronized, 3 disrupted.
bound() { [ -s "$segment" ] && [ "$(word "$segment" 68 4)" = "$1" ]; }
marker() { [ "$(word "$state" 16 8)" = "$1" ]; }

start --marker=1 --interval=100ms
printf '%s\n' "device = $page" "folder = $tmp/run" 'ntp = none' "hooks = $tmp/hooks" \
	'mode = observe' 'clockbound = yes' "clockbound_path = $segment" >"$tmp/conf"
start_daemon
holds 'it vouches' trust 1
holds 'to clients of ClockBound, too' bound 1
kill_daemon

# ---- In a reaction --------------------------------------------------------------------

start_daemon
holds 'another one vouches' trust 1
verdict 'another start is no disruption' "$(disruptions 0 || word "$state" 64 8)"
tell disrupt step=10ms
holds 'it is disrupted' marker 2
holds 'and what it would do is told' said 'would step'
verdict 'clients of ClockBound see it' "$(bound 3 || word "$segment" 68 4)"
verdict 'under the new marker' "$([ "$(word "$segment" 56 8)" = 2 ] || word "$segment" 56 8)"
kill_daemon
start_daemon
holds 'the reaction goes on' said 'disruption marker 0x2: the reaction to it was not finished'
holds 'by another measurement' said 'would step'
verdict 'the clock is still disrupted' "$(trust 2 || word "$state" 60 1)"
verdict 'by the same disruption' "$(disruptions 1 || word "$state" 64 8)"
kill_daemon
tell step -10ms
start_daemon
holds 'it is right again' trust 1

# ---- While the host's time was not believed ---------------------------------------------

kill_daemon
between_updates() {
	kill -STOP "$sim"
	[ $(($(word "$page" 12 4) % 2)) -eq 0 ] || { kill -CONT "$sim" && false; }
}
seen=$(word "$page" 12 4)
newer() { [ "$(word "$page" 12 4)" -gt $((seen + 4)) ]; }
until_true newer
until_true between_updates
printf '\143' | dd of="$page" bs=1 seek=16 conv=notrunc 2>/dev/null
for again in first second third; do
	start_daemon
	holds "the $again one does not believe it" said 'its time may still be the former host'
	verdict "the $again one does not vouch" "$(trust 2 || word "$state" 60 1)"
	kill_daemon
done
kill -CONT "$sim"
start_daemon
holds 'an update later it vouches' trust 1
kill "$daemon"
wait "$daemon"
daemon=
verdict 'after a clean end clients of ClockBound know nothing' "$(bound 0 || word "$segment" 68 4)"
finish
