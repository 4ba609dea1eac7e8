# SPDX-License-Identifier: MIT
#
# For the tests of vmclockd, on top of sim-lib.sh. It cannot set the clock of
# this machine here, whoever runs the tests.
#
#	configure LINE...	a configuration for $page with these lines besides
#	start_daemon PATTERN [ARG...]	runs it in the background, until it has said that
#	stop_daemon [SIGNAL]	ends it; `expect' judges what it said
#	holds NAME COMMAND...	a case: the command succeeds, soon
#
# and what may be asked of the state: is_trusted, disruptions N, reactions N.
#
# shellcheck shell=sh

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

: "${VMCLOCKD:=vmclockd/vmclockd}"
unset JOURNAL_STREAM NOTIFY_SOCKET DBUS_SYSTEM_BUS_ADDRESS

harmless=
if [ "$(id -u)" = 0 ]; then
	harmless='setpriv --bounding-set=-sys_time --inh-caps=-sys_time'
	$harmless true || exit 99
fi
conf=$tmp/vmclockd.conf
folder=$tmp/run
state=$folder/state
daemon=

end_all() {
	[ -z "$sim" ] || kill "$sim"
	[ -z "$daemon" ] || kill "$daemon"
}
trap 'end_all; rm -rf "$tmp"' EXIT

# shellcheck disable=SC2120
configure() {
	printf '%s\n' "device = $page" "folder = $folder" "hooks = $tmp/hooks" >"$conf"
	case "$*" in
	*'ntp = '*) ;;
	*) echo 'ntp = none' >>"$conf" ;;
	esac
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$conf"
}

said() { grep -Eq -e "$1" "$tmp/daemon.err"; }
said_or_ended() { said "$1" || ! kill -0 "$daemon" 2>/dev/null; }

# How often it has said that.
how_often() { grep -Ec -e "$1" "$tmp/daemon.err"; }

start_daemon() {
	pattern=$1
	shift
	: >"$tmp/daemon.err"
	# shellcheck disable=SC2086
	$harmless "$VMCLOCKD" --verbose --config "$conf" "$@" </dev/null >"$tmp/daemon.out" \
		2>"$tmp/daemon.err" 3>&- &
	daemon=$!
	until_true said_or_ended "$pattern" || echo "# not said: $pattern"
}

# shellcheck disable=SC2120
stop_daemon() {
	kill -"${1:-TERM}" "$daemon"
	wait "$daemon"
	status=$?
	daemon=
	cp "$tmp/daemon.out" "$tmp/out"
	cp "$tmp/daemon.err" "$tmp/err"
}

holds() {
	name=$1
	shift
	if until_true "$@"; then
		verdict "$name" ''
	else
		: >"$tmp/out"
		cp "$tmp/daemon.err" "$tmp/err"
		verdict "$name" "not within 20 s: $*"
	fi
}

# The 8 bytes at OFFSET, or the byte there, of struct vmclock_run_state.
state_u64() { od -An -v -tu8 -j"$1" -N8 "$state" | tr -d ' '; }
state_u8() { od -An -v -tu1 -j"$1" -N1 "$state" | tr -d ' '; }

is_trusted() { [ "$(state_u8 60)" = 1 ]; }
disruptions() { [ "$(state_u64 64)" -ge "$1" ]; }
reactions() { [ "$(state_u64 80)" -ge "$1" ]; }
