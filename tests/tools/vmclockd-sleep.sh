#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclockd before and after sleep, announced by logind or by systemd-sleep's script. This machine
# does not sleep, and its clock is not changed.

# shellcheck source-path=SCRIPTDIR source=daemon-lib.sh
. "${top_srcdir:=.}/tests/tools/daemon-lib.sh"

: "${FAKE_LOGIND:=tests/tools/fake-logind}"
logind=
bus=
trap 'end_all; [ -z "$logind" ] || kill "$logind"; [ -z "$bus" ] || kill "$bus"; rm -rf "$tmp"' EXIT

withdrawn() { ! is_trusted; }

start
configure

# ---- By signals, as the script sends them ---------------------------------------------------

cat >"$tmp/systemctl" <<'END'
#!/bin/sh
[ "$*" = 'show --property=MainPID --value vmclockd.service' ] && cat "${0%/*}/main-pid"
END
chmod 755 "$tmp/systemctl"
sed "s|^state=.*|state=$state|" "$top_srcdir/dist/system-sleep/vmclockd" >"$tmp/script"
chmod 755 "$tmp/script"

script() {
	PATH=$tmp:$PATH "$tmp/script" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

echo 0 >"$tmp/main-pid"
script pre suspend
expect 'no vmclockd: no harm' 0 '!.'

start_daemon 'right within'
echo "$daemon" >"$tmp/main-pid"
holds 'trusted' is_trusted
script pre suspend
verdict 'withdrawn when the script returns' "$(withdrawn || echo 'it is still trusted')"
expect 'the script is content' 0 '!.'
holds 'a line says so' said 'the machine is going to sleep: the system clock is not trusted'
tell disrupt
holds 'markers count before sleep, too' disruptions 1
verdict 'nothing is healed before it has slept' "$(withdrawn || echo 'it is trusted')"
script post suspend
expect 'awake again' 0 '!.'
holds 'awake: it is healed' is_trusted
script post suspend
script other suspend
expect 'what else the script may be told' 0 '!.'
verdict 'it runs' "$(kill -0 "$daemon" 2>&1)"
stop_daemon
expect 'it ends well' 0 'the machine has slept: the system clock is not trusted'

# ---- By logind ------------------------------------------------------------------------------

if ! command -v dbus-daemon >/dev/null || [ ! -x "$FAKE_LOGIND" ]; then
	skip 'logind' 'no dbus-daemon, or no libsystemd'
	finish
	exit
fi

DBUS_SYSTEM_BUS_ADDRESS=unix:path=$tmp/bus
export DBUS_SYSTEM_BUS_ADDRESS
cat >"$tmp/bus.conf" <<END
<busconfig>
<listen>$DBUS_SYSTEM_BUS_ADDRESS</listen>
<policy context="default">
<allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
</policy>
</busconfig>
END
mkfifo "$tmp/to-logind"

start_bus() {
	rm -f "$tmp/bus"
	dbus-daemon --config-file="$tmp/bus.conf" --nofork --nopidfile >"$tmp/bus.out" 2>&1 &
	bus=$!
	until_true test -S "$tmp/bus"
}

start_logind() {
	"$FAKE_LOGIND" <"$tmp/to-logind" >"$tmp/logind.out" 2>&1 &
	logind=$!
	exec 3>"$tmp/to-logind"
	until_true logind_said 1 there
}

stop_logind() {
	exec 3>&-
	wait "$logind"
	logind=
}

stop_bus() {
	kill "$bus"
	wait "$bus"
	bus=
}

logind_said() { [ "$(grep -c "^$2\$" "$tmp/logind.out")" -ge "$1" ]; }

start_bus
start_logind
start_daemon 'right within'
holds 'logind is asked to wait' logind_said 1 waits
holds 'trusted again' is_trusted
echo sleep >&3
holds 'the machine may sleep' logind_said 1 ready
verdict 'withdrawn before that' "$(withdrawn || echo 'it is still trusted')"
echo wake >&3
holds 'awake: logind is asked to wait the next time' logind_said 2 waits
holds 'awake: it is healed again' is_trusted
echo sleep >&3
holds 'the next time' logind_said 2 ready
echo wake >&3
holds 'awake the next time' is_trusted

stop_logind
start_logind
holds 'another logind is asked to wait, too' logind_said 1 waits

stop_logind
stop_bus
verdict 'without a bus it goes on' "$(kill -0 "$daemon" 2>&1)"
holds 'without a bus it is trusted' is_trusted
stop_daemon
expect 'it ends well without a bus' 0 'going to sleep' '!logind will not wait'

# At boot vmclockd or logind may start first.
start_bus
start_daemon 'there is no logind'
holds 'trusted without logind' is_trusted
start_logind
holds 'a logind that starts later is asked to wait' logind_said 1 waits
stop_daemon
expect 'it ends well' 0 '!logind will not wait'
stop_logind
stop_bus
stop >/dev/null
finish
