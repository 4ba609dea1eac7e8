#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclockd's journal entries: events with their facts, in the right order. A library
# in place of the journal writes them to a file.

# shellcheck source-path=SCRIPTDIR source=metrics-lib.sh
. "${top_srcdir:=.}/tests/tools/metrics-lib.sh"

if ! grep -q '^#define HAVE_LIBSYSTEMD' config.h; then
	skip 'events in the journal' 'vmclockd is built without libsystemd'
	finish
	exit
fi

cat >"$tmp/journal.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

int sd_journal_sendv(const struct iovec *fields, int n)
{
	FILE *entries = fopen(getenv("ENTRIES"), "ae");
	int i;

	for (i = 0; i < n; i++)
		fprintf(entries, "%.*s|", (int)fields[i].iov_len, (char *)fields[i].iov_base);
	fputc('\n', entries);
	return fclose(entries);
}
END
"${CC:-cc}" -D_GNU_SOURCE -shared -fPIC -o "$tmp/journal.so" "$tmp/journal.c" || exit 99
entries=$tmp/entries
: >"$entries"

# has EVENT PATTERN...: true if an entry of the event has these fields.
has() {
	fields="|VMCLOCK_EVENT=$1|"
	found=$(grep -F -e "$fields" "$entries")
	shift
	for pattern; do
		found=$(echo "$found" | grep -E -e "\\|$pattern\\|")
	done
	[ "$found" ]
}

holds() {
	name=$1 why=
	shift
	until_true "$@" || why="$*: $(cat "$entries" "$tmp/daemon.err")"
	verdict "$name" "$why"
}

tell() {
	"$VMCLOCK_SIM" --tell "$control" "$@" >/dev/null || exit 99
}

start --maxerror=30us --marker=7 --generation=3
[ -e "$page" ] || exit 99
configure 'mode = observe'
: >"$tmp/daemon.err"
stream=$(stat -c %d:%i "$tmp/daemon.err")
JOURNAL_STREAM=$stream ENTRIES=$entries LD_PRELOAD=$tmp/journal.so \
	"$VMCLOCKD" --config "$conf" </dev/null >"$tmp/daemon.err" 2>&1 &
daemon=$!

holds 'trusted at first' has trusted 'VMCLOCK_MARKER=7' 'VMCLOCK_GENERATION=3' 'VMCLOCK_OFFSET_NS=0' \
	'VMCLOCK_BOUND_NS=[1-9][0-9]*' 'VMCLOCK_DURATION_NS=[1-9][0-9]*' 'PRIORITY=5'
verdict 'without a disruption there is no marker before' "$(grep MARKER_BEFORE "$entries")"
tell disrupt step=10ms
holds 'disrupted' has disrupted 'VMCLOCK_MARKER_BEFORE=7' 'VMCLOCK_MARKER=8' \
	'MESSAGE_ID=1194e5156c2c4803bb951dece27d853d' 'PRIORITY=4'
holds 'refused' has refused 'VMCLOCK_MARKER_BEFORE=7' 'VMCLOCK_MARKER=8' 'MESSAGE_ID=[0-9a-f]{32}'
tell snapshot step=-10ms
holds 'a clone' has generation 'VMCLOCK_MARKER_BEFORE=8' 'VMCLOCK_MARKER=9' 'VMCLOCK_GENERATION=4'
holds 'disrupted again' has disrupted 'VMCLOCK_MARKER_BEFORE=8' 'VMCLOCK_MARKER=9'
holds 'right again' has trusted 'VMCLOCK_MARKER_BEFORE=8' 'VMCLOCK_MARKER=9' 'VMCLOCK_BOUND_NS=[1-9][0-9]*'
tell status unreliable
holds 'nobody vouches, without a disruption' has untrusted 'VMCLOCK_MARKER=9'
verdict 'no bound but of what is trusted' "$(grep -v '|VMCLOCK_EVENT=trusted|' "$entries" | grep BOUND_NS)"
verdict 'no event is a line besides' "$(grep -E 'disruption marker|right within|not trusted|stays untrusted' "$tmp/daemon.err")"
holds 'other lines have their priority' said '^<6>'
stop_daemon
expect 'it ends well' 0

finish
