#!/bin/sh
# SPDX-License-Identifier: MIT
#
# examples/vmclock.py has the library's structures, constants and functions as vmclock.h declares
# them, and can call each: a binding needs nothing that exists only in the header.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

: "${PYTHON:=python3}" "${ABI_LAYOUT:=tests/tools/abi-layout}"
export VMCLOCK_RUN_DIR="$tmp/none" PYTHONDONTWRITEBYTECODE=1
export LD_LIBRARY_PATH="$PWD/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
PYTHONPATH=$(cd "$top_srcdir/examples" && pwd)
export PYTHONPATH

if ! command -v "$PYTHON" >/dev/null; then
	skip 'vmclock.py' "$PYTHON is not here"
	finish
	exit
fi

# python NAME STATUS PATTERN...: a case: runs the program on standard input.
python() {
	"$PYTHON" - "$page" >"$tmp/out" 2>"$tmp/err"
	status=$?
	expect "$@"
}

"$ABI_LAYOUT" >"$tmp/layout" || exit 99
python 'it can be imported' 0 '^vmclock_time 128$' <<'END'
import ctypes
import vmclock

def layout(name, structure):
    print(name, ctypes.sizeof(structure))
    for field, _ in structure._fields_:
        at = getattr(structure, field)
        print(f'{name}.{field}', at.offset, at.size)

layout('vmclock_time', vmclock.Time)
layout('vmclock_quality', vmclock.Quality)
layout('vmclock_state', vmclock.State)
layout('timespec', vmclock.Timespec)
for name in ('SCALE_UTC', 'SCALE_TAI', 'SCALE_SMEARED', 'FLAG_MAINTENANCE_SOON',
             'FLAG_MAINTENANCE_IMMINENT', 'FLAG_MONOTONIC', 'FLAG_GENERATION_PRESENT',
             'FLAG_BOUNDED', 'FLAG_COMPLETED', 'FLAG_ESTIMATED', 'CLOCK_TAI'):
    print(name, getattr(vmclock, name))
END
diff "$tmp/layout" "$tmp/out" >"$tmp/err" && why='' || why='another layout'
verdict 'structures and constants' "$why"

sed -n 's/^[a-z].*[ *]\(vmclock_[a-z_]*\)(.*/\1/p' "$top_srcdir/include/vmclock.h" | sort >"$tmp/declared"
python 'and has functions' 0 '^vmclock_now$' <<'END'
import vmclock
print(*sorted(vmclock.PROTOTYPES), sep='\n')
END
diff "$tmp/declared" "$tmp/out" >"$tmp/err" && why='' || why='not those of vmclock.h'
verdict 'the functions of vmclock.h' "$why"

start --maxerror=1us --marker=5 --generation=7
python 'each can be called' 0 '^all called$' <<'END'
import ctypes
import errno
import sys
import vmclock

called = set()


class Counting:
    def __getattr__(self, name):
        called.add(name)
        return getattr(real, name)


def fails(code, function, *arguments):
    try:
        function(*arguments)
    except OSError as error:
        assert error.errno == code, error
        assert isinstance(error, vmclock.Disrupted) == (code == errno.ESTALE)
    else:
        raise AssertionError(f'{function} did not fail')


real, vmclock.LIBRARY = vmclock.LIBRARY, Counting()
lib = vmclock.LIBRARY
fails(errno.ENOENT, vmclock.Page, '/nonexistent')
with vmclock.Page(sys.argv[1]) as page:
    handle = page._handle
    assert lib.vmclock_version().decode().count('.') == 2
    assert lib.vmclock_strerror(-errno.ESTALE).decode() == 'the clock was disrupted'
    assert lib.vmclock_fd(handle) > 2
    assert lib.vmclock_path(handle).decode() == sys.argv[1]
    assert lib.vmclock_has_time(handle)
    copy = (ctypes.c_uint8 * 0x70)()
    lib.vmclock_read_page(handle, copy, len(copy))
    assert bytes(copy[:4]) == b'VCLK'
    assert ctypes.string_at(lib.vmclock_page(handle), 4) == b'VCLK'

    assert page.marker() == page.state().marker == 5
    assert page.state().generation == 7 and page.state().flags & vmclock.FLAG_GENERATION_PRESENT
    state = vmclock.State()
    lib.vmclock_try_state(handle, state)
    assert state.marker == 5 and state.generation == 7
    generation = ctypes.c_uint64()
    lib.vmclock_generation(handle, generation)
    assert generation.value == 7
    assert not lib.vmclock_disrupted(handle, 5) and lib.vmclock_disrupted(handle, 6)
    fails(errno.ESTALE, page.system_time, vmclock.CLOCK_TAI, 6)
    assert page.system_time(vmclock.CLOCK_TAI, 5).tv_sec > 1_700_000_000

    soon = vmclock.Timespec(0, 1)
    fails(errno.ETIMEDOUT, lib.vmclock_wait_disrupted, handle, 5, soon)
    fails(errno.ETIMEDOUT, lib.vmclock_wait_state, handle, state, soon)
    fails(errno.ETIMEDOUT, lib.vmclock_system_wait_trusted, handle, soon)
    fails(errno.ENOENT, lib.vmclock_system_trusted, handle, ctypes.c_uint64())

    now = page.now()
    assert now.flags & vmclock.FLAG_BOUNDED and now.marker == 5 and now.status == 2
    first, last = now.earliest.nanoseconds(), now.latest.nanoseconds()
    assert first <= now.time.nanoseconds() <= last and 2000 <= last - first < 3_000_000, last - first
    later, then = vmclock.Time(), vmclock.Time()
    lib.vmclock_now_relaxed(handle, vmclock.SCALE_TAI, later)
    assert later.counter >= now.counter
    lib.vmclock_try_now(handle, vmclock.SCALE_TAI, then)
    assert then.counter >= later.counter
    lib.vmclock_at(handle, vmclock.SCALE_UTC, now.counter, then)
    assert now.time.tv_sec - then.time.tv_sec == 37
    assert then.time.tv_nsec == now.time.tv_nsec
    counters, times = (ctypes.c_uint64 * 2)(), (vmclock.Time * 2)()
    counter = ctypes.c_uint64()
    lib.vmclock_counter(handle, counter)
    assert counter.value > then.counter
    counters[:] = now.counter, counter.value
    lib.vmclock_at_many(handle, vmclock.SCALE_TAI, counters, 2, times)
    assert times[0].counter == now.counter and times[1].counter == counter.value
    assert times[0].time.nanoseconds() < times[1].time.nanoseconds()
    quality = vmclock.Quality()
    lib.vmclock_quality_at(handle, now.counter, quality)
    assert quality.flags == vmclock.FLAG_ESTIMATED and quality.esterror < 3_000_000
    assert quality.marker == 5 and quality.status == 2 and abs(quality.age) < 60_000_000_000
    page.wait_past(vmclock.SCALE_TAI, now.marker, now.latest)
    assert lib.vmclock_time_after(page.now(), now.latest)
    assert lib.vmclock_time_before(now, page.now().latest)
    assert not lib.vmclock_time_before(now, now.time)

missing = set(vmclock.PROTOTYPES) - called
assert not missing, missing
print('all called')
END
stop

finish
