#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A host that publishes ten times a second migrates the machine, but the publisher of
# the time does not know: the marker is new, and the time is the former host's last
# update, which vmclockd has not seen before. vmclockd changes nothing here.

# shellcheck source-path=SCRIPTDIR source=daemon-lib.sh
. "${top_srcdir:=.}/tests/tools/daemon-lib.sh"

# has_said PATTERN N: the log has at least N lines like this.
has_said() { [ "$(how_often "$1")" -ge "$2" ]; }

start --marker=1 --interval=100ms
configure
start_daemon 'right within' --dry-run
holds 'a first start is believed' said 'right within'

freeze_page
put_marker 2
holds 'the marker has moved' said 'disruption marker 0x2'
holds 'the time of before is not believed' said 'its time may still be the former host'

# The simulator continues its page, under its own marker.
kill -CONT "$sim"
holds 'it is back' said 'disruption marker 0x1'
holds 'an update later it is believed' has_said 'right within' 2
sed -n '/marker 0x2/,/marker 0x1/p' "$tmp/daemon.err" >"$tmp/between"
! grep -q 'right within' "$tmp/between"
verdict 'and not before' "$(grep 'right within' "$tmp/between")"

stop_daemon
finish
