#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-sim: the page goes on, whatever becomes of standard output and standard error.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

# Both ends are open in this shell, which reads only what it says.
mkfifo "$tmp/pipe" "$tmp/commands"
exec 8<>"$tmp/pipe" 9<>"$tmp/commands"
not_read='^vmclock-sim: the output was not read: [0-9]+ bytes are lost$'

# begin STDOUT STDERR ARG...: starts it with stdin from $tmp/commands.
begin() {
	out=$1 err=$2
	shift 2
	: >"$tmp/sim.out"
	: >"$tmp/sim.err"
	"$VMCLOCK_SIM" --control "$control" "$@" "$page" <"$tmp/commands" 8<&- 9<&- >"$out" 2>"$err" &
	sim=$!
	until_true answers || echo "# it does not answer"
}

answers() {
	tell show
	[ "$status" = 0 ] || ! kill -0 "$sim" 2>/dev/null
}

fill() {	# until a write would block
	dd if=/dev/zero of="$tmp/pipe" bs=4096 oflag=nonblock 2>/dev/null
}

empty() {	# adds to $tmp/read what is in the pipe now
	dd if="$tmp/pipe" bs=65536 iflag=nonblock 2>/dev/null >>"$tmp/read"
}

live() {	# NAME
	tell disrupt
	expect "$1: it takes commands" 0
	reader "$1: the page goes on" nested 3
}

# ended NAME STATUS PATTERN...: it ends by SIGTERM.
ended() {
	stop
	: >"$tmp/out"
	expect "$@"
	[ ! -e "$page" ] && [ ! -e "$control" ] && why='' || why='it is there'
	verdict "$1: nothing is left" "$why"
}

# ---- A reader that does not read ------------------------------------------------------------

fill
begin "$tmp/pipe" "$tmp/sim.err"
live 'a full pipe'
for _ in 1 2 3 4 5 6 7 8 9 10; do
	echo show >&9
done
live 'a full pipe, and answers'
ended 'a full pipe' 2 "$not_read"
empty

begin "$tmp/pipe" "$tmp/sim.err"
i=0
while [ $((i += 1)) -le 300 ]; do
	echo show >&9
done
echo 'status freerunning' >&9
live 'a pipe that gets full'
# Nothing is lost by waiting: the rest comes when somebody reads.
freerunning() {
	empty
	[ "$(get clock_status)" = 3 ]
}
: >"$tmp/read"
until_true freerunning && why='' || why='they are not'
verdict 'a pipe that is read again: commands are done' "$why"
all_read() {
	empty
	[ "$(grep -c '^seq_count' "$tmp/read")" = 300 ]
}
until_true all_read && why='' || why="$(grep -c '^seq_count' "$tmp/read") of 300"
verdict 'and no answer is lost' "$why"
ended 'a pipe that is read again' 0 '!.'

# Without end: what comes from a script cannot wait.
{
	i=0
	while [ $((i += 1)) -le 3000 ]; do
		echo 'at 0 show'
	done
} >"$tmp/script"
begin "$tmp/pipe" "$tmp/sim.err" --script "$tmp/script"
live 'a script without a reader'
until_true grep -q 'are dropped' "$tmp/sim.err"
ended 'a script without a reader' 2 \
	'^vmclock-sim: the output is not read: answers to the script are dropped; the page goes on$' \
	"$not_read"
[ "$(wc -l <"$tmp/err")" = 2 ] && why='' || why='there are more lines'
verdict 'a script without a reader: it says so once' "$why"
empty

# Standard error as well.
fill
begin "$tmp/pipe" "$tmp/pipe" --maxerror 1us
echo 'what is this' >&9
tell step 1s
live 'both are full'
ended 'both are full' 2
empty

# ---- A reader that goes away ----------------------------------------------------------------

mkfifo "$tmp/leaves"
head -n 1 "$tmp/leaves" >"$tmp/head" &
head=$!
begin "$tmp/leaves" "$tmp/sim.err"
wait "$head"
echo show >&9
until_true grep -q Broken "$tmp/sim.err"
echo show >&9
live 'a reader that goes away'
ended 'a reader that goes away' 2 \
	'^vmclock-sim: cannot write the output: Broken pipe; the page goes on$'
[ "$(wc -l <"$tmp/err")" = 1 ] && why='' || why='there are more lines'
verdict 'a reader that goes away: it says so once' "$why"

# ---- A terminal, or a pipe, that does not block ------------------------------------------------

if command -v python3 >/dev/null; then
	python3 - "$tmp/pipe" "$VMCLOCK_SIM" "$page" >"$tmp/read" 2>"$tmp/err" <<-'END'
		import os, subprocess, sys
		reader, writer = os.pipe()
		os.set_blocking(writer, False)
		process = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=writer)
		os.close(writer)
		process.stdin.write(b'show\n' * 1000 + b'quit\n')
		process.stdin.close()
		text = b''
		while True:
		    some = os.read(reader, 1000)
		    if not some:
		        break
		    text += some
		print(text.count(b'seq_count'), process.wait())
	END
	[ "$(cat "$tmp/read")" = '1000 0' ] && why='' || why="$(cat "$tmp/read")"
	verdict 'a pipe that does not block: no answer is lost' "$why"
else
	skip 'a pipe that does not block' 'there is no python3'
fi

finish
