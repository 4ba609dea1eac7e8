# SPDX-License-Identifier: MIT
#
# For the tests of vmclock-sim, on top of lib.sh:
#
#	run ARG...		runs the tool to its end; `expect' judges that
#	start ARG...		runs it in the background, until it publishes $page
#	start_at FILE ARG...	the same for another file
#	tell COMMAND...		gives it a command; `expect' judges the answer
#	reader NAME ARG...	a case: sim-reader succeeds on $page
#	stop			ends it; `expect' judges how it ended
#	play_chronyc		makes $tmp/chronyc, for an NTP daemon with a bound of about 15 us:
#				the clock is slow by the seconds in $tmp/offset, and $tmp/asked
#				records the commands
#
# shellcheck shell=sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${top_srcdir:=.}/tests/tools/lib.sh"

: "${VMCLOCK_SIM:=tools/vmclock-sim}" "${SIM_READER:=tests/tools/sim-reader}"

sim=
control=$tmp/control
trap '[ -z "$sim" ] || kill "$sim"; rm -rf "$tmp"' EXIT

run() {
	timeout 20 "$VMCLOCK_SIM" "$@" </dev/null >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# until_true COMMAND...: waits until the command succeeds, for at most about 20 seconds. It asks
# less often after a while, because other tests run at the same time.
until_true() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		case $tries in
		?) sleep 0.01 ;;
		420) return 1 ;;
		*) sleep 0.05 ;;
		esac
	done
}

publishes_or_ended() {
	grep -q '^publishing ' "$tmp/sim.out" || ! kill -0 "$sim" 2>/dev/null
}

start_at() {
	file=$1
	shift
	: >"$tmp/sim.out"
	"$VMCLOCK_SIM" --control "$control" "$@" "$file" </dev/null >"$tmp/sim.out" 2>"$tmp/sim.err" &
	sim=$!
	until_true publishes_or_ended || echo "# not ready: $*"
}

# shellcheck disable=SC2120
start() {
	start_at "$page" "$@"
}

tell() {
	run --tell "$control" "$@"
}

# shellcheck disable=SC2120
stop() {
	kill -"${1:-TERM}" "$sim"
	wait "$sim"
	status=$?
	sim=
	cp "$tmp/sim.out" "$tmp/out"
	cp "$tmp/sim.err" "$tmp/err"
}

reader_at() {
	file=$1 name=$2
	shift 2
	: >"$tmp/err"
	if "$SIM_READER" "$file" "$@" >"$tmp/out" 2>&1; then
		verdict "$name" ""
	else
		verdict "$name" "sim-reader $*"
	fi
}

reader() {
	reader_at "$page" "$@"
}

get() {
	"$SIM_READER" "$page" get "$1"
}

# is NAME FIELD VALUE: a case: the page has this value.
is() {
	got=$(get "$2")
	[ "$got" = "$3" ] && why='' || why="$2 is $got, not $3"
	: >"$tmp/out"
	verdict "$1" "$why"
}

play_chronyc() {
	echo 0.0 >"$tmp/offset"
	: >"$tmp/asked"
	cat >"$tmp/chronyc" <<-END
		#!/bin/sh
		tmp=$tmp
	END
	cat >>"$tmp/chronyc" <<-'END'
		while read -r line; do
			echo "$line" >>"$tmp/asked"
			case $line in
			tracking) echo "7F000001,127.0.0.1,3,$(date +%s.%N),$(cat "$tmp/offset"),0.0,0.0,0.0,0.0,100.0,0.000010,0.000010,1.0,Normal" ;;
			sources) echo '^,*,127.0.0.1,3,0,377,1,0.0,0.0,0.000004720' ;;
			activity) echo 1,0,0,0,0 ;;
			*) echo '200 OK' ;;
			esac
		done
	END
	chmod 755 "$tmp/chronyc"
}
