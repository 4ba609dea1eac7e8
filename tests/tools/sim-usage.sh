#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-sim: options, wrong usage, files that it cannot publish in.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

one_line() {
	if [ "$(wc -l <"$tmp/err")" -eq 1 ] && [ ! -s "$tmp/out" ]; then
		verdict "$1: one line, on stderr" ""
	else
		verdict "$1: one line, on stderr" "there is more or less"
	fi
}

run --help
expect '--help' 0 '^Usage: vmclock-sim' '--interval TIME' '^  3  wrong usage'
run --version
expect '--version' 0 '^vmclock-sim [0-9]+\.[0-9]+'
run
expect 'no file' 3 '^vmclock-sim: give the file to publish in \(try --help\)$'
one_line 'no file'
run ''
expect 'an empty path' 3 'give the file'
run "$page" "$page"
expect 'two files' 3 '^vmclock-sim: extra argument .*try --help'
run --frobnicate "$page"
expect 'an unknown option' 3 'unknown .* --frobnicate \(try --help\)$'
run --interval
expect 'an option without its argument' 3 '^vmclock-sim: --interval needs an argument'

for bad in --interval=-1 --interval=1y --interval=x --interval= --interval=nan --interval=1e9 \
	--interval=0.4ns --interval=1.5.2s --interval=99999999999s --maxerror=101s --maxerror=-1us \
	--frequency=x --frequency=10001 --frequency=inf --frequency=0x10 --drift=1e3 --period-maxerror=-1 \
	--start=yesterday --start=2026-02-31T00:00:00 --start=2016-12-31T23:59:60 \
	--start=2016-12-31T23:59:50x --start=1969-12-31T23:59:59 --start=2016-12-31T \
	--start=9999-12-31 --start=10000-01-01 --start=2100-02-29 --start=2016-12-31Z \
	--tai-offset=x --tai-offset=32768 --tai-offset=-37s --tai-offset= \
	--status=good --smearing=none --size=24 --size=100 --size=65544 --size=-8 \
	--marker=-1 --marker=18446744073709551616 --generation=x --flags=0xg --flags= \
	--at=100 --at=-4096 --counter-offset=1.5; do
	run "$bad" "$page"
	expect "$bad" 3 "^vmclock-sim: ${bad%%=*}: '.*' is not .*try --help"
	one_line "$bad"
done
run "--interval=$(printf '\033[31m\n10ms')" "$page"
expect 'control characters are not repeated' 3 "^vmclock-sim: --interval: '.\[31m.10ms' is"
one_line 'control characters are not repeated'
[ ! -e "$page" ] && why='' || why='there is'
verdict 'none of them left a file' "$why"

run --fault tornupdate "$page"
expect 'a fault with a letter missing' 3 "^vmclock-sim: --fault: there is no 'tornupdate'; did you mean torn-update\? \("

# ---- Contradictions ------------------------------------------------------------------

# contradict ONE OTHER ARG...: a case: the arguments are refused, in either order of the two.
contradict() {
	one=$1 other=$2
	shift 2
	run "$@"
	expect "contradict: $*" 3 "^vmclock-sim: $one and $other contradict each other: .*try --help"
	one_line "contradict: $*"
}

contradict --hold --interval --hold --interval 1s "$page"
contradict --hold --interval --interval 0 --hold "$page"
contradict --at --keep --at 0 --keep "$page"
for option in --start=now --frequency=1 --drift=1 --maxerror=1ms --period-maxerror=1 --utc \
	--tai-offset=none --no-bounds --status=synchronized; do
	contradict --marker-only "${option%%=*}" --marker-only "$option" "$page"
	contradict --size "${option%%=*}" "$option" --size 80 "$page"
done
contradict --marker-only --fault --marker-only --fault no-utc "$page"
contradict --size --smearing --size 32 --smearing strict "$page"
contradict --size --generation --size 104 --generation 1 "$page"
for option in --utc --tai-offset=37 --no-bounds --status=unknown --size=4096 --flags=0x200; do
	contradict --fault "${option%%=*}" --fault no-utc "$option" "$page"
done
contradict --fault --interval --fault no-utc --interval 1s "$page"
contradict --fault --hold --hold --fault torn-update "$page"
contradict --run --at --at 0 --run true
contradict --run --keep --keep --run true
contradict --tell --hold --hold --tell "$control" show

for option in --hold --interval=1s --marker=1 --status=unknown --start=now --keep; do
	run "$option" "$option" "$page"
	expect "twice: $option" 3 "^vmclock-sim: ${option%%=*} is given twice; give it once \\(try"
	one_line "twice: $option"
done
[ ! -e "$page" ] && why='' || why='there is'
verdict 'nor did any of these' "$why"

# ---- Files ------------------------------------------------------------------------

run "$tmp/nothing/page"
expect 'a folder that does not exist' 2 '^vmclock-sim: cannot make .*/nothing/page: No such file'
one_line 'a folder that does not exist'
run /proc/page
expect 'a folder that nobody can write to' 2 '^vmclock-sim: cannot make /proc/page: '
run "$tmp"
expect 'a folder itself' 2 '^vmclock-sim: cannot open .*: Is a directory'
run /dev/null
expect 'a device' 2 'exists and holds no VMClock page'
echo 'my only copy' >"$tmp/precious"
run "$tmp/precious"
expect 'a file that is something else' 2 'exists and holds no VMClock page; name another'
[ "$(cat "$tmp/precious")" = 'my only copy' ] && why='' || why='it was touched'
verdict 'it is left alone' "$why"

mkfifo "$tmp/fifo"
run "$tmp/fifo"
expect 'a fifo' 2 'exists and holds no VMClock page'
head -c 4096 /dev/zero >"$tmp/zeros"
run "$tmp/zeros"
expect 'a file of the right size' 2 'exists and holds no VMClock page'
ln -s nowhere "$tmp/dangling"
run "$tmp/dangling"
expect 'a symbolic link to nothing' 2 'is a symbolic link to a file that does not exist; name that file$'
one_line 'a symbolic link to nothing'
run --at 0 "$tmp/nothing"
expect '--at: no such file' 2 '^vmclock-sim: cannot open .*: No such file'
run --at 0 "$tmp/precious"
expect '--at: too small a file' 2 'has 13 bytes, too few for a page of 4096 at 0; correct --at'
head -c 8192 /dev/zero >"$tmp/ram"
run --at 8192 "$tmp/ram"
expect '--at: behind the end' 2 'has 8192 bytes, too few for a page of 4096 at 8192'
run --at 0x7ffffffffffff000 "$tmp/ram"
expect '--at: far behind the end' 2 'has 8192 bytes, too few'
run --at 4096 --size 4104 "$tmp/ram"
expect '--at: half of it behind the end' 2 'has 8192 bytes, too few for a page of 8192 at 4096'

run --script "$tmp/nothing" "$page"
expect 'a script that does not exist' 2 '^vmclock-sim: cannot open .*/nothing: No such file'
run --control "$tmp/nothing/control" "$page"
expect 'a socket that cannot be made' 2 '^vmclock-sim: cannot make the socket .*: No such file'
run --control "$tmp/$(printf '%0200d' 0)" "$page"
expect 'a path too long for a socket' 2 'is too long a path for a socket'
run --control "$tmp/precious" "$page"
expect 'a socket in the place of a file' 2 'cannot make the socket .*: it exists and is no socket; name another path$'
run --control '' "$page"
expect 'a socket without a path' 2 '^vmclock-sim: the path of the socket is empty; give one$'
run --tell "$tmp/nothing" show
expect 'nobody to tell' 2 '^vmclock-sim: no simulator listens at '
run --tell "$tmp/nothing"
expect 'nothing to tell' 3 'give a command after the socket'
[ ! -e "$page" ] && why='' || why='there is'
verdict 'and again no file is left' "$why"

# ---- Two of them -----------------------------------------------------------------------

start
control_1=$control
control=$tmp/control2
run "$page"
expect 'a second one on the same file' 2 \
	'^vmclock-sim: another vmclock-sim publishes in .*; end that'
one_line 'a second one on the same file'
run --control "$control_1" "$tmp/page2"
expect 'a second one at the same socket' 2 'another program listens at .*; end it, or name another socket$'
reader 'the first goes on' nested 3
control=$control_1
stop
expect 'and ends well' 0

start_at "$tmp/ram" --at 4096
run --at 4096 "$tmp/ram"
expect 'a second one at the same offset' 2 'another vmclock-sim publishes in'
first=$sim control=$tmp/control2
start_at "$tmp/ram" --at 0
reader_at "$tmp/ram" 'a second one at another offset' nested 3
stop
sim=$first
stop

# ---- What it cannot write --------------------------------------------------------------

(ulimit -f 1 && "$VMCLOCK_SIM" --size 65536 "$page" </dev/null >/dev/null 2>"$tmp/limited"
	echo $? >"$tmp/status")
status=$(cat "$tmp/status")
cp "$tmp/limited" "$tmp/err"
expect 'a limit of the file size' 2 '^vmclock-sim: cannot make .*: File too large$'
[ -z "$(ls "$page"* 2>/dev/null)" ] && why='' || why="$(ls "$page"*)"
verdict 'a limit of the file size: nothing is left' "$why"

if [ -c /dev/full ] && ! (echo >/dev/full) 2>/dev/null; then
	"$VMCLOCK_SIM" --help >/dev/full 2>"$tmp/err"
	status=$?
	: >"$tmp/out"
	expect 'a full disk' 2 '^vmclock-sim: cannot write the output'
	timeout 20 "$VMCLOCK_SIM" "$page" </dev/null >/dev/full 2>"$tmp/err"
	status=$?
	expect 'a full disk: nobody could know that it publishes' 2 '^vmclock-sim: cannot write the output: No space'
	one_line 'a full disk: nobody could know that it publishes'
	[ ! -e "$page" ] && why='' || why='it is'
	verdict 'a full disk: no file is left' "$why"
fi

finish
