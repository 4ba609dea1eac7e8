#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-sim --run: a command that finds the page as /dev/vmclock0.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

# A folder for the page that can be looked into.
XDG_RUNTIME_DIR=$tmp/runtime
export XDG_RUNTIME_DIR
mkdir "$XDG_RUNTIME_DIR"

run --run
expect 'no command' 3 '^vmclock-sim: --run needs an argument'
run "$page" --run true
expect 'a file besides' 3 '^vmclock-sim: --run: give no file'

if ! unshare --mount true 2>/dev/null && ! unshare --user --mount true 2>/dev/null; then
	run --run true
	expect 'no user namespace: told' 127 '^vmclock-sim: --run: cannot make a user namespace: .*VMCLOCK_PATH'
	skip 'the page as the device' 'neither root nor a user namespace'
	finish
	exit
fi

run --marker 77 --run "$SIM_READER" /dev/vmclock0 get disruption_marker
expect 'the page as the device' 0 '^77$' '!publishing'
VMCLOCK_PATH=/nonexistent run --run "$VMCLOCK_CHECK"
expect 'the default of programs' 0 '^OK: trustworthy time' 'path +/dev/vmclock0$'
run --run sh -c 'exit 7'
expect 'its exit status' 7
# shellcheck disable=SC2016
run --run sh -c 'kill -KILL $$'
expect 'its end by a signal' 137
run --run "$tmp/nothing"
expect 'no such command' 127 '^vmclock-sim: --run: cannot run .*/nothing: No such file'
# shellcheck disable=SC2016
run --hold --run=sh -c 'echo "$1-$2"' - a --version
expect 'its arguments are its own' 0 '^a---version$'
run --run sh -c 'echo x >/dev/null && head -c 1 /dev/zero | od -An -tu1 && id -u'
expect 'the rest of /dev, and the user' 0 '^ +0$' "^$(id -u)\$"
[ ! -e /dev/vmclock0 ] || [ -c /dev/vmclock0 ] && why='' || why='it is'
verdict 'nothing of it is left in /dev' "$why"
[ -z "$(ls "$XDG_RUNTIME_DIR")" ] && why='' || why="$(ls "$XDG_RUNTIME_DIR")"
verdict 'nor elsewhere' "$why"

# Commands change what it sees; its stdin is its own.
# shellcheck disable=SC2016
echo input | "$VMCLOCK_SIM" --control "$control" --run sh -c '
	echo "read $(cat)"
	until [ "$("$1" /dev/vmclock0 get disruption_marker)" = 5 ]; do sleep 0.01; done
	echo seen' - "$SIM_READER" >"$tmp/run.out" 2>"$tmp/run.err" &
sim=$!
until_true test -S "$control"
tell marker 5
wait "$sim"
status=$?
sim=
cp "$tmp/run.out" "$tmp/out"
cp "$tmp/run.err" "$tmp/err"
expect 'a disruption meanwhile' 0 '^read input$' '^seen$'

# Told to end, it ends the command.
"$VMCLOCK_SIM" --run sh -c 'trap "echo ended; exit 5" TERM; echo ready; while :; do sleep 0.05; done' \
	</dev/null >"$tmp/run.out" 2>"$tmp/err" &
sim=$!
until_true grep -q ready "$tmp/run.out"
kill -TERM "$sim"
wait "$sim"
status=$?
sim=
cp "$tmp/run.out" "$tmp/out"
expect 'SIGTERM ends the command' 5 '^ended$'
[ -z "$(ls "$XDG_RUNTIME_DIR")" ] && why='' || why="$(ls "$XDG_RUNTIME_DIR")"
verdict 'and its page' "$why"

finish
