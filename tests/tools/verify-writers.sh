#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-verify meets hosts that publish without a pause: of one that keeps the discipline of the
# sequence count, it finds nothing, and of the others the torn updates, and nothing else.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${top_srcdir:=.}/tests/tools/lib.sh"

: "${VMCLOCK_VERIFY:=tools/vmclock-verify}" "${WRITER:=tests/tools/writer}"

writer=
trap '[ -z "$writer" ] || kill "$writer"; rm -rf "$tmp"' EXIT

# watched DISCIPLINE TIME: the verdict on its page.
watched() {
	: >"$tmp/writer.out"
	"$WRITER" "$1" "$tmp/ram" >"$tmp/writer.out" &
	writer=$!
	until grep -q publishing "$tmp/writer.out"; do
		kill -0 "$writer" || exit 99
		sleep 0.01
	done
	"$VMCLOCK_VERIFY" --for "$2" --at 0 "$tmp/ram" >"$tmp/out" 2>"$tmp/err"
	status=$?
	kill "$writer"
	wait "$writer" 2>/dev/null
	writer=
}

watched honest 1s
expect 'honest' 0 '^CONFORMS: 0 rules broken, 0 doubtful, 0 advice' \
	'^Looks whose fields changed under an even count: 0\.'
for discipline in count-first fields-first before-odd after-even no-count; do
	if [ "$(nproc)" -lt 2 ]; then
		skip "$discipline" 'on one CPU, nobody looks while the host writes'
		continue
	fi
	# On a busy machine, it takes a while until both run at the same time.
	tries=100
	watched "$discipline" 200ms
	until grep -q '^breaks: torn-update' "$tmp/out" || [ "$tries" = 0 ]; do
		tries=$((tries - 1))
		watched "$discipline" 200ms
	done
	expect "$discipline" 2 '^breaks: torn-update$' '^BREAKS UAPI.13: 1 rules broken, 0 doubtful'
done
finish
