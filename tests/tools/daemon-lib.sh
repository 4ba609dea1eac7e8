# SPDX-License-Identifier: MIT
#
# For the tests of vmclockd, on top of sim-lib.sh. It cannot set the clock of
# this machine here, whoever runs the tests.
#
#	configure LINE...	a configuration for $page with these lines besides
#	begin_daemon [ARG...]	runs it in the background
#	start_daemon PATTERN [ARG...]	the same, until it has said that
#	stop_daemon [SIGNAL]	ends it; `expect' judges what it said
#	holds NAME COMMAND...	a case: the command succeeds, soon
#	word FILE OFFSET SIZE	a number in a file
#	freeze_page		stops the simulator between two updates of $page that
#				vmclockd has not seen; SIGCONT lets it go on
#	put_marker OCTAL	changes the marker on such a page
#
# and what may be asked of the state: is_trusted, is_disrupted, disruptions N,
# reactions N.
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
: >"$tmp/out"
: >"$tmp/err"

end_all() {
	[ -z "$sim" ] || kill -KILL "$sim"
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

begin_daemon() {
	: >"$tmp/daemon.err"
	# shellcheck disable=SC2086
	$harmless "$VMCLOCKD" --verbose --config "$conf" "$@" </dev/null >"$tmp/daemon.out" \
		2>"$tmp/daemon.err" 3>&- &
	daemon=$!
}

start_daemon() {
	pattern=$1
	shift
	begin_daemon "$@"
	until_true said_or_ended "$pattern" || echo "# not said: $pattern"
}

# shellcheck disable=SC2120
stop_daemon() {
	kill -"${1:-TERM}" "$daemon"
	wait "$daemon" 2>/dev/null
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
		[ ! -e "$tmp/told" ] || cp "$tmp/told" "$tmp/out"
		cp "$tmp/daemon.err" "$tmp/err"
		verdict "$name" "not within 20 s: $*"
	fi
}

word() { od -An -v -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '; }

page_count() { word "$page" 12 4; }
between_updates() {
	kill -STOP "$sim"
	[ $(($(page_count) % 2)) -eq 0 ] || { kill -CONT "$sim" && false; }
}
is_newer() { [ "$(page_count)" -gt $((seen + 4)) ]; }
freeze_page() {
	seen=$(page_count)
	until_true is_newer
	until_true between_updates
}
put_marker() { printf '%b' "\\0$1" | dd of="$page" bs=1 seek=16 conv=notrunc 2>/dev/null; }

# The 8 bytes at OFFSET, or the byte there, of struct vmclock_run_state.
state_u64() { word "$state" "$1" 8; }
state_u8() { word "$state" "$1" 1; }

is_trusted() { [ "$(state_u8 60)" = 1 ]; }
is_disrupted() { [ "$(state_u8 60)" = 2 ]; }
disrupted_times() { state_u64 80; }
reacted_times() { state_u64 96; }
disruptions() { [ "$(disrupted_times)" -ge "$1" ]; }
reactions() { [ "$(reacted_times)" -ge "$1" ]; }
