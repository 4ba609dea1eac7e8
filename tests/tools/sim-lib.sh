# SPDX-License-Identifier: MIT
#
# For the tests of vmclock-sim, on top of lib.sh:
#
#	run ARG...		runs the tool to its end; `expect' judges that
#	start ARG...		runs it in the background, until it publishes $page
#	start_at FILE ARG...	the same for another file
#	tell COMMAND...		gives it a command; `expect' judges the answer
#	reader NAME ARG...	a case: sim-reader finds $page so
#	stop			ends it; `expect' judges how it ended
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

# until COMMAND...: it succeeds, within 20 seconds.
until_true() {
	tries=2000
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.01
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
