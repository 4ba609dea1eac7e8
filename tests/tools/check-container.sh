#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclockd seen from containers: they have its folder, mounted read-only, and the device, here a
# simulated page. If a container has its own users, a writable folder is refused.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

: "${VMCLOCKD:=vmclockd/vmclockd}"
page=$tmp/vmclock0
daemon=
trap '[ -z "$sim" ] || kill "$sim"; [ -z "$daemon" ] || kill "$daemon"; rm -rf "$tmp"' EXIT
mkdir "$tmp/run" "$tmp/inside"
export VMCLOCK_RUN_DIR="$tmp/inside" VMCLOCK_PATH="$page"

# in_container MODE COMMAND...: runs the command in namespaces of its own, with the folder mounted
# rw or ro. Only the present user exists inside, as root.
in_container() {
	mode=$1
	shift
	# The shell in the container expands it.
	# shellcheck disable=SC2016
	timeout 60 unshare --user --map-root-user --mount --propagation private sh -c '
		mount --bind "$1" "$2" && mount -o "remount,bind,$3" "$2" && shift 3 && exec "$@"
	' sh "$tmp/run" "$tmp/inside" "$mode" "$@" </dev/null >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# As in_container, but no outside user is mapped: all files belong to the overflow user.
as_nobody() {
	mode=$1
	shift
	in_container "$mode" unshare --user "$@"
}

in_container rw true
if [ "$status" != 0 ]; then
	skip 'containers' "user namespaces cannot be made here: $(cat "$tmp/err")"
	finish
	exit
fi

start --maxerror=1us --marker=7
printf '%s\n' "device = $page" "folder = $tmp/run" 'ntp = none' 'mode = observe' >"$tmp/conf"
"$VMCLOCKD" --config "$tmp/conf" >"$tmp/daemon" 2>&1 &
daemon=$!

in_container ro "$VMCLOCK_CHECK" --wait=30
expect 'trusted' 0 '^trusted, disruption marker 7$'
as_nobody ro stat -c %u "$tmp/inside/state"
expect 'the owner has no name' 0 "^$(cat /proc/sys/kernel/overflowuid)\$"
as_nobody ro "$VMCLOCK_CHECK" --wait=30
expect 'trusted, whoever the owner is' 0 '^trusted, disruption marker 7$'
as_nobody ro "$VMCLOCK_CHECK" --wait=30 --max-error=1ms
expect 'the page, too' 0 '^trusted, disruption marker 7$'
as_nobody rw "$VMCLOCK_CHECK" --wait=0.2
expect 'a folder that could be written is refused' 1 'not trusted: vmclockd does not run$'

# vmclockd may not set the clock, so the clock stays wrong.
"$VMCLOCK_SIM" --tell "$control" disrupt step=10ms
as_nobody ro "$VMCLOCK_CHECK" --wait=0.5
expect 'disrupted' 1 'not trusted: the clock was disrupted, and is not right again$'
kill "$daemon"
wait "$daemon"
daemon=
"$VMCLOCK_SIM" --tell "$control" step -10ms >/dev/null

# vmclockd's files stay, and the next vmclockd continues in them.
"$VMCLOCKD" --config "$tmp/conf" >"$tmp/daemon" 2>&1 &
daemon=$!
as_nobody ro "$VMCLOCK_CHECK" --wait=30
expect 'vmclockd was started again' 0 '^trusted, disruption marker [89]$'

finish
