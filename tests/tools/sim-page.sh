#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-sim: the published page, and its file.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

gone() {
	[ ! -e "$page" ] && [ ! -e "$control" ] && why='' || why='it is there'
	verdict "$1" "$why"
}

# ---- The host's clock -----------------------------------------------------------------

start
reader 'the host'\''s clock is within the bounds' host 0
reader 'updates keep what was promised' nested 20
is 'TAI' time_type 1
is 'with the offset' tai_offset_sec -37
is 'synchronized' clock_status 2
is 'one page' size 4096
is 'flags' flags "$((0x179))"
[ "$(get time_maxerror_nanosec)" -ge 1000 ] && why='' || why='they are too good'
verdict 'bounds are not too good to be true' "$why"
[ "$(stat -c %s:%a "$page")" = 4096:644 ] && why='' || why="$(stat -c %s:%a "$page")"
verdict 'a whole file that all can read' "$why"
if [ -x "$VMCLOCK_CHECK" ]; then
	"$VMCLOCK_CHECK" --device "$page" >"$tmp/out" 2>"$tmp/err"
	status=$?
	expect 'vmclock-check is content' 0
else
	skip 'vmclock-check is content' 'it is not built'
fi
stop
expect 'SIGTERM ends it' 0 "^publishing $page\$"
gone 'and the file is gone'

start
stop INT
expect 'SIGINT ends it' 0
gone 'and the file is gone too'

# A publisher that is stopped is told from one that is not, when its bounds have grown.
start --period-maxerror 10
kill -STOP "$sim"
stale() {
	"$VMCLOCK_CHECK" --device "$page" >"$tmp/out" 2>"$tmp/err"
	[ $? = 1 ] && grep -q '^WARNING: the reference is .* old, and its bounds have grown' "$tmp/out"
}
until_true stale && why='' || why='it is not'
kill -CONT "$sim"
verdict 'a simulator that is stopped is missed' "$why"
stop

# No two updates are the same, but all agree.
start --interval 1ms
reader '1 kHz: bounds' host 0
reader '1 kHz: updates' nested 500
stop
start --interval 0
reader 'flat out: bounds' host 0
reader 'flat out: updates' nested 10000
stop
expect 'flat out: the end' 0 '!bounds'
start --interval 0 --start now
reader 'flat out, its own clock: updates' nested 10000
reader 'flat out, its own clock: one line' line 10000
stop
start --period-maxerror 0 --start now --interval 1ms
reader 'exact frequency: updates' nested 500
stop

# ---- Other pages ------------------------------------------------------------------------

start --utc
is 'UTC' time_type 0
reader 'UTC: bounds' host 0
reader 'UTC: updates' nested 10
stop

for offset in 37 -36 -38 37:none; do
	start --tai-offset "${offset#*:}"
	case $offset in
	*none)
		is 'no TAI offset: the flag' flags "$((0x178))"
		is 'no TAI offset: the field' tai_offset_sec 0
		;;
	*)
		is "TAI offset $offset" tai_offset_sec "$offset"
		was=$(date -u +%FT%T)
		got=$(get utc)
		now=$(date -u +%FT%T)
		[ "$got" = "$was" ] || [ "$got" = "$now" ] && why='' || why="$was, $got, $now"
		verdict "TAI offset $offset: UTC is right" "$why"
		;;
	esac
	stop
done

start --no-bounds
is 'no bounds' flags "$((0x101))"
is 'no bounds: the field' time_maxerror_nanosec 0
stop
start --size 0x68 --flags 0x8000000000000200 --marker 77 --status freerunning --smearing utc-sls
is 'a page without generation' flags 9223372036854776441
is 'its size' size 104
is 'its marker' disruption_marker 77
is 'its status' clock_status 3
is 'its smearing' leap_second_smearing_hint 2
is 'no generation' vm_generation_counter 0
stop
start --size 32
is 'the least page: marker' disruption_marker 1
is 'the least page: no time' time_sec 0
stop
start --size 80
is 'a page that ends before the time: no counter' counter_id 255
is 'and no status' clock_status 0
stop
start --size 96
is 'a page that ends before its bounds: it gives time' clock_status 2
is 'and promises no bounds' flags 1
stop
start --generation 0xffffffffffffffff
is 'the largest generation' vm_generation_counter 18446744073709551615
tell snapshot
is 'and the next' vm_generation_counter 0
stop

start --marker-only
is 'marker only: counter' counter_id 255
is 'marker only: status' clock_status 0
is 'marker only: flags' flags 256
is 'marker only: no time' time_sec 0
tell disrupt
is 'marker only: a disruption' disruption_marker 2
stop
expect 'marker only: the end' 0

start --hold
seq=$(get seq_count)
tell status freerunning
is 'hold: a command is published' seq_count $((seq + 2))
reader 'hold: bounds' wait seq_count $((seq + 2))
stop

# ---- The file ----------------------------------------------------------------------------

start --keep
stop
is 'kept at the end' disruption_marker 1
is 'and still vouched for' clock_status 2
inode=$(stat -c %i "$page")
seq=$(get seq_count)
start
[ "$(stat -c %i "$page")" = "$inode" ] && why='' || why='it is another file'
verdict 'one that was left behind goes on' "$why"
is 'under another marker' disruption_marker 2
is 'and the same generation' vm_generation_counter 1
[ "$(get seq_count)" -gt "$seq" ] && why='' || why='it went back'
verdict 'its sequence count goes on' "$why"
reader 'and readers go on' nested 3
stop
expect 'it says so' 0 '^vmclock-sim: the page that was there goes on: disruption marker 2$'
gone 'and not kept'

start --marker 5 --keep
stop
start --marker 5 --keep
is 'a restart is a disruption, whatever is asked for' disruption_marker 6
stop
start --marker 9 --generation 4 --keep
is 'another marker is taken' disruption_marker 9
is 'and another generation' vm_generation_counter 4
stop

# Programs that have a page open must learn of its end; here, the link has it open.
held() {
	[ "$("$SIM_READER" "$tmp/held" get "$2")" = "$3" ] && why='' || why="$2 is $("$SIM_READER" "$tmp/held" get "$2")"
	verdict "$1" "$why"
}

# A constant field would change.
ln "$page" "$tmp/held"
inode=$(stat -c %i "$page")
start --utc
[ "$(stat -c %i "$page")" != "$inode" ] && why='' || why='it is the same file'
verdict 'a page with other constants is a new file' "$why"
held 'the old one is disrupted' disruption_marker 10
held 'and unreliable' clock_status 4
stop
rm "$tmp/held"

start --marker 3
ln "$page" "$tmp/held"
stop
held 'a page ends with its file: it is disrupted' disruption_marker 4
held 'it ends with its file: it is unreliable' clock_status 4
rm "$tmp/held"
start --marker 3 --fault period-zero
ln "$page" "$tmp/held"
stop
held 'a faulty page ends too' clock_status 4
rm "$tmp/held"
start --marker 3 --keep
ln "$page" "$tmp/held"
rm "$page"
until_true grep -q 'was removed' "$tmp/sim.err"
stop
held 'what was to be kept and is not there ends too' disruption_marker 4
rm "$tmp/held"

start
rm "$page"
until_true grep -q 'was removed' "$tmp/sim.err"
echo other >"$page"
stop
expect 'a file that is removed is missed' 0 \
	"^vmclock-sim: $page was removed, or replaced by another file: .*start it again\$"
[ "$(cat "$page")" = other ] && why='' || why='it was removed'
verdict 'a file that took its place is left alone' "$why"
rm "$page"

# Somebody truncates the file.
start
: >"$page"
wait "$sim"
status=$?
sim=
cp "$tmp/sim.err" "$tmp/err"
expect 'a file that is truncated under it' 2 \
	'^vmclock-sim: the page file was truncated under the program$'
rm -f "$page" "$control"

# It is written over: the constant fields are not written again.
overwritten() {	# NAME COMMAND...
	name=$1
	shift
	start
	"$@"
	wait "$sim"
	status=$?
	sim=
	cp "$tmp/sim.err" "$tmp/err"
	expect "$name" 2 "^vmclock-sim: $page was truncated or overwritten by another program; remove it"
	[ -e "$page" ] && [ ! -e "$control" ] && why='' || why='it is not so'
	verdict "$name: it is not ours to remove, and the socket is" "$why"
	rm -f "$page" "$control"
}
overwritten 'a file that is overwritten' dd if=/dev/zero of="$page" bs=4096 count=1 conv=notrunc \
	status=none
overwritten 'a file that is truncated to a part of its page' truncate -s 100 "$page"

# Through a symbolic link, the file is the one that it leads to.
start --keep
stop
ln -s page "$tmp/link"
start_at "$tmp/link" --utc
[ -L "$tmp/link" ] && why='' || why='it is not'
verdict 'a symbolic link stays one' "$why"
is 'and the page that it leads to is replaced' time_type 0
stop
[ -L "$tmp/link" ] && [ ! -e "$page" ] && why='' || why='it is not'
verdict 'at the end, the page is gone and not the link' "$why"
rm "$tmp/link"

# vmclock-sim is killed: nothing is cleaned up, not even an update in progress.
start --marker 3
tell stall on
kill -KILL "$sim"
wait "$sim" 2>/dev/null
sim=
inode=$(stat -c %i "$page")
start
[ "$(stat -c %i "$page")" = "$inode" ] && why='' || why='it is another file'
verdict 'after a crash the page goes on' "$why"
is 'disrupted' disruption_marker 4
reader 'and readers go on after it' nested 3
stop

# Memory of a guest: only the page is written, and the guest continues.
ram=$tmp/ram
head -c 12288 /dev/zero | tr '\0' x >"$ram"
start_at "$ram" --at 4096 --counter-offset -1000000000000
export SIM_READER_COUNTER_OFFSET=-1000000000000
reader_at "$ram@4096" 'at an offset: bounds' host 0
reader_at "$ram@4096" 'at an offset: updates' nested 5
unset SIM_READER_COUNTER_OFFSET
tell snapshot
stop
[ "$(head -c 4096 "$ram" | tr -d x)$(tail -c 4096 "$ram" | tr -d x)" = '' ] && why='' || why='it is'
verdict 'what is around it is not touched' "$why"
seq=$("$SIM_READER" "$ram@4096" get seq_count)
start_at "$ram" --at 4096
reader_at "$ram@4096" 'taken over: another marker' wait disruption_marker 3
reader_at "$ram@4096" 'taken over: the same generation' wait vm_generation_counter 2
[ "$("$SIM_READER" "$ram@4096" get seq_count)" -gt "$seq" ] && why='' || why='it went back'
verdict 'taken over: the sequence count goes on' "$why"
stop

finish
