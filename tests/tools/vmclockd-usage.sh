#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclockd: options, wrong usage, folders and files that it cannot use, a dry run.
# Whatever goes wrong here, this machine's clock is not changed.

# shellcheck source-path=SCRIPTDIR source=daemon-lib.sh
. "${top_srcdir:=.}/tests/tools/daemon-lib.sh"

run() {
	# shellcheck disable=SC2086
	timeout 20 $harmless "$VMCLOCKD" "$@" </dev/null >"$tmp/out" 2>"$tmp/err"
	status=$?
}

one_line() {
	if [ "$(wc -l <"$tmp/err")" -eq 1 ] && [ ! -s "$tmp/out" ]; then
		verdict "$1: one line, on stderr" ""
	else
		verdict "$1: one line, on stderr" "there is more or less"
	fi
}

# ---- Options ------------------------------------------------------------------------

run --help
expect '--help' 0 '^Usage: vmclockd' '--check-config' '--dry-run' '^  2  wrong usage'
run --version
expect '--version' 0 '^vmclockd [0-9]+\.[0-9]+'
run --frobnicate
expect 'an unknown option' 2 '^vmclockd: unknown .* --frobnicate \(try --help\)$'
one_line 'an unknown option'
run -vx
expect 'an unknown short option' 2 '^vmclockd: unknown option -x \(try --help\)$'
run --config
expect 'an option without its argument' 2 '^vmclockd: --config needs an argument \(try --help\)$'
run --config=
expect 'an empty path' 2 '^vmclockd: --config: the path is empty \(try --help\)$'
one_line 'an empty path'
run --dry-run=yes
expect 'an argument too many' 2 '^vmclockd: --dry-run=yes: .*no argument \(try --help\)$'
run start
expect 'an extra argument' 2 "^vmclockd: extra argument 'start' \\(try --help\\)$"
one_line 'an extra argument'
if [ -c /dev/full ] && ! (echo >/dev/full) 2>/dev/null; then
	for option in --help --version; do
		: >"$tmp/out"
		"$VMCLOCKD" "$option" >/dev/full 2>"$tmp/err"
		status=$?
		expect "a full disk, $option" 1 '^vmclockd: cannot write the output'
	done
else
	skip 'a full disk' '/dev/full is not here'
fi

# ---- --check-config -------------------------------------------------------------------

"$MAKE_PAGE" "$page" || exit 99

configure 'mode = observe' '# a comment' "systemctl = $tmp/systemctl"
run --check-config -c "$conf"
expect 'a right configuration' 0 '!.'
verdict 'a right configuration: nothing is made' "$([ ! -e "$folder" ] || echo "$folder is there")"
run --check-config --config "$tmp/nothing"
expect 'a missing configuration' 2 "^vmclockd: cannot read $tmp/nothing: No such file or directory$"
one_line 'a missing configuration'
run --check-config --config "$tmp"
expect 'a folder as configuration' 2 "^vmclockd: cannot read $tmp: Is a directory$"
configure 'color = red' 'mode = on'
run --check-config --config "$conf"
expect 'a wrong configuration' 2 \
	"^vmclockd: $conf:5: there is no key 'color'; vmclockd.conf\\(5\\) lists all keys$" \
	"^vmclockd: $conf:6: mode: 'on' is not one of act, observe$"
run --config "$conf"
expect 'a wrong configuration keeps it from running' 2 "^vmclockd: $conf:5: "

# What the configuration names, and the unit has not.
cat >"$tmp/systemctl" <<'END'
#!/bin/sh
case "$*" in
'show --property='*' vmclockd.service') ;;
*) exit 1 ;;
esac
printf '%s\n' LoadState=loaded PrivateTmp=yes ProtectHome=yes ProtectSystem=strict ReadWritePaths=/run
END
chmod 755 "$tmp/systemctl"
configure 'metrics = /tmp/vmclock.prom' "systemctl = $tmp/systemctl"
run --check-config --config "$conf"
expect 'files in a /tmp of its own' 0 \
	'^vmclockd: metrics = /tmp/vmclock.prom: vmclockd.service has a folder of its own there, '
configure 'metrics = /srv/vmclock.prom' "systemctl = $tmp/systemctl"
sed -i '2,3d' "$conf"
run --check-config --config "$conf"
expect 'files where it must not write' 0 \
	'^vmclockd: metrics = /srv/vmclock.prom: vmclockd.service cannot write there: .*ReadWritePaths=/srv'
configure 'hooks = /root/hooks' "systemctl = $tmp/systemctl"
sed -i '2,3d' "$conf"
run --check-config --config "$conf"
expect 'hooks that it cannot see' 0 '^vmclockd: hooks = /root/hooks: vmclockd.service cannot see this path: '

esc=$(printf '\033')
configure "mode = ${esc}[31mred"
run --check-config --config "$conf"
expect 'no control characters from a configuration' 2 "mode: '\\?\\[31mred' is not one of" "!$esc"

# ---- Folders and files that it refuses --------------------------------------------------

configure 'mode = observe' "folder = $tmp/no/where"
sed -i 2d "$conf"
run --config "$conf"
expect 'a folder that cannot be made' 1 "^vmclockd: cannot make $tmp/no/where: No such file"
one_line 'a folder that cannot be made'

configure 'mode = observe'
: >"$folder"
run --config "$conf"
expect 'a file in the place of the folder' 1 "^vmclockd: $folder is not a folder: remove it$"
one_line 'a file in the place of the folder'
rm "$folder"

mkdir -m 777 "$folder"
run --config "$conf"
expect 'a folder that others may write in' 1 "^vmclockd: $folder can be written by others: remove it$"
chmod 755 "$folder"

# refused WHAT WHY: a case: the object in place of the state is refused and left unchanged.
refused() {
	before=$(stat -c '%F %s %a' "$state")
	run --config "$conf"
	expect "$1 in the place of the state" 1 "^vmclockd: $state $2: remove it$"
	one_line "$1 in the place of the state"
	after=$(stat -c '%F %s %a' "$state")
	verdict "$1 stays as it is" "$([ "$before" = "$after" ] || echo "$before: $after")"
	rm -rf "$state"
}

echo precious >"$tmp/other"
ln -s "$tmp/other" "$state"
refused 'a link' 'is a link'
verdict 'what it led to, too' "$([ "$(cat "$tmp/other")" = precious ] || echo 'it is changed')"
echo short >"$state"
refused 'a short file' 'has another size'
head -c 4097 /dev/zero >"$state"
refused 'a long file' 'has another size'
head -c 4096 /dev/zero >"$state"
chmod 666 "$state"
refused 'a file for all' 'can be written by others'
mkfifo "$state"
refused 'a pipe' 'is not a regular file'
mkdir "$state"
refused 'a folder' 'is not a regular file'
rm -rf "$folder"

# Does not try the lock: a daemon that takes it at this moment would end.
has_open() { readlink /proc/"$1"/fd/* | grep -qxF "$2"; }

# ---- Running ---------------------------------------------------------------------------

start_daemon 'gives a marker only'
run --config "$conf"
expect 'a second one' 1 "^vmclockd: another vmclockd runs and writes the files in $folder$"
one_line 'a second one'
verdict 'all may read what it keeps' \
	"$(stat -c '%a' "$folder" "$state" | tr '\n' ' ' | grep -vx '755 644 ')"
# Of the timer that tells of steps: in so many s it expires, of which 351 million make 2038.
expires_in() {
	grep -l 'settime flags: 03' /proc/"$daemon"/fdinfo/* |
		xargs sed -n 's/^it_value: (\([0-9]*\),.*/\1/p'
}
if [ -r "/proc/$daemon/fdinfo/0" ]; then
	left=$(expires_in)
	verdict "no time that can be set ends its wait: $left s" \
		"$([ "$left" -gt 6500000000 ] || echo 'it would be awake all the time then')"
fi
stop_daemon
expect 'SIGTERM' 0 '!^vmclockd: .*: Operation not permitted'
start_daemon 'gives a marker only'
stop_daemon INT
expect 'SIGINT' 0 '!^<'

# systemd takes an end by SIGHUP for a normal end, and restarts nothing.
start_daemon 'gives a marker only'
kill -HUP "$daemon"
until_true said_or_ended 'SIGHUP'
stop_daemon
expect 'SIGHUP ends nothing' 0 '^vmclockd: SIGHUP: the configuration is read at the start only: restart vmclockd$'

# Without standard descriptors, no file of vmclockd may get their numbers, and so its log lines.
for closed in 2 '0 1 2'; do
	(
		for fd in $closed; do
			eval "exec $fd>&-"
		done
		# shellcheck disable=SC2086
		exec $harmless "$VMCLOCKD" --verbose --config "$conf"
	) &
	daemon=$!
	until_true has_open "$daemon" "$folder/lock"
	taken=
	for fd in $closed; do
		file=$(readlink "/proc/$daemon/fd/$fd")
		# If libtool's script starts vmclockd, its shell may have left this open.
		case $file in
		/dev/null | */vmclockd) ;;
		*) taken="$taken $fd: ${file:-nothing}" ;;
		esac
	done
	verdict "without descriptors $closed: nothing else has their numbers" "$taken"
	kill "$daemon"
	wait "$daemon" && status=0 || status=$?
	verdict "without descriptors $closed: it ends well" "$([ $status = 0 ] || echo "status $status")"
	daemon=
done

JOURNAL_STREAM=1:1
export JOURNAL_STREAM
start_daemon 'gives a marker only'
unset JOURNAL_STREAM
stop_daemon
expect 'stderr is not the journal' 0 '^vmclockd: ' '!^<'

rm "$page"
start_daemon 'no such device yet; waiting for it'
"$MAKE_PAGE" "$page" || exit 99
until_true said_or_ended 'gives a marker only'
stop_daemon
expect 'a device that comes late' 0 'gives a marker only'

# ---- Maintenance ------------------------------------------------------------------------

# Whatever its time, the completed page passes on announced maintenance: flags 1, 2.
rm -rf "$folder" "$page"
start --marker-only
configure
start_daemon 'gives a marker only'
expects() { [ $(($(od -An -t u8 -j 24 -N 8 "$folder/${page##*/}") & 6)) -eq "$1" ]; }
for command in soon=2 imminent=6 calm=0; do
	"$VMCLOCK_SIM" --tell "$control" "${command%=*}" >"$tmp/out" || exit 99
	until_true expects "${command#*=}"
	verdict "the completed page says ${command%=*}" "$(expects "${command#*=}" || echo 'it does not')"
done
stop_daemon
stop >/dev/null

# ---- A rehearsal -----------------------------------------------------------------------

rm -rf "$folder" "$page"
start --start now
# On a busy machine the simulator may start late, and its time be behind.
configure 'step_back_max = 60s'
start_daemon 'would step the system clock by -?[0-9]+ ns' --dry-run
stop_daemon
expect '--dry-run says what it would do' 0 'would step the system clock by' \
	'!stepped the system clock' '!CAP_SYS_TIME' '!Operation not permitted'
verdict '--dry-run makes nothing' "$([ ! -e "$folder" ] || echo "$folder is there")"

configure 'step_back_max = 60s' 'mode = observe'
start_daemon 'would step the system clock by'
stop_daemon
expect 'mode = observe steps nothing' 0 '!stepped the system clock' '!CAP_SYS_TIME'
cp "$state" "$tmp/before"
configure 'step_back_max = 60s'
start_daemon 'would step the system clock by' --dry-run
"$VMCLOCK_SIM" --tell "$control" disrupt step=10ms >"$tmp/out" || exit 99
until_true said_or_ended 'disruption marker 0x2'
stop_daemon
expect '--dry-run sees disruptions' 0 'disruption marker 0x2' '!CAP_SYS_TIME'
verdict '--dry-run leaves the state alone' "$(cmp "$tmp/before" "$state" 2>&1)"
stop >/dev/null

finish
