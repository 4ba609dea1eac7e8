#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The programs of examples/ do what their comments say, on a simulated page, with vmclockd and
# without; and README.md shows the shortest of them.

# shellcheck source-path=SCRIPTDIR source=daemon-lib.sh
. "${top_srcdir:=.}/tests/tools/daemon-lib.sh"

: "${EXAMPLES:=examples}" "${PYTHON:=python3}" "${CC:=cc}"
page=$tmp/vmclock0
export VMCLOCK_PATH="$page" VMCLOCK_RUN_DIR="$folder"
# The Python example finds the library by its name.
export LD_LIBRARY_PATH="$PWD/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export PYTHONDONTWRITEBYTECODE=1
mkdir "$folder"
example=
trap 'end_all; [ -z "$example" ] || kill "$example"; rm -rf "$tmp"' EXIT

# begin NAME [ARG...]: runs an example in the background; `enter' presses Enter there, and `end'
# ends its input. `expect' judges it then.
begin() {
	name=$1
	shift
	rm -f "$tmp/in"
	mkfifo "$tmp/in" || exit 99
	: >"$tmp/out"
	# Else what the former one showed would count.
	: >"$tmp/err"
	case $name in
	*.py) set -- "$PYTHON" "$top_srcdir/examples/$name" "$@" ;;
	*) set -- "$EXAMPLES/$name" "$@" ;;
	esac
	# An example that hangs must not hang the test.
	timeout 60 "$@" <"$tmp/in" >"$tmp/out" 2>"$tmp/err" &
	example=$!
	exec 3>"$tmp/in"
}

# In a subshell, because writing to an ended example would end our shell.
enter() {
	(echo >&3) 2>/dev/null || echo '# it has ended'
}

end() {
	exec 3>&-
	wait "$example"
	status=$?
	example=
}

shows() { grep -Eq -e "$1" "$tmp/out" "$tmp/err"; }
shows_or_ended() { shows "$1" || ! kill -0 "$example" 2>/dev/null; }

# Waits until the example shows a line; the case is judged at its end.
until_shown() {
	until_true shows_or_ended "$1" || echo "# not shown: $1"
}

to_sim() {
	"$VMCLOCK_SIM" --tell "$control" "$@" >/dev/null || echo "# not done: $*"
}

stamp_pattern='[0-9]{10}\.[0-9]{9}'
if command -v "$PYTHON" >/dev/null; then
	python_example=vmclock.py
else
	python_example=
	skip 'vmclock.py' "$PYTHON is not here"
fi
cxx_example=order
if [ ! -x "$EXAMPLES/order" ]; then
	cxx_example=
	skip 'order' 'there was no C++ compiler'
fi
programs="stamp stamp-events commit-wait event-loop unique-ids $cxx_example $python_example"

# ---- No device ---------------------------------------------------------------------

for program in $programs; do
	begin "$program"
	end
	case $program in
	stamp) what='no VMClock: ' ;;
	*) what="$program: cannot open the VMClock device" ;;
	esac
	expect "$program without a device says why" 1 "^$what.*vmclock-check tells more" \
		'[Nn]o such (device|file)' "!$stamp_pattern"
done

# ---- A page, and no vmclockd ---------------------------------------------------------

start --maxerror=1us

for program in stamp $python_example; do
	begin "$program"
	until_shown '^press Enter$'
	enter
	end
	expect "$program stamps" 0 "^$stamp_pattern\$"

	begin "$program"
	until_shown '^press Enter$'
	to_sim disrupt
	enter
	end
	expect "$program refuses after a disruption" 1 \
		'^the clock was disrupted: set it right before you use it$' "!^$stamp_pattern"
done

if [ -n "$cxx_example" ]; then
	begin order
	until_shown '^event within'
	enter
	end
	expect 'order: the first event was the first' 0 '^event within [0-9]+ ns$' \
		'^the first one came first, for certain$'
	begin order
	until_shown '^event within'
	to_sim disrupt
	enter
	end
	expect 'order: no comparison across a disruption' 1 '^the clock was disrupted:'
fi

begin commit-wait 3
end
expect 'commit-wait commits' 0 '^transaction 3: committed$'

# One seed until the machine is a clone; no number comes twice.
begin unique-ids
enter
enter
until_shown '-1$'
to_sim snapshot
enter
enter
end
seeds=$(sed -n "s/^[0-9.]*-\([0-9a-f]*\)-[0-9]*\$/\1/p" "$tmp/out" | uniq | wc -l)
expect 'unique-ids seeds anew in a clone' 0 "^$stamp_pattern-[0-9a-f]{16}-0\$" \
	"^$stamp_pattern-[0-9a-f]{16}-1\$" '^another origin: seeded anew$' \
	'^no identifier: the clock was disrupted$'
[ "$seeds" = 2 ] && why='' || why="$seeds seeds, not 2"
verdict 'its numbers have another beginning then' "$why"

begin event-loop
until_shown '^watching, marker'
enter
until_shown '^event at'
to_sim imminent
until_shown '^maintenance'
to_sim calm
until_shown '^maintenance: none'
to_sim snapshot
until_shown '^the clock is trusted'
end
expect 'event-loop hears of all' 0 '^watching, marker ([0-9]+)$' "^event at $stamp_pattern\$" \
	'^maintenance: imminent' '^disrupted: marker' '^this machine is a clone: generation 2 -> 3$' \
	'^the clock is trusted, marker'
stop

# ---- Wide bounds -------------------------------------------------------------------------

start --maxerror=300ms
before=$(date +%s%N)
begin commit-wait
end
waited=$((($(date +%s%N) - before) / 1000000))
expect 'commit-wait waits' 0 '^transaction 1: committed$'
# From the latest time of one reading to the earliest of another: twice the error.
[ "$waited" -ge 600 ] && why='' || why="it waited for $waited ms, not for 600"
verdict 'until the time is certainly over' "$why"
stop

start --maxerror=60s
begin commit-wait
until_shown '^written'
to_sim disrupt
end
expect 'commit-wait rolls back what was disrupted' 1 \
	'^transaction 1: rolled back: the clock was disrupted$'
if [ -n "$cxx_example" ]; then
	begin order
	until_shown '^event within'
	enter
	end
	expect 'order does not guess' 0 '^nobody knows which came first$'
fi
stop

# ---- No time ----------------------------------------------------------------------------

start --marker-only
begin commit-wait
end
expect 'commit-wait on a page with a marker only' 1 \
	'^commit-wait: cannot commit: the page gives no time with bounds'
stop
start --no-bounds
begin commit-wait
end
expect 'and without bounds' 1 '^commit-wait: cannot commit: the page gives no time with bounds' \
	'!^written'
if [ -n "$cxx_example" ]; then
	begin order
	end
	expect 'order without bounds' 1 '^order: no bounds'
fi
stop
start --status unreliable
begin commit-wait
end
expect 'commit-wait and a host that is not sure' 1 \
	'^commit-wait: cannot commit: nobody is sure of the time now$'
stop

# ---- With vmclockd ----------------------------------------------------------------------------

start --maxerror=1us
configure 'mode = observe'
start_daemon '^'
holds 'vmclockd vouches' "$VMCLOCK_CHECK" --wait=20
begin event-loop
until_shown '^watching'
# vmclockd cannot correct the clock here, so the clock stays wrong.
to_sim disrupt step=10ms
until_shown '^disrupted'
enter
until_shown 'REFUSED'
to_sim step -10ms
until_shown '^the clock is trusted'
enter
until_shown '^event at'
end
expect 'event-loop refuses until vmclockd vouches again' 0 \
	'^event REFUSED: the clock was disrupted$' '^the clock is trusted, marker' '^event at'
begin unique-ids
enter
until_shown '-0$'
to_sim disrupt step=10ms
enter
enter
end
[ "$(grep -c '^no identifier' "$tmp/out")" = 2 ] && why='' || why='not twice'
verdict 'unique-ids, too' "$why"
stop_daemon
stop

# ---- README.md ----------------------------------------------------------------------------------

# README's program, without Markdown's indentation.
sed -n '/^    #define _POSIX_C_SOURCE/,/^    }$/{s/^    //;p}' "$top_srcdir/README.md" >"$tmp/readme.c"
: >"$tmp/out"
sed -e '1,2d' -e 's/\t/    /g' "$top_srcdir/examples/stamp.c" | diff "$tmp/readme.c" - >"$tmp/err" 2>&1 &&
	why='' || why='another one'
verdict "README.md shows examples/stamp.c" "$why"

# ---- Users copy the examples into projects of their own -----------------------------------------

for example in "$tmp/readme.c" "$top_srcdir"/examples/*.c; do
	# $CC may hold options.
	# shellcheck disable=SC2086
	$CC -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$top_srcdir/include" \
		-Iinclude "$example" >"$tmp/err" 2>&1 && why='' || why='it does not compile'
	verdict "${example##*/} compiles as C11" "$why"
done

finish
