#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-sim: several that start at the same moment, and some that are killed.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

folder=$tmp/race
page=$folder/page control=$folder/control

# begin NUMBER ARG...: starts one in the background: its output is in $tmp/NUMBER.out and .err.
begin() {
	n=$1
	shift
	# What the round before wrote must not count.
	: >"$tmp/$n.out"
	"$VMCLOCK_SIM" "$@" </dev/null >"$tmp/$n.out" 2>"$tmp/$n.err" &
	echo $! >"$tmp/$n.pid"
}

# Sets $winners: the numbers of those that publish, when each of 1..4 publishes or has ended.
decide() {
	winners=
	for n in 1 2 3 4; do
		until_true decided "$n" || echo "# undecided: $n"
		if grep -q '^publishing ' "$tmp/$n.out"; then
			winners="$winners $n"
		fi
	done
}

decided() {
	grep -q '^publishing ' "$tmp/$1.out" || ! kill -0 "$(cat "$tmp/$1.pid")" 2>/dev/null
}

# Ends the winners; $why: who did not end as it has to.
end_all() {
	for n in 1 2 3 4; do
		kill "$(cat "$tmp/$n.pid")" 2>/dev/null
		wait "$(cat "$tmp/$n.pid")"
		status=$?
		case "$winners " in
		*" $n "*) [ "$status" = 0 ] || why="$why $n ended with $status" ;;
		*)
			[ "$status" = 2 ] && [ "$(grep -cE "$1" "$tmp/$n.err")" = 1 ] &&
				[ "$(wc -l <"$tmp/$n.err")" = 1 ] || why="$why $n: $status, $(cat "$tmp/$n.err")"
			;;
		esac
	done
	: >"$tmp/out"
	: >"$tmp/err"
}

left() {	# NAME
	[ -z "$(ls "$folder")" ] && why='' || why="$(ls "$folder")"
	verdict "$1: nothing is left" "$why"
	rm -rf "$folder"
	mkdir "$folder"
}

mkdir "$folder"

# ---- The page -----------------------------------------------------------------------------

# race NAME ARG...: a case: one of four wins the page.
race() {
	name=$1
	shift
	for n in 1 2 3 4; do
		begin "$n" "$@" "$page"
	done
	decide
	why=
	[ "$(echo "$winners" | wc -w)" = 1 ] || why="winners:$winners"
	"$SIM_READER" "$page" nested 2 >"$tmp/out" 2>&1 || why="$why; the page is not live"
	end_all "^vmclock-sim: another vmclock-sim publishes in $page; end that first\$"
	verdict "$name: one of four wins, the others say why" "$why"
	left "$name"
}

# killed ARG...: leaves a page and a socket behind.
killed() {
	start "$@"
	kill -KILL "$sim"
	wait "$sim" 2>/dev/null
	sim=
}

for round in 1 2 3; do
	race "a new page, $round"
	killed
	rm "$control"
	race "a page that was left, $round"
	killed --utc
	rm "$control"
	race "a page of another kind, $round"
done

# ---- The socket ---------------------------------------------------------------------------

for round in 1 2 3 4 5 6; do
	case $round in
	[123]) name="a new socket, $round" ;;
	*)
		name="a socket that was left, $round"
		killed
		rm "$page"
		;;
	esac
	for n in 1 2 3 4; do
		begin "$n" --marker-only --control "$control" "$page$n"
	done
	decide
	why=
	[ "$(echo "$winners" | wc -w)" = 1 ] || why="winners:$winners"
	tell show
	grep -q "^file $page${winners# }\$" "$tmp/out" || why="$why; it does not answer"
	end_all "^vmclock-sim: another program listens at $control; end it, or name another socket\$"
	verdict "$name: one of four wins, the others say why" "$why"
	left "$name"
done

# The socket of another simulator is not ours to remove.
begin 1 --control "$control" "$page"
until_true decided 1
rm "$control"
start_at "${page}2"
kill "$(cat "$tmp/1.pid")"
wait "$(cat "$tmp/1.pid")"
tell show
expect 'a socket that was replaced is left alone' 0 "^file ${page}2\$"
stop
left 'a socket that was replaced'

# ---- Killed in the middle -------------------------------------------------------------------

mapped() {
	grep -q "$folder" "/proc/$sim/maps"
}

for kind in 'a new page' 'a page that was left' 'a page of another kind'; do
	set --
	case $kind in
	*left) killed ;;
	*kind) killed --utc ;;
	esac
	rm -f "$control"
	: >"$tmp/sim.out"
	"$VMCLOCK_SIM" "$page" </dev/null >"$tmp/sim.out" 2>"$tmp/sim.err" &
	sim=$!
	until_true mapped
	kill -KILL "$sim"
	wait "$sim" 2>/dev/null
	sim=
	[ -z "$(find "$folder" -type f ! -name page)" ] && why='' || why="$(ls "$folder")"
	verdict "$kind: killed at the start: no other name is left" "$why"
	start
	reader "$kind: the next one publishes" nested 2
	stop
	left "$kind: and ends"
done

finish
