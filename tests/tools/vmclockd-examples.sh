#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The examples of hooks, run by vmclockd on a simulated page with this machine's own time; vmclockd
# changes nothing. The programs that hooks call are fakes; cgroups are real if they can be made.

# shellcheck source-path=SCRIPTDIR source=daemon-lib.sh
. "${top_srcdir:=.}/tests/tools/daemon-lib.sh"

examples=$(cd "$top_srcdir/dist/examples/hooks" && pwd)
cgroup=
sleeper=

clean_up() {
	end_all
	if [ "$cgroup" ]; then
		echo 0 >"$cgroup/cgroup.freeze"
		[ -z "$sleeper" ] || kill "$sleeper"
		until_true rmdir "$cgroup" 2>/dev/null
	fi
	rm -rf "$tmp"
}
trap clean_up EXIT
mkdir "$tmp/hooks" "$tmp/programs" "$tmp/folder" "$tmp/run"
: >"$tmp/told"

# Makes a fake program that records a line for each call.
program() {
	{
		echo '#!/bin/sh'
		echo "echo $1 \$* >>$tmp/told"
		cat
	} >"$tmp/programs/$1"
	chmod 755 "$tmp/programs/$1"
}

# Only one unit is running.
program systemctl <<'END'
[ "$1" != is-active ] || [ "$3" = running.service ]
END
program systemd-run <<'END'
while [ "${1#--}" != "$1" ]; do
	shift
done
exec "$@"
END
program logger </dev/null
program psql </dev/null
program curl <<END
while [ "\$1" != --data ]; do
	shift
done
echo "\$2" >>$tmp/posted
END

# example NAME EXAMPLE SETTING...: installs this example as a hook.
example() {
	name=$1 file=$2
	shift 2
	cat >"$tmp/hooks/$name" <<-END
		#!/bin/sh
		exec env PATH="$tmp/programs:\$PATH" $* "$examples/$file" "\$@"
	END
	chmod 755 "$tmp/hooks/$name"
}

# Makes a cgroup of version 2 with a process in it.
make_cgroup() {
	root=$(sed -n 's/^[^ ]* \([^ ]*\) cgroup2 rw.*/\1/p' /proc/mounts | head -n 1)
	cgroup=$root/vmclock-test.$$
	if [ "$root" ] && mkdir "$cgroup" 2>/dev/null; then
		sleep 1000 &
		sleeper=$!
		echo "$sleeper" >"$cgroup/cgroup.procs"
	else
		cgroup=
	fi
}

# The pattern is a whole line.
told() {
	grep -qx -e "$1" "$tmp/told"
}

never() {
	if grep -q -e "$2" "$tmp/told"; then
		verdict "$1" "$(cat "$tmp/told")"
	else
		verdict "$1" ''
	fi
}

make_cgroup
example 10-unit freeze FROZEN=batch.slice
example 11-folder freeze "FROZEN=$tmp/folder"
[ -z "$cgroup" ] || example 12-cgroup freeze "FROZEN=$cgroup"
example 13-nowhere freeze "FROZEN=$tmp/nowhere"
example 20-running stop-unit UNIT=running.service "MARK=$tmp/run/running"
example 21-stopped stop-unit UNIT=stopped.service "MARK=$tmp/run/stopped"
example 30-fence fence-postgresql "FENCE=$tmp/run/fence"
example 40-alert alert ALERTMANAGER=http://manager:9093
example 90-last freeze FROZEN=last.slice

start --marker=7 --generation=3
configure
start_daemon 'right within' --dry-run

tell disrupt step=10ms
holds 'disrupted: all have been run' told 'systemctl freeze last.slice'
holds 'a unit is frozen' told 'systemctl freeze batch.slice'
holds 'a folder is frozen' grep -qx 1 "$tmp/folder/cgroup.freeze"
if [ "$cgroup" ]; then
	holds 'a cgroup is frozen' grep -qx 'frozen 1' "$cgroup/cgroup.events"
else
	skip 'a cgroup is frozen' 'no cgroup of version 2 can be made here'
fi
holds 'a folder that is missing is told' \
	said 'hook .*/13-nowhere failed with status [1-9]'
holds 'a unit is stopped' told 'systemctl stop --no-block running.service'
holds 'PostgreSQL is made read-only' \
	grep -qx 'default_transaction_read_only = on' "$tmp/run/fence"
ls -l "$tmp/run/fence" >"$tmp/out"
status=0
expect 'by a file that all can read' 0 '^-rw-r--r--'
holds 'it reads that, and ends what is under way' told \
	'psql .* -c SELECT pg_reload_conf() -c .* -c SELECT count(pg_terminate_backend(pid)) .*'
holds 'as its own user' told 'systemd-run .*--wait .*--uid=postgres .* psql .*'
holds 'the log has an alert' told 'logger .* daemon.alert .*the clock was disrupted (marker 7, now 8)'
holds 'curl runs in a unit of its own' told \
	'systemd-run .*--no-block curl .* http://manager:9093/api/v2/alerts'
holds 'an alert is posted' grep -q . "$tmp/posted"
cp "$tmp/posted" "$tmp/out"
field 'its name' '.[0].labels.alertname' '"ClockDisrupted"'
field 'it has not ended' '.[0].endsAt' null

: >"$tmp/posted"
tell step -10ms
holds 'trusted: all have been run' told 'systemctl thaw last.slice'
holds 'a unit is thawed' told 'systemctl thaw batch.slice'
holds 'a folder is thawed' grep -qx 0 "$tmp/folder/cgroup.freeze"
if [ "$cgroup" ]; then
	holds 'a cgroup is thawed' grep -qx 'frozen 0' "$cgroup/cgroup.events"
else
	skip 'a cgroup is thawed' 'no cgroup of version 2 can be made here'
fi
holds 'a unit is started again' told 'systemctl start --no-block running.service'
never 'a unit that was not running is left alone' 'st[a-z]* --no-block stopped.service'
holds 'PostgreSQL is as before' told 'psql .* -c SELECT pg_reload_conf()'
[ ! -e "$tmp/run/fence" ]
status=$?
expect 'and so is its configuration' 0
holds 'the log has the end' told 'logger .* daemon.notice .*the clock is right within [0-9]* ns again, .*'
holds 'the end is posted' grep -q endsAt "$tmp/posted"
grep endsAt "$tmp/posted" >"$tmp/out"
field 'of the same alert' '.[0].labels.alertname' '"ClockDisrupted"'
ends=$(json '.[0].endsAt' | tr -d '"')
ago=$(($(date +%s) - $(date -d "$ends" +%s)))
if [ "$ago" -ge 0 ] && [ "$ago" -lt 60 ]; then
	verdict 'it ends now' ''
else
	verdict 'it ends now' "$ends"
fi

finish
