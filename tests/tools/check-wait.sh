#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-check --wait, with vmclockd on a simulated page. vmclockd only observes:
# the page has this machine's own time, so there is nothing to correct.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

: "${VMCLOCKD:=vmclockd/vmclockd}"
page=$tmp/vmclock0
daemon=
trap '[ -z "$sim" ] || kill "$sim"; [ -z "$daemon" ] || kill "$daemon"; rm -rf "$tmp"' EXIT
export VMCLOCK_RUN_DIR="$tmp/run" VMCLOCK_PATH="$page"

run() {
	timeout 60 "$VMCLOCK_CHECK" "$@" </dev/null >"$tmp/out" 2>"$tmp/err"
	status=$?
}

serve() {
	printf '%s\n' "device = $page" "folder = $tmp/run" 'ntp = none' 'mode = observe' >"$tmp/conf"
	"$VMCLOCKD" --config "$tmp/conf" >"$tmp/daemon" 2>&1 &
	daemon=$!
}

run --wait=now
expect 'a word as seconds' 3 "^vmclock-check: --wait: 'now' is not a number of seconds"
run --wait=-1
expect 'seconds below zero' 3 "^vmclock-check: --wait: '-1' is not a number of seconds"
run --wait --max-age=1s
expect 'a largest age' 3 '^vmclock-check: --max-age is for the report'
run --wait --max-error=3
expect 'a largest error without a unit' 3 "^vmclock-check: --max-error: '3' is not a time"
run --wait --json
expect 'JSON' 3 '^vmclock-check: --wait does not go with --json'

run --wait=0
expect 'no device' 2 '^vmclock-check: the VMClock device cannot be opened: No such file'

start --maxerror=1us --marker=7
run --wait=0.2
expect 'no vmclockd' 1 '^vmclock-check: not trusted: vmclockd does not run'

# The log says why a unit has not started yet, but not each second.
"$VMCLOCK_CHECK" --wait </dev/null >"$tmp/waiter" 2>&1 &
waiter=$!
until_true grep -q 'waiting: vmclockd does not run' "$tmp/waiter"
serve
wait "$waiter"
status=$?
cp "$tmp/waiter" "$tmp/out"
expect 'it waits as long as it takes' 0 '^vmclock-check: waiting: vmclockd does not run$' \
	'^trusted, disruption marker 7$'
verdict 'and says once for what' "$(sort "$tmp/waiter" | uniq -d)"

# A device that disappears and comes back, as at boot when another driver takes it over.
cat >"$tmp/gone.c" <<'END'
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <time.h>
#include <vmclock.h>

int vmclock_system_trusted(const struct vmclock *vc, uint64_t *marker)
{
	static int looks;
	int (*next)(const struct vmclock *, uint64_t *) = dlsym(RTLD_NEXT, __func__);

	return looks++ ? next(vc, marker) : -EAGAIN;
}

int vmclock_system_wait_trusted(const struct vmclock *vc, const struct timespec *timeout)
{
	(void)vc;
	(void)timeout;
	return -ENODEV;
}
END
"${CC:-cc}" -D_GNU_SOURCE -I"$top_srcdir/include" -Iinclude -shared -fPIC -o "$tmp/gone.so" "$tmp/gone.c" || exit 99
export LD_PRELOAD="$tmp/gone.so"
run --wait=30
unset LD_PRELOAD
expect 'a device that goes, and comes back' 0 '^vmclock-check: waiting: the device is gone$' \
	'^trusted, disruption marker 7$'
run --wait=30
expect 'trusted' 0 '^trusted, disruption marker 7$'
run --wait=30 --max-error=1ms
expect 'trusted, and the error is small' 0 '^trusted, disruption marker 7$'
run --wait=0.2 --max-error=1ns
expect 'the error is too large' 1 '^vmclock-check: not trusted: the bounds are wider than'

# vmclockd may not set the clock, so the clock stays wrong.
"$VMCLOCK_SIM" --tell "$control" disrupt step=10ms
run --wait=0.5
expect 'disrupted' 1 '^vmclock-check: not trusted: the clock was disrupted, and is not right again'
"$VMCLOCK_SIM" --tell "$control" step -10ms >/dev/null
run --wait=30
expect 'right again' 0 '^trusted, disruption marker [89]$'

finish
