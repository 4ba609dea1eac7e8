#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-check with files that are no page, cannot be read, or never stop changing.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${top_srcdir:=.}/tests/tools/lib.sh"

# ---- No page ---------------------------------------------------------------------

run_page length=0
expect 'an empty file' 2 \
	'^NOT USABLE: .* is not a VMClock page: it holds 0 bytes' 'contents +not read'

run_page length=31
expect 'a file one byte too short' 2 '^NOT USABLE: .*it holds 31 bytes, a page has at least 32'

run_page magic=0x12345678
expect 'another magic' 2 '^NOT USABLE: .*begins with 0x12345678, a page with 0x4b4c4356'

run_page version=2
expect 'version 2' 2 '^NOT USABLE: .*another version: its version is 2' '^Next: install a newer'

run_page version=0
expect 'version 0' 2 '^NOT USABLE: .*its version is 0'

for size in 0 0x1f; do
	run_page size=$size
	expect "size $size" 2 "^NOT USABLE: .*its size is $((size)) bytes, the least is 32"
done

run_page size=4097
expect 'a size larger than the file' 2 \
	'^NOT USABLE: .*its size is 4097 bytes, but the file has 4096'

run_page size=0xffffffff
expect 'the largest size' 2 '^NOT USABLE: .*its size is 4294967295 bytes, but the file has 4096'

run_page size=0x70 length=0x6f
expect 'a file cut short' 2 '^NOT USABLE: .*its size is 112 bytes, but the file has 111'

run --device "$tmp"
expect 'a folder' 2 '^NOT USABLE: .*it is a folder'

mkfifo "$tmp/fifo"
run --device "$tmp/fifo"
expect 'a FIFO does not block' 2 '^NOT USABLE: .*neither a character device nor a regular file'

run --device /dev/null
expect 'another device' 2 '^NOT USABLE: /dev/null has no VMClock behind it'

# ---- Not there, not to be read ------------------------------------------------------

run --device "$tmp/nothing"
expect 'a path that does not exist' 2 \
	"^NOT USABLE: there is no $tmp/nothing" '^Next: correct the path'

VMCLOCK_PATH=$tmp/nothing
export VMCLOCK_PATH
run
expect 'the same from the environment' 2 'path +.* \(from .VMCLOCK_PATH\)' '^Next: .*VMCLOCK_PATH'
"$MAKE_PAGE" "$page" disruption_marker=77 || exit 99
run --device "$page"
expect 'an option outweighs the environment' 0 'disruption marker +77$' '!VMCLOCK_PATH'
VMCLOCK_PATH=$page
run
expect 'the environment alone' 0 'disruption marker +77$' 'path +.* \(from .VMCLOCK_PATH\)'
unset VMCLOCK_PATH

long=$(printf '%05000d' 0)
run --device "/$long"
expect 'a path that is too long' 2 '^NOT USABLE: cannot open /0+\.\.\.: File name too long'

ln -s loop "$tmp/loop"
run --device "$tmp/loop"
expect 'a loop of links' 2 '^NOT USABLE: cannot open .*: Too many levels'

run_as_nobody() {
	as_nobody "$VMCLOCK_CHECK" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

if as_nobody "$VMCLOCK_CHECK" --version >/dev/null 2>&1; then
	"$MAKE_PAGE" "$page" || exit 99
	chmod 755 "$tmp"
	chmod 0 "$page"
	run_as_nobody --device "$page"
	expect 'a file that may not be read' 2 \
		'^NOT USABLE: uid [0-9]+ has no permission to read .*its mode is 0000' \
		'^Next: .*chmod a\+r'
	[ "$(id -u)" != 0 ] || chown 65534 "$page"
	chmod 4 "$page"
	run_as_nobody --device "$page"
	expect 'a file that may be read by its mode, but not in fact' 2 \
		'^NOT USABLE: no permission to open .*, though its mode is 0004'
	rm -f "$page"
	mkdir "$tmp/closed"
	"$MAKE_PAGE" "$tmp/closed/page" || exit 99
	chmod 0 "$tmp/closed"
	run_as_nobody --device "$tmp/closed/page"
	expect 'a folder that may not be entered' 2 \
		'^NOT USABLE: no permission to reach .*a folder on the way' 'kind +cannot be examined'
	chmod 755 "$tmp/closed"

	# The mode of the in-tree driver's node, without a udev rule.
	VMCLOCK_CHECK_SYSROOT=$tmp/root
	export VMCLOCK_CHECK_SYSROOT
	mkdir -p "$tmp/root/dev"
	"$MAKE_PAGE" "$tmp/root/dev/vmclock0" || exit 99
	chmod 0 "$tmp/root/dev/vmclock0"
	run_as_nobody
	expect 'a device that may not be read' 2 \
		'^NOT USABLE: uid [0-9]+ has no permission to read .*/dev/vmclock0' \
		'^Next: as root: chmod 0444 .*/dev/vmclock0; .*udev'
	unset VMCLOCK_CHECK_SYSROOT
else
	skip 'a file that may not be read' 'cannot run the tool as another user here'
	skip 'a file that may be read by its mode, but not in fact' \
		'cannot run the tool as another user here'
	skip 'a folder that may not be entered' 'cannot run the tool as another user here'
	skip 'a device that may not be read' 'cannot run the tool as another user here'
fi

# ---- Updates ---------------------------------------------------------------------------

run_page seq_count=7 disruption_marker=5
expect 'an update that never ends' 2 \
	'^NOT USABLE: the sequence count stays odd \(7\).* for 1000 ms' \
	'sequence count +7 odd' 'size +4096 bytes' '!disruption marker' 'the rest +not read' \
	'nothing +an update'

# The update ends while the tool waits: after 100 ms, when readers have given up, and
# before 1000 ms. A busy machine may miss this window; then try again.
for attempt in 1 2 3 4 5; do
	"$MAKE_PAGE" "$page" seq_count=7 || exit 99
	{ sleep "0.$((2 + attempt))"; "$MAKE_PAGE" "$page" in-place=1 seq_count=8; } &
	run --device "$page"
	wait $!
	[ "$status" = 1 ] && break
done
expect 'an update that takes too long' 1 \
	'^WARNING: the host took more than [0-9]+ ms for an update' \
	'sequence count +8$' 'disruption marker +yes'

run_page seq_count=0xffffffff
expect 'the largest odd count' 2 '^NOT USABLE: the sequence count stays odd \(4294967295\)'

finish
