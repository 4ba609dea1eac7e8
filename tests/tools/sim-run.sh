#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-sim --run: a command that finds the page as /dev/vmclock0. As root it needs
# no user namespace; so root runs these cases as another user as well.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

# Every user can reach these.
chmod 711 "$tmp"
cp "$VMCLOCK_SIM" "$tmp/vmclock-sim"
cp "$SIM_READER" "$tmp/sim-reader"
chmod 755 "$tmp/vmclock-sim" "$tmp/sim-reader"
program=$tmp/vmclock-sim control=$tmp/shared/control
export SIM_READER="$tmp/sim-reader"
as=

run() {
	$as timeout 20 "$program" "$@" </dev/null >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# background ARG...: starts it; expect judges its end after ended.
background() {
	# What the case before wrote would pass for its output.
	: >"$tmp/run.out"
	# Neither timeout nor a function of the shell is to stand between it and its signals.
	if [ -n "$as" ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$program" "$@" \
			</dev/null >"$tmp/run.out" 2>"$tmp/run.err" &
	else
		"$program" "$@" </dev/null >"$tmp/run.out" 2>"$tmp/run.err" &
	fi
	sim=$!
	until_true grep -q ready "$tmp/run.out" || echo "# not ready: $*"
}

ended() {
	wait "$sim"
	status=$?
	sim=
	cp "$tmp/run.out" "$tmp/out"
	cp "$tmp/run.err" "$tmp/err"
}

nothing_left() {
	[ ! -e /dev/vmclock0 ] || [ -c /dev/vmclock0 ] && why='' || why='it is'
	verdict "$1: nothing of it is left in /dev" "$why"
	[ -z "$(ls "$XDG_RUNTIME_DIR")" ] && why='' || why="$(ls "$XDG_RUNTIME_DIR")"
	verdict "$1: nor elsewhere" "$why"
}

# shellcheck disable=SC2016	# the commands are scripts
the_device() {	# WHO
	who=$1
	run --marker 77 --run "$SIM_READER" /dev/vmclock0 get disruption_marker
	expect "$who: the page as the device" 0 '^77$' '!publishing'
	run --run sh -c 'head -c 4 /dev/vmclock0 && stat -c " %F %s" /dev/vmclock0'
	expect "$who: read and fstat" 0 '^VCLK regular file 4096$'
	run --run sh -c 'echo x >/dev/vmclock0'
	expect "$who: written by nobody" 2 'Read-only file system'
	run --run sh -c 'echo x >/dev/null && head -c 1 /dev/zero | od -An -tu1 && id -u'
	expect "$who: the rest of /dev, and the user" 0 '^ +0$' "^$($as id -u)\$"
	run --run sh -c '("$SIM_READER" /dev/vmclock0 nested 3) & wait $!'
	expect "$who: the command's children" 0

	run --run sh -c 'exit 7'
	expect "$who: its exit status" 7
	run --run sh -c 'kill -KILL $$'
	expect "$who: its end by a signal" 137
	run --run "$tmp/nothing"
	expect "$who: no such command" 127 '^vmclock-sim: --run: cannot run .*/nothing: No such file'
	run --run "$top_srcdir/README.md"
	expect "$who: no program" 126 '^vmclock-sim: --run: cannot run .*/README.md: Permission denied'
	run --hold --run=sh -c 'echo "$1-$2"' - a --version
	expect "$who: its arguments are its own" 0 '^a---version$'
	nothing_left "$who"
}

# shellcheck disable=SC2016	# the commands are scripts
its_end() {	# WHO
	who=$1
	for signal in TERM INT HUP; do
		background --run sh -c 'trap "echo ended; exit 5" $0
			echo ready; while :; do sleep 0.05; done' "$signal"
		kill -"$signal" "$sim"
		ended
		expect "$who: SIG$signal is passed to the command" 5 '^ended$'
	done
	background --run sh -c 'seq() { "$SIM_READER" /dev/vmclock0 get seq_count; }
		trap "until [ \$(seq) -gt \$((was + 4)) ]; do sleep 0.05; done; exit 6" TERM
		was=$(seq); echo ready; while :; do sleep 0.05; done'
	kill "$sim"
	ended
	expect "$who: the page is live until the command has ended" 6
	background --control "$control" --run sh -c 'trap "exit 8" TERM
		echo ready; while :; do sleep 0.05; done'
	tell quit
	ended
	expect "$who: quit ends the command" 8
	rm -f "$tmp/shared/seen"
	run --run sh -c '(until [ "$("$SIM_READER" /dev/vmclock0 get clock_status)" = 4 ]; do
			sleep 0.05; done; echo yes >"$0") & exit 0' "$tmp/shared/seen"
	expect "$who: a child outlives the command" 0
	until_true test -s "$tmp/shared/seen" && why='' || why='it does not'
	verdict "$who: and finds that the page has ended" "$why"
	nothing_left "$who"
	background --run sh -c 'trap "echo told >\$0; exit" TERM
		echo ready; while :; do sleep 0.05; done' "$tmp/shared/told"
	kill -KILL "$sim"
	wait "$sim" 2>/dev/null
	sim=
	until_true test -s "$tmp/shared/told" && why='' || why='it does not'
	verdict "$who: without the simulator the command ends" "$why"
	rm -r "${XDG_RUNTIME_DIR:?}"/* "$tmp/shared"/*
}

# no_namespaces COMMAND...: as on a system whose users may make none.
no_namespaces() {
	unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces &&
		exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all "$@"' - "$@"
}

forbidden() {
	expect "$1" 125 '^vmclock-sim: --run: cannot make a user namespace: .*max_user_namespaces.*: run .vmclock-sim FILE., and the command with VMCLOCK_PATH=FILE$'
	[ "$(wc -l <"$tmp/err")" = 1 ] && why='' || why='there are more'
	verdict "$1: in one line" "$why"
}

run --run
expect 'no command' 3 '^vmclock-sim: --run needs an argument'
run "$page" --run true
expect 'a file besides' 3 '^vmclock-sim: --run: give no file'

# A folder for the page that can be looked into.
XDG_RUNTIME_DIR=$tmp/runtime
export XDG_RUNTIME_DIR
mkdir -m 1777 "$XDG_RUNTIME_DIR" "$tmp/shared"

if ! unshare --mount true 2>/dev/null && ! unshare --user --mount true 2>/dev/null; then
	run --run true
	forbidden 'no user namespace'
	skip 'the page as the device' 'neither root nor a user namespace'
	finish
	exit
fi

the_device "$(id -un)"
its_end "$(id -un)"
if [ "$(id -u)" = 0 ] && as_nobody unshare --user --mount true 2>/dev/null; then
	as=as_nobody
	the_device nobody
	its_end nobody
	as=
fi
if no_namespaces true 2>/dev/null; then
	as=no_namespaces
	run --run true
	as=
	forbidden 'users who may make no namespace'
	nothing_left 'users who may make no namespace'
fi

VMCLOCK_PATH=/nonexistent run --run "$VMCLOCK_CHECK"
expect 'the default of programs' 0 '^OK: trustworthy time' 'path +/dev/vmclock0$'
run --script "$tmp/nothing" --run true
expect 'a script that is not there' 125 '^vmclock-sim: cannot open .*/nothing'

# Commands change what it sees; its stdin is its own.
# shellcheck disable=SC2016
echo input | "$VMCLOCK_SIM" --control "$control" --run sh -c '
	echo "read $(cat)"
	until [ "$("$SIM_READER" /dev/vmclock0 get disruption_marker)" = 5 ]; do sleep 0.01; done
	echo seen' >"$tmp/run.out" 2>"$tmp/run.err" &
sim=$!
until_true test -S "$control"
run --tell "$control" marker 5
ended
expect 'a disruption meanwhile' 0 '^read input$' '^seen$'

# A key of the terminal reaches the command anyway: it must not come twice, nor as SIGTERM.
# shellcheck disable=SC2094	# the terminal's output is what its input waits for
if command -v script >/dev/null; then
	{
		until_true grep -q ready "$tmp/terminal"
		printf '\003'
		until_true grep -q ended "$tmp/terminal"
	} | SHELL=/bin/sh script -qec "exec '$program' --run sh -c 'trap \"n=\\\$((n + 1))\" INT
		trap \"echo wrong\" TERM; n=0; echo ready; while [ \$n = 0 ]; do sleep 0.05; done
		sleep 0.2; echo ended \$n; exit 9'" /dev/null >"$tmp/terminal" 2>&1
	status=$?
	cp "$tmp/terminal" "$tmp/out"
	: >"$tmp/err"
	expect 'SIGINT of the terminal' 9 'ended 1' '!wrong'
else
	skip 'SIGINT of the terminal' 'script is not here'
fi

finish
