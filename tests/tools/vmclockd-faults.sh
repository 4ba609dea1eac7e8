#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Faults around vmclockd: each fault gives one line, never causes wrong trust, and everything
# works again when the cause is gone. vmclockd runs on a simulated page, with a script in place of
# chronyc; this machine's clock is not changed.

# shellcheck source-path=SCRIPTDIR source=daemon-lib.sh
. "${top_srcdir:=.}/tests/tools/daemon-lib.sh"

# Faults and their end, with the lines that vmclockd logs:
lost() {	# NAME PATTERN
	holds "$1: it is told" said "$2"
	holds "$1: not trusted" is_untrusted
}

regained() {	# NAME
	holds "$1: it goes on when that is over" is_trusted
}

is_untrusted() { ! is_trusted; }

# ---- The device and its page -----------------------------------------------------------------

start
configure
start_daemon 'right within'
holds 'trusted at first' is_trusted

stop >/dev/null
lost 'the device is gone' 'page: the device is gone; waiting for its return$'
start
regained 'the device is gone'
verdict 'a device that is gone is told once' "$([ "$(how_often 'is gone')" = 1 ] || echo 'more often')"

tell status unreliable
lost 'status unreliable' "^vmclockd: the page's time cannot be relied on now: the system clock is not trusted$"
tell status synchronized
regained 'status unreliable'

tell marker-only on
lost 'time taken away' "^vmclockd: the page's time cannot be relied on now: "
tell marker-only off
regained 'time taken away'

tell stall on
lost 'an update that never ends' 'the page cannot be read: the host does not finish an update of the page'
# A look takes a tenth of a second, so vmclockd must not look all the time.
busy() { awk '{ print $14 + $15 }' "/proc/$daemon/stat"; }
before=$(busy)
sleep 3
after=$(busy)
verdict 'an update that never ends keeps no processor busy' \
	"$([ $((after - before)) -lt $(($(getconf CLK_TCK) * 2)) ] || echo "$((after - before)) of 300 ticks")"
tell stall off
regained 'an update that never ends'
holds 'an update that never ends: its end is told' said 'the page can be read again$'

# vmclockd sees another marker or, if the sequence count is odd by chance, an update without end.
seen=$(how_often 'the system clock is not trusted')
more_often() { [ "$(how_often 'the system clock is not trusted')" -gt "$seen" ]; }
tell garbage 500ms
holds 'garbage: not trusted' more_often
regained 'garbage'
stop >/dev/null
stop_daemon
expect 'after all that, it ends well' 0 'the page can be read again'

for wrong in magic=0 version=2; do
	"$MAKE_PAGE" "$page" "$wrong" || exit 99
	start_daemon 'page: it'
	case $wrong in
	magic=0) lost 'no page' 'page: it holds no VMClock page$' ;;
	version=2) lost 'another version' 'page: its page has a version that this vmclockd does not know$' ;;
	esac
	rm "$page"
	start
	regained "$wrong"
	holds "$wrong: and vouches" said 'right within'
	stop >/dev/null
	stop_daemon
done

# A device that appears later is no disruption, even while vmclockd waits for it.
rm -rf "$folder"
start_daemon 'no such device yet'
stop_daemon
start_daemon 'no such device yet'
start --marker 77
regained 'a device that comes late'
verdict 'a device that comes late was not disrupted' "$(disruptions 1 && echo 'it says so')"
stop_daemon
rm -rf "$folder"
tell stall on
start_daemon 'an update for too long'
stop_daemon
start_daemon 'an update for too long'
tell stall off
regained 'a page that can be read late'
verdict 'a page that can be read late was not disrupted' "$(disruptions 1 && echo 'it says so')"
stop_daemon
stop >/dev/null

# ---- Times that are none ---------------------------------------------------------------------

start --start 2100-06-15T00:00:00
configure
start_daemon 'stays untrusted'
holds 'a host in 2100, and no CAP_SYS_TIME' said 'stays untrusted: it cannot be stepped without CAP_SYS_TIME$'
holds 'a host in 2100: not trusted' is_untrusted
stop_daemon
expect 'a host in 2100: each thing once' 0 'CAP_SYS_TIME'
verdict 'a host in 2100: one refusal' \
	"$([ "$(grep -c 'stays untrusted' "$tmp/err")" = 1 ] || echo 'it is repeated')"
configure 'mode = observe'
start_daemon 'would step'
holds 'a host in 2100: the step is told' said 'would step the system clock by 2[0-9]{18} ns$'
stop_daemon
configure 'step_max = 3600s'
start_daemon 'stays untrusted'
holds 'a host in 2100: step_max' said 'stays untrusted: the step would be larger than step_max$'
stop_daemon
stop >/dev/null

for year in 2300 9000; do
	start --start "$year-06-15T00:00:00"
	configure
	start_daemon 'stays untrusted'
	holds "a host in $year" said "stays untrusted: the page's time is centuries away$"
	holds "a host in $year: not trusted" is_untrusted
	stop_daemon
	expect "a host in $year: it ends well" 0 '!would step'
	stop >/dev/null
done

# ---- A clock that may not be set -------------------------------------------------------------

start
configure
start_daemon 'right within'
tell disrupt step=10ms
lost 'no CAP_SYS_TIME' 'stays untrusted: it cannot be stepped without CAP_SYS_TIME$'
tell step -10ms
regained 'no CAP_SYS_TIME'
stop_daemon
expect 'no CAP_SYS_TIME: it ends well' 0 'cannot tell the kernel .*: vmclockd needs CAP_SYS_TIME$'
verdict 'no CAP_SYS_TIME: what the kernel refuses is told once' \
	"$([ "$(grep -c 'vmclockd needs CAP_SYS_TIME' "$tmp/err")" = 1 ] || echo 'it is repeated')"

# ---- A log that nobody reads -----------------------------------------------------------------

# A full pipe, so that a writer would wait.
mkfifo "$tmp/unread"
exec 5<>"$tmp/unread"
timeout 1 cat /dev/zero >&5
# shellcheck disable=SC2086
$harmless "$VMCLOCKD" --verbose --config "$conf" </dev/null >/dev/null 2>"$tmp/unread" 3>&- 5>&- &
daemon=$!
seen=$(disrupted_times)
tell disrupt
holds 'a log that nobody reads: it sees a disruption' disruptions $((seen + 1))
holds 'a log that nobody reads: and heals it' is_trusted
# Somebody reads it now.
cat <&5 >"$tmp/daemon.err" 5>&- &
reader=$!
tell disrupt
holds 'a log that is read again: what is lost is counted' \
	said '^.*vmclockd: [0-9]+ lines were lost, as nobody read them$'
kill "$reader"
exec 5>&-
tell disrupt
holds 'a log that nobody can read any more: it goes on' disruptions $((seen + 3))
holds 'a log that nobody can read any more: and heals' is_trusted
stop_daemon
verdict 'a log that nobody can read any more: it ends well' "$([ "$status" = 0 ] || echo "$status")"

# ---- Storms ----------------------------------------------------------------------------------

mkdir "$tmp/hooks"
cat >"$tmp/hooks/count" <<END
#!/bin/sh
echo "\$1 \$VMCLOCK_MARKER" >>$tmp/hooked
END
chmod 755 "$tmp/hooks/count"
: >"$tmp/hooked"

# Disrupts as fast as possible, for 3 seconds and until vmclockd has seen enough disruptions.
storm() {
	seen=$(disrupted_times)
	began=$(date +%s)
	took=0
	while [ "$took" -lt 3 ] || { [ "$took" -lt 20 ] && ! disruptions $((seen + 40)); }; do
		"$VMCLOCK_SIM" --tell "$control" disrupt >/dev/null
		took=$(($(date +%s) - began))
	done
}

marker_is_page() { [ "$(state_u64 16)" = "$(get disruption_marker)" ]; }
last_is_trusted() { is_trusted && marker_is_page; }
last_is_told() { [ "$(tail -n 1 "$tmp/hooked")" = "trusted $(get disruption_marker)" ]; }

start_daemon 'right within'
reacted=$(reacted_times)
storm
holds 'a storm: the last one counts' last_is_trusted
holds 'a storm: it is the last one that hooks are told' last_is_told
seen=$(($(disrupted_times) - seen))
reacted=$(($(reacted_times) - reacted))
took=$(($(date +%s) - began + 1))
limit=$((10 + took))
verdict "a storm is seen: $seen markers" "$([ "$seen" -gt "$limit" ] || echo 'too few to judge')"
verdict "a storm: $reacted reactions in $took s" "$([ "$reacted" -le "$limit" ] || echo "more than $limit")"
hooked=$(grep -c disrupted "$tmp/hooked")
verdict "a storm: $hooked times the hooks" "$([ "$hooked" -le "$limit" ] || echo "more than $limit")"
lines=$(how_often 'disruption marker')
verdict "a storm: $lines lines" "$([ "$lines" -le "$limit" ] || echo "more than $limit")"
holds 'a storm: others are counted' said 'disruption marker 0x[0-9a-f]+, after [0-9]+ others since the last one told'
stop_daemon
stop >/dev/null
rm -r "$tmp/hooks"

# ---- /run ------------------------------------------------------------------------------------

"$MAKE_PAGE" "$page" || exit 99

# in_tmpfs OPTIONS: runs vmclockd with its folder on such a filesystem; it must log the fault.
in_tmpfs() {
	mkdir -p "$folder"
	configure
	# shellcheck disable=SC2016,SC2086
	timeout 20 unshare -m $user_too sh -c '
		mount -t tmpfs -o "$1,mode=755" none "$2" &&
		{ [ -z "$4" ] || mount -o "remount,$4" "$2"; } && shift 4 && exec "$@"' \
		- "$1" "$folder" - "$2" $harmless "$VMCLOCKD" --config "$conf" \
		</dev/null >"$tmp/out" 2>"$tmp/err"
	status=$?
}

user_too=
[ "$(id -u)" = 0 ] || user_too=-r
# shellcheck disable=SC2086
if unshare -m $user_too mount -t tmpfs none "$tmp" 2>/dev/null; then
	in_tmpfs size=4k ''
	expect 'a full /run' 1 "^vmclockd: cannot make $folder/[a-z0-9]+: No space left on device$"
	verdict 'a full /run: one line' "$([ "$(wc -l <"$tmp/err")" = 1 ] || echo 'there are more')"
	in_tmpfs size=64k ro
	expect 'a read-only /run' 1 \
		"^vmclockd: cannot open $folder/lock: Read-only file system \(for a unit of systemd's: ReadWritePaths=\)$"
	verdict 'a read-only /run: one line' "$([ "$(wc -l <"$tmp/err")" = 1 ] || echo 'there are more')"
else
	skip 'a full or read-only /run' 'no mounts here'
fi

# refused NAME FILE WHY: a case: the object in place of this file is refused and left unchanged.
run_once() {
	# shellcheck disable=SC2086
	timeout 20 $harmless "$VMCLOCKD" --config "$conf" </dev/null >"$tmp/out" 2>"$tmp/err"
	status=$?
}

refused() {
	before=$(stat -c '%F %s %a %u' "$folder/$2")
	run_once
	expect "$1" 1 "^vmclockd: $folder/$2 $3: remove it$"
	verdict "$1: one line" "$([ "$(wc -l <"$tmp/err")" = 1 ] || echo 'there are more')"
	after=$(stat -c '%F %s %a %u' "$folder/$2")
	verdict "$1: it stays as it is" "$([ "$before" = "$after" ] || echo "$before: $after")"
	rm -rf "${folder:?}/$2"
}

configure
mkdir -p "$folder"
for file in lock page state; do
	rm -rf "${folder:?}/$file"
	ln -s "$tmp/other" "$folder/$file"
	refused "a link in the place of $file" "$file" 'is a link'
	verdict "a link in the place of $file: it leads nowhere" "$([ ! -e "$tmp/other" ] || echo 'it was followed')"
	mkdir "$folder/$file"
	refused "a folder in the place of $file" "$file" 'is not a regular file'
	echo short >"$folder/$file"
	refused "a wrong size in the place of $file" "$file" 'has another size'
	if [ "$(id -u)" = 0 ]; then
		: >"$folder/$file"
		chown 65534 "$folder/$file"
		refused "somebody else's in the place of $file" "$file" 'belongs to somebody else'
	fi
done
# Removed, or replaced, while it runs.
start_daemon 'its page gives a marker only'
files() { stat -c '%n %a' "$folder" "$folder/lock" "$folder/page" "$folder/state" 2>/dev/null | wc -l; }
all_files() { [ "$(files)" = 4 ]; }
is_renewed() { valid=$(state_u64 32); sleep 1.1; [ "$(state_u64 32)" -gt "$valid" ]; }
for file in lock page state '*'; do
	seen=$(how_often 'were removed')
	more_often() { [ "$(how_often 'were removed')" -gt "$seen" ]; }
	case $file in
	'*') rm -r "$folder" ;;
	*) rm "$folder/$file" ;;
	esac
	holds "$file removed: it is told" more_often
	holds "$file removed: it is made anew" all_files
	holds "$file removed: it is kept" is_renewed
	run_once
	expect "$file removed: there is only one" 1 'another vmclockd runs and writes the files in'
done
verdict 'it is told once each' "$([ "$(how_often 'were removed')" = 4 ] || echo 'more often')"
stop_daemon

# ClockBound's segment as well.
segment=$tmp/clockbound/shm0
configure 'clockbound = yes' "clockbound_path = $segment"
start_daemon 'its page gives a marker only'
is_published() { [ "$(word "$segment" 14 2)" -gt 0 ]; }
holds 'a segment for clients of ClockBound' is_published
rm -r "$tmp/clockbound"
holds "ClockBound's segment removed: it is told" said "$segment was removed, and is made anew: "
holds "ClockBound's segment removed: it is made anew" is_published
stop_daemon

configure
start_daemon 'its page gives a marker only'
mv "$folder/state" "$tmp/other"
ln -s "$tmp/other" "$folder/state"
ended() { ! kill -0 "$daemon" 2>/dev/null; }
until_true ended || kill "$daemon"
wait "$daemon"
status=$?
daemon=
cp "$tmp/daemon.err" "$tmp/err"
expect 'a link in its place: it ends' 1 "^vmclockd: $folder/state is a link: remove it$"
rm -r "$folder" "$tmp/other"

start_daemon 'its page gives a marker only'
verdict 'all of them removed, it runs' "$(kill -0 "$daemon" 2>&1)"
stop_daemon
rm -rf "$folder" "$page"

# ---- chronyd ---------------------------------------------------------------------------------

# The file "mode" selects its answers; it records its commands, with the time in ms.
cat >"$tmp/chronyc" <<END
#!/bin/sh
tmp=$tmp
END
cat >>"$tmp/chronyc" <<'END'
echo start >>"$tmp/asked"
while read -r line; do
	echo "$(date +%s%3N) $line" >>"$tmp/asked"
	read -r mode <"$tmp/mode"
	case $mode:$line in
	hang:*) exec sleep 1000 ;;
	gone:*) echo '506 Cannot talk to daemon'; exit 1 ;;
	nostep:makestep) echo '500 Failure' ;;
	old:'reset sources') echo 'Unrecognized command' ;;
	forbidden:tracking | forbidden:sources) echo '501 Not authorised' ;;
	forbidden:activity) echo '501 Not authorised' ;;
	forbidden:*) echo '501 Not authorised' ;;
	local:tracking) echo "7F7F0101,,10,$(date +%s.%N),0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,Normal" ;;
	fine:tracking | nostep:tracking) echo "7F000001,127.0.0.1,3,$(date +%s.%N),0.000000001,0.0,0.0,0.0,0.0,100.0,0.000010,0.000010,1.0,Normal" ;;
	*:tracking) echo '00000000,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised' ;;
	fine:sources | nostep:sources) echo '^,*,127.0.0.1,3,0,377,1,0.0,0.0,0.000004720' ;;
	local:sources) ;;
	*:sources) echo '^,?,127.0.0.1,0,1,0,4294967295,0.0,0.0,0.0' ;;
	offline:activity) echo 0,1,0,0,0 ;;
	unresolved:activity) echo 0,0,0,0,1 ;;
	busy:activity) echo 0,0,1,0,0 ;;
	local:activity) echo 0,0,0,0,0 ;;
	*:activity) echo 1,0,0,0,0 ;;
	*) echo '200 OK' ;;
	esac
done
END
chmod 755 "$tmp/chronyc"

asked() { [ "$(grep -c " $2\$" "$tmp/asked")" -ge "$1" ]; }
# The time of the Nth such command, in ms.
asked_at() { sed -n "s/ $2\$//p" "$tmp/asked" | sed -n "$1p"; }
chronyd() { echo "$1" >"$tmp/mode"; }

start --marker-only
chronyd fine
: >"$tmp/asked"
configure 'ntp = chrony' "chronyc = $tmp/chronyc"
start_daemon 'right within'
holds 'chronyd: trusted' is_trusted
# 2: synchronised, 4: unreliable
page_is() { [ "$(od -An -tu1 -j34 -N1 "$folder/page" | tr -d ' ')" = "$1" ]; }
holds 'chronyd: the page is complete' page_is 2

# chrony_fault NAME MODE PATTERN: a case: after a disruption there is no trust during this fault.
chrony_fault() {
	: >"$tmp/asked"
	chronyd "$2"
	seen=$(disrupted_times)
	tell disrupt
	holds "$1: the disruption is seen" disruptions $((seen + 1))
	lost "$1" "stays untrusted: $3$"
	holds "$1: so is the page" page_is 4
	verdict "$1: it is alive" "$(kill -0 "$daemon" 2>&1)"
	chronyd fine
	regained "$1"
}

chrony_fault 'chronyd has no source' away 'the NTP daemon has not measured anew yet'
chrony_fault 'chronyd does not run' gone 'chronyc cannot talk to chronyd: does it run, .*'
chrony_fault 'chronyd does not take commands' forbidden 'chronyd does not take commands from here: .*'
chrony_fault 'chronyc is old' old 'this chronyc is older than 4.0'
chrony_fault 'chronyd is stopped' hang 'chronyd, or chronyc, does not answer in time'
# Nobody needs to set a clock that is right.
: >"$tmp/asked"
chronyd nostep
tell disrupt
holds 'chronyd cannot set the clock: it was asked to' asked 1 makestep
regained 'chronyd cannot set the clock'
verdict 'chronyd cannot set the clock: it is not asked all the time' "$(asked 3 makestep && echo 'it is')"
chrony_fault 'chronyd in local mode' local 'the NTP daemon has not measured anew yet'
mv "$tmp/chronyc" "$tmp/chronyc.away"
kill "$(pgrep -P "$daemon" | head -n 1)"
seen=$(disrupted_times)
tell disrupt
holds 'chronyc is missing: the disruption is seen' disruptions $((seen + 1))
lost 'chronyc is missing' 'stays untrusted: chronyc is not where the configuration says: .*'
mv "$tmp/chronyc.away" "$tmp/chronyc"
regained 'chronyc is missing'

# chronyd hangs while the clock is right: the page's bounds grow, and the state is renewed.
chronyd hang
valid=$(state_u64 32)
valid_for_longer() { [ "$(state_u64 32)" -ge $((valid + 4000000000)) ]; }
holds 'chronyd is stopped while all is well: the word is renewed' valid_for_longer
verdict 'chronyd is stopped while all is well: trusted' "$(is_trusted || echo 'it is not')"
lines=$(wc -l <"$tmp/daemon.err")
verdict 'it has not talked all the time' "$([ "$lines" -lt 100 ] || echo "$lines lines")"
stop_daemon
expect 'it ends well while chronyd is stopped' 0 '!watchdog'

# The same at its start: in local mode chronyd reports "Normal" and zeros.
rm -rf "$folder"
: >"$tmp/asked"
chronyd local
start_daemon 'stays untrusted'
holds 'local mode from the start: it is told' \
	said "stays untrusted: the NTP daemon's reference is the system clock itself"
holds 'local mode from the start: it is asked again' asked 10 tracking
verdict 'local mode from the start: never trusted' "$(is_trusted && echo 'it is')"
chronyd fine
regained 'local mode from the start'
stop_daemon

# ---- Bursts ----------------------------------------------------------------------------------

# A new vmclockd does not know the earlier bursts.
start_daemon 'right within'

chrony_sources_are() {	# MODE COMMAND
	: >"$tmp/asked"
	chronyd "$1"
	tell disrupt
	holds "$1: $2" asked 1 "$2"
	chronyd fine
	regained "$1"
}

chrony_sources_are offline onoffline
chrony_sources_are unresolved refresh
stop_daemon

rm -rf "$folder"
start_daemon 'right within'
: >"$tmp/asked"
chronyd away
tell disrupt
holds 'no source: a burst at once' asked 1 'burst 4\/4'
holds 'no source: and another one' asked 2 'burst 4\/4'
apart=$(($(asked_at 2 'burst 4\/4') - $(asked_at 1 'burst 4\/4')))
verdict "no source: the servers are spared: $apart ms" "$([ "$apart" -ge 5900 ] || echo 'too soon')"
chronyd fine
regained 'no source'

# A storm does not change the shortest distance between bursts, nor the number of resets.
: >"$tmp/asked"
chronyd away
storm
took=$((took + 1))
resets=$(grep -c 'reset sources' "$tmp/asked")
bursts=$(grep -c 'burst 4/4' "$tmp/asked")
starts=$(grep -c start "$tmp/asked")
verdict "a storm: $resets resets, $bursts bursts, $starts times chronyc" \
	"$([ "$resets" -le $((10 + took)) ] && [ "$bursts" -le 6 ] && [ "$starts" -le $((10 + took)) ] || echo 'too many')"
chronyd fine
holds 'a storm: the last one is healed' last_is_trusted
stop_daemon

# During a burst there is no other one.
rm -rf "$folder"
: >"$tmp/asked"
chronyd busy
start_daemon 'stays untrusted'
holds 'a burst is under way: that is asked' asked 3 activity
verdict 'a burst is under way: no other' "$(asked 1 'burst 4\/4' && echo 'there is one')"
chronyd away
holds 'a burst is over: another one' asked 1 'burst 4\/4'
stop_daemon

# ---- Another chronyd -------------------------------------------------------------------------

# Each chronyd makes its socket anew. Nobody connects to it here.
start_chronyd() { : >"$tmp/cmd.new" && mv "$tmp/cmd.new" "$tmp/cmd"; }
rm -rf "$folder"
chronyd fine
start_chronyd
: >"$tmp/asked"
configure 'ntp = chrony' "chronyc = $tmp/chronyc" "chronyd_socket = $tmp/cmd"
start_daemon 'right within'
start_chronyd
tell disrupt
holds 'chronyd is restarted: the disruption is seen' disruptions 1
regained 'chronyd is restarted'
verdict 'chronyd is restarted before it: told once' "$(asked 2 'reset sources' && echo 'more often')"
start_chronyd
holds 'chronyd is restarted after it: told once more' asked 2 'reset sources'
holds 'chronyd is restarted after it: that is said' said 'the NTP daemon was restarted'
regained 'chronyd is restarted after it'
stop_daemon
configure 'ntp = chrony' "chronyc = $tmp/chronyc"

# ---- The network -----------------------------------------------------------------------------

if command -v ip >/dev/null && command -v nsenter >/dev/null && unshare -rn true 2>/dev/null; then
	rm -rf "$folder"
	: >"$tmp/asked"
	chronyd away
	outside=$harmless
	harmless="unshare -rn $harmless"
	start_daemon 'stays untrusted'
	harmless=$outside
	holds 'the network: a burst at once' asked 1 'burst 4\/4'
	in_network() { nsenter -t "$daemon" -U -n --preserve-credentials ip "$@"; }
	in_network link set lo up
	in_network route add 192.0.2.0/24 dev lo
	holds 'the network comes back: it is seen' said 'the network has changed'
	holds 'the network comes back: a burst' asked 2 'burst 4\/4'
	apart=$(($(asked_at 2 'burst 4\/4') - $(asked_at 1 'burst 4\/4')))
	verdict "the network comes back: at once, after $apart ms" "$([ "$apart" -lt 5900 ] || echo 'too late')"
	chronyd fine
	regained 'the network'
	# vmclockd no longer listens to the network.
	in_network route add 198.51.100.0/24 dev lo
	tell disrupt
	regained 'the network, once more'
	verdict 'the network: only while that matters' \
		"$([ "$(how_often 'the network has changed')" = 1 ] || echo 'it was told again')"
	stop_daemon
else
	skip 'the network' 'no network of its own here'
fi
stop >/dev/null
finish
