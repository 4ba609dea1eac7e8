#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A host that publishes ten times a second moves the machine, and whoever fills
# in the time is not told: the marker is new, and the time is the old host's
# last update, which vmclockd has not seen before. It changes nothing here.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

: "${VMCLOCKD:=vmclockd/vmclockd}"
page=$tmp/vmclock0
daemon=
true >"$tmp/out" 2>"$tmp/err"
trap '[ -z "$sim" ] || kill -9 "$sim"; [ -z "$daemon" ] || kill "$daemon"; rm -rf "$tmp"' EXIT

# A line like $1, so many times.
said() { [ "$(grep -c -e "$1" "$tmp/daemon")" -ge "$2" ]; }
holds() {
	name=$1
	shift
	if until_true "$@"; then
		verdict "$name" ''
	else
		verdict "$name" "$(cat "$tmp/daemon")"
	fi
}
word() { od -An -t "u$2" -j "$1" -N "$2" "$page" | tr -d ' '; }
between_updates() {
	kill -STOP "$sim"
	[ $(($(word 12 4) % 2)) -eq 0 ] || { kill -CONT "$sim" && false; }
}
# Updates that are newer than any look of vmclockd, which looks once a second.
newer() { [ "$(word 12 4)" -gt $((seen + 4)) ]; }
# $1: up to 7
put_marker() { printf '%b' "\\0$1" | dd of="$page" bs=1 seek=16 conv=notrunc 2>/dev/null; }

start --marker=1 --interval=100ms
printf '%s\n' "device = $page" "folder = $tmp/run" 'ntp = none' "hooks = $tmp/hooks" >"$tmp/conf"
"$VMCLOCKD" --dry-run --config "$tmp/conf" >"$tmp/daemon" 2>&1 &
daemon=$!
holds 'a first start is believed' said 'right within' 1

seen=$(word 12 4)
until_true newer
until_true between_updates
put_marker 2
holds 'the marker has moved' said 'disruption marker 0x2' 1
holds 'the time of before is not believed' said 'its time may still be the former host' 1

# Here the simulator takes its page back, under its own marker.
kill -CONT "$sim"
holds 'it is back' said 'disruption marker 0x1' 1
holds 'an update later it is believed' said 'right within' 2
sed -n '/marker 0x2/,/marker 0x1/p' "$tmp/daemon" >"$tmp/between"
! grep -q 'right within' "$tmp/between"
verdict 'and not before' "$(grep 'right within' "$tmp/between")"

kill "$daemon"
wait "$daemon"
daemon=
finish
