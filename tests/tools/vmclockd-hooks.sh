#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclockd's hooks, on a simulated page with this machine's own time: vmclockd changes nothing.

# shellcheck source-path=SCRIPTDIR source=daemon-lib.sh
. "${top_srcdir:=.}/tests/tools/daemon-lib.sh"

mkdir "$tmp/hooks"

hook() {
	cat >"$tmp/hooks/$1"
	chmod 755 "$tmp/hooks/$1"
}

# told: the file that hooks write has this many lines like this.
told() {
	[ "$(grep -c "$2" "$tmp/told")" -ge "$1" ]
}

# restart SIGNAL: replaces vmclockd, and keeps only the hooks' lines from then on.
restart() {
	stop_daemon "$1"
	: >"$tmp/told"
	start_daemon 'its page gives time'
}

: >"$tmp/told"
hook 10-tell <<END
#!/bin/sh
echo "\$1 \$VMCLOCK_EVENT \$VMCLOCK_MARKER_BEFORE-\$VMCLOCK_MARKER g\$VMCLOCK_GENERATION" >>$tmp/told
END
hook 20-fail <<END
#!/bin/sh
exit 3
END
hook 30-hang <<END
#!/bin/sh
sleep 1000 &
echo hung \$! >>$tmp/told
wait
END
hook 40-last <<END
#!/bin/sh
echo "last \$1" >>$tmp/told
END
hook 50-writable <<END
#!/bin/sh
echo writable >>$tmp/told
END
chmod 777 "$tmp/hooks/50-writable"
echo 'echo plain' >"$tmp/hooks/60-plain"

start --marker=7 --generation=3
configure 'hook_timeout = 300ms'
start_daemon 'right within' --dry-run
[ ! -s "$tmp/told" ]
verdict 'a first start is no disruption' "$(cat "$tmp/told")"

tell disrupt step=10ms
holds 'disrupted' told 1 '^disrupted disrupted 7-8 g3$'
holds 'the last one, after one that fails and one that hangs' told 1 '^last disrupted$'
holds 'what fails is named' said 'hook .*/20-fail failed with status 3'
holds 'what hangs is named' said 'hook .*/30-hang ran longer than hook_timeout and is killed'
holds 'what others can write is named' said 'hook .*/50-writable is not run'
! told 1 writable
verdict 'what others can write is not run' "$(grep writable "$tmp/told")"
child=$(sed -n 's/^hung //p' "$tmp/told" | head -n 1)
gone() { ! kill -0 "$child" 2>/dev/null; }
holds 'nothing is left of what hung' gone

tell step -10ms
holds 'trusted' told 1 '^trusted trusted [78]-[89] g3$'
tell snapshot
holds 'another generation' told 1 '^generation generation [0-9]*-[0-9]* g4$'

stop_daemon
expect 'it ends well' 0

# Things that hooks have stopped are started again, even if vmclockd is killed before.
rm "$tmp/hooks/20-fail" "$tmp/hooks/30-hang"
configure 'mode = observe' 'hook_timeout = 60s'
hook 35-gate <<END
#!/bin/sh
[ "\$1" = trusted ] || exit 0
echo waiting >>$tmp/told
until [ -e $tmp/gate ]; do sleep 0.05; done
END
start_daemon 'right within'
tell disrupt step=10ms
tell step -10ms
holds 'some have not heard of the end' told 1 '^waiting$'
restart KILL
: >"$tmp/gate"
holds 'the next one tells them' told 1 '^last trusted$'
owes_nothing() { [ "$(word "$folder/lock" 0 1)" = 0 ]; }
holds 'and owes nothing' owes_nothing

restart TERM
until_true said 'right within'
tell disrupt step=10ms
holds 'disrupted, after all was well' told 1 '^last disrupted$'
verdict 'and nothing before' "$(grep trusted "$tmp/told")"
finish
