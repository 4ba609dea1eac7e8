#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-verify: options, files that are no page, pages that go away or never stop changing,
# expectations of the host, and output. rules.sh tests which rules it finds.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

: "${VMCLOCK_VERIFY:=tools/vmclock-verify}"

verify() {
	timeout 60 "$VMCLOCK_VERIFY" "$@" </dev/null >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# Runs it in the background until it has looked for a while; `ended' gives the report.
watching=
begin() {
	# Its predecessor's lines must not count, and the child may open the file late.
	: >"$tmp/verify.err"
	"$VMCLOCK_VERIFY" "$@" </dev/null >"$tmp/verify.out" 2>"$tmp/verify.err" &
	watching=$!
}
ended() {
	wait "$watching"
	status=$?
	watching=
	cp "$tmp/verify.out" "$tmp/out"
	cp "$tmp/verify.err" "$tmp/err"
}
trap '[ -z "$watching" ] || kill "$watching"; [ -z "$sim" ] || kill "$sim"; rm -rf "$tmp"' EXIT

# ---- Usage ------------------------------------------------------------------------------

verify --help
expect '--help' 0 '^Usage: vmclock-verify' '^Exit status:'
verify --version
expect '--version' 0 '^vmclock-verify [0-9]'
verify --frobnicate
expect 'an unknown option' 3 '^vmclock-verify: unknown .*--frobnicate \(try --help\)$'
verify --expect nothing
expect 'nothing to expect' 3 \
	"^vmclock-verify: --expect: 'nothing' is not migration, restore, clone, leap, maintenance \(try"
verify --for soon
expect 'no time' 3 "^vmclock-verify: --for: 'soon' is not a time"
verify --counter-offset 5
expect 'an offset of the counter alone' 3 '^vmclock-verify: --counter-offset is for --at'
verify --reference CLOCK_MONOTONIC
expect 'another clock' 3 '^vmclock-verify: --reference: .*CLOCK_REALTIME or a PTP clock'
verify --reference /dev/ptp0 --reference-error 1us
expect 'a PTP clock without a scale' 3 'PTP clock does not tell its timescale: add --reference-scale'
verify --reference /dev/ptp0 --reference-scale tai
expect 'a PTP clock without an error' 3 'PTP clock does not tell its error: add --reference-error'
verify --reference /dev/ptp0 --reference-scale gps
expect 'another scale' 3 "^vmclock-verify: --reference-scale: 'gps' is not tai or utc"
verify --reference CLOCK_REALTIME --reference-scale utc
expect 'a scale of the system clock' 3 '^vmclock-verify: --reference-scale is for .* a PTP clock'
verify --reference-error 1us
expect 'an error of no clock' 3 '^vmclock-verify: --reference-error is for --reference'
verify --tap --json
expect 'two outputs' 3 '^vmclock-verify: give only one of --tap and --json'
verify a b
expect 'two paths' 3 "^vmclock-verify: extra argument 'b'"
verify ''
expect 'no path' 3 '^vmclock-verify: the path is empty'

# ---- What is no page -----------------------------------------------------------------------

verify "$tmp/nothing"
expect 'nothing' 2 '^vmclock-verify: no page in .*/nothing: it cannot be opened: No such file'
verify "$tmp"
expect 'a folder' 2 ': it is a folder$'
mkfifo "$tmp/fifo"
verify "$tmp/fifo"
expect 'a fifo' 2 ': it is neither a character device nor a regular file$'
: >"$tmp/empty"
verify "$tmp/empty"
expect 'an empty file' 2 ': it has 0 bytes, a page needs 32 at least$'
head -c 4096 /dev/zero >"$tmp/zeros"
verify "$tmp/zeros"
expect 'zeros' 2 ': it begins with 0x00000000, a page with 0x4b4c4356 \("VCLK"\)$'
verify --tap "$tmp/zeros"
expect 'zeros: TAP' 2 '^Bail out! no page in '
verify --at 4096 "$tmp/zeros"
expect 'beyond the end' 2 ': it has 4096 bytes'
verify --at 100 "$tmp/zeros"
expect 'no multiple' 2 ': the offset is not a multiple of'
verify /dev/null
expect 'a device without a page' 2 ': it cannot be mapped: '
"$MAKE_PAGE" "$page" version=2 || exit 99
verify "$page"
expect 'another version' 2 ': its version is 2, this tool knows version 1$'
"$MAKE_PAGE" "$page" size=8192 || exit 99
verify "$page"
expect 'a size beyond the file' 2 ': it says that its size is 8192 bytes, but there are 4096$'
if as_nobody "$VMCLOCK_VERIFY" --version >/dev/null 2>&1; then
	chmod 755 "$tmp"
	chmod 0 "$page"
	as_nobody "$VMCLOCK_VERIFY" "$page" </dev/null >"$tmp/out" 2>"$tmp/err"
	status=$?
	expect 'no permission' 2 ': it cannot be opened: Permission denied$'
else
	skip 'no permission' 'another user may not run what is built here'
fi
rm -f "$page"

# ---- What is no reference --------------------------------------------------------------------

"$MAKE_PAGE" "$page" || exit 99
vouch() {
	verify --reference "$1" --reference-scale tai --reference-error 1us "$page"
}
vouch "$tmp/nothing"
expect 'no PTP clock' 3 '^vmclock-verify: --reference: .*/nothing cannot be opened: No such file'
vouch /dev/null
expect 'a device that is no clock' 3 '^vmclock-verify: --reference: /dev/null is no PTP clock$'
vouch "$page"
expect 'a file that is no clock' 3 '/page is no PTP clock$'
rm -f "$page"

# ---- Pages that go away, or never rest -----------------------------------------------------------

"$MAKE_PAGE" "$page" || exit 99
begin --for 30s "$page"
until_true sh -c "grep -q vmclock-verify /proc/$watching/maps && grep -q '$page' /proc/$watching/maps"
: >"$page"
ended
expect 'a file that shrinks' 2 '^The watch ended early: the file was truncated' '^BREAKS UAPI.13'

"$MAKE_PAGE" "$page" || exit 99
begin --for 30s --json "$page"
until_true grep -q "$page" "/proc/$watching/maps"
rm "$page"
ended
expect 'a file that is removed' 2 '"ended_early":"the file was removed'

"$MAKE_PAGE" "$page" || exit 99
begin --for 1s "$page"
until_true grep -q "$page" "/proc/$watching/maps"
head -c 100000 /dev/zero >>"$page"
ended
expect 'a file that grows' 0 '^CONFORMS'

"$MAKE_PAGE" "$page" seq_count=1 || exit 99
verify --for 300ms "$page"
expect 'an update that was never ended' 2 '^breaks: stuck-update' '!^CONFORMS'

start --interval 0
verify --for 2s "$page"
# On a busy machine, the simulator may have to wait for a CPU in the middle of an update.
case $(grep '^breaks: \|^doubtful: ' "$tmp/out") in
'' | 'breaks: slow-update') why='' ;;
*) why='it is not right' ;;
esac
verdict 'updates without a pause, and right' "$why"
expect 'some of them' "$status" '[0-9]{2,} updates'
tell garbage 10s
verify --for 1s "$page"
[ "$status" = 2 ] && ! grep -q CONFORMS "$tmp/out" && why='' || why="exit status $status"
verdict 'random bytes never conform' "$why"
stop

"$MAKE_PAGE" "$page" size=0x48 || exit 99
begin --for 1s "$page"
until_true grep -q "$page" "/proc/$watching/maps"
for i in 1 2 3 4 5 6 7 8; do
	"$MAKE_PAGE" "$page" in-place=1 time_esterror_nanosec="$i" || exit 99
done
ended
expect 'what changes behind the page' 0 '^CONFORMS'
rm -f "$page"

# ---- The end ------------------------------------------------------------------------------------

start
begin --for 60s "$page"
until_true grep -q "$page" "/proc/$watching/maps"
kill -INT "$watching"
ended
expect 'SIGINT ends it with a report' 0 '^CONFORMS' '^Watched for '
stop

# ---- What the host does ----------------------------------------------------------------------------

# does NAME STATUS EXPECTATION COMMAND... PATTERN
begin_expecting() {
	begin --gentle --expect "$1" --for "${2:-20s}" "$page"
	until_true grep -q waiting "$tmp/verify.err"
}

# Who acts before the first look would wait in vain.
"$MAKE_PAGE" "$page" seq_count=1 || exit 99
verify --expect migration --for 300ms "$page"
expect 'nothing is asked for before the page was seen' 2 '!now migrate'
rm "$page"

start
begin_expecting migration
tell imminent
tell disrupt step=10ms ppm=20
ended
expect 'a migration' 0 '^vmclock-verify: now migrate .*; waiting for 20 s at most' \
	'^as expected: expected-marker' '^as expected: expected-generation' '^CONFORMS'
begin_expecting migration
tell snapshot
ended
expect 'a clone is no migration' 2 '^breaks: expected-generation' \
	'vm_generation_counter changed from 1 to 2'
begin_expecting clone
tell snapshot
ended
expect 'a clone' 0 '^as expected: expected-generation'
begin_expecting restore 1s
ended
expect 'nothing came' 2 '^breaks: expected-marker' 'disruption_marker did not change'
begin_expecting restore 3s
tell disrupt
ended
expect 'a restore without a new generation' 2 '^as expected: expected-marker' \
	'^breaks: expected-generation'
tell calm
begin_expecting maintenance
tell soon
ended
expect 'an announcement' 0 '^as expected: expected-notice'
stop

start --start 2016-12-31T23:59:55 --tai-offset -36
begin_expecting leap
tell leap pos
ended
expect 'a leap second' 1 '^as expected: expected-announcement' '^as expected: expected-leap' \
	'^as expected: expected-offset' '!^breaks'
stop

# ---- Output ------------------------------------------------------------------------------------------

start
verify --for 500ms --tap "$page"
expect 'TAP' 0 '^1\.\.[0-9]+$' '^ok 1 - counter-unassigned$' \
	'^ok [0-9]+ - time-untrue # SKIP not judged: needs reference$' \
	'^ok [0-9]+ - notification-late # SKIP not judged: only a driver hears notifications$' '!^not ok'
verify --for 500ms "$page"
expect 'what is offered' 0 '^Offered: the marker, time, bounds, tai-offset, generation\. Not offered: notification \(Feature Flags, NOTIFICATION_PRESENT\)\.$'
verify --for 500ms --json "$page"
field 'JSON: what is offered' .offers.time true
field 'JSON: and what not' .offers.notification false
field 'JSON: no driver counts notifications for a page file' .notifications null
field 'JSON: the verdict' .verdict '"conforms"'
field 'JSON: the first rule' '.rules[0].result' '"kept"'
field 'JSON: the version' .schema_version 1
stop

finish
