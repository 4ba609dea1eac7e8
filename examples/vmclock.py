# SPDX-License-Identifier: MIT
"""libvmclock in Python, by ctypes alone: copy this file, or run it to stamp an event.

    import vmclock
    with vmclock.Page() as page:
        marker = page.marker()
        ...
        stamp = page.system_time(vmclock.CLOCK_TAI, marker)     # raises Disrupted

Stamps are in TAI, which does not go back in a leap second.
"""

import ctypes
import errno
import os
import sys

CLOCK_TAI = 11
SCALE_UTC, SCALE_TAI, SCALE_SMEARED = range(3)
FLAG_MAINTENANCE_SOON, FLAG_MAINTENANCE_IMMINENT = 1 << 1, 1 << 2
FLAG_MONOTONIC, FLAG_GENERATION_PRESENT = 1 << 7, 1 << 8
FLAG_BOUNDED, FLAG_COMPLETED, FLAG_ESTIMATED = 1 << 16, 1 << 17, 1 << 18


class Disrupted(OSError):
    """ESTALE: the clock was disrupted. Have it corrected, take a new marker, and go on."""


class Timespec(ctypes.Structure):
    _fields_ = (('tv_sec', ctypes.c_int64), ('tv_nsec', ctypes.c_int64))

    def nanoseconds(self):
        return self.tv_sec * 1_000_000_000 + self.tv_nsec

    def __str__(self):
        return f'{self.tv_sec}.{self.tv_nsec:09}'


class Time(ctypes.Structure):
    """struct vmclock_time"""
    _fields_ = (
        ('time', Timespec),
        ('earliest', Timespec),
        ('latest', Timespec),
        ('counter', ctypes.c_uint64),
        ('marker', ctypes.c_uint64),
        ('flags', ctypes.c_uint32),
        ('status', ctypes.c_uint8),
        ('leap', ctypes.c_uint8),
        ('reserved', ctypes.c_uint8 * 58),
    )


class Quality(ctypes.Structure):
    """struct vmclock_quality"""
    _fields_ = (
        ('age', ctypes.c_int64),
        ('esterror', ctypes.c_uint64),
        ('marker', ctypes.c_uint64),
        ('flags', ctypes.c_uint32),
        ('status', ctypes.c_uint8),
        ('reserved', ctypes.c_uint8 * 35),
    )


class State(ctypes.Structure):
    """struct vmclock_state"""
    _fields_ = (
        ('marker', ctypes.c_uint64),
        ('generation', ctypes.c_uint64),
        ('flags', ctypes.c_uint32),
        ('status', ctypes.c_uint8),
        ('reserved', ctypes.c_uint8 * 43),
    )


def _checked(result, function, _arguments):
    """Every function that returns an int returns 0 or a negative errno value."""
    if result == -errno.ESTALE:
        raise Disrupted(errno.ESTALE, 'the clock was disrupted')
    if result:
        raise OSError(-result, f'{function.__name__}: {LIBRARY.vmclock_strerror(result).decode()}')


_HANDLE = ctypes.c_void_p
_int, _u64, _p = ctypes.c_int, ctypes.c_uint64, ctypes.POINTER

# All functions of <vmclock.h>: what they return, and their arguments.
PROTOTYPES = {
    'vmclock_open': (_checked, _p(_HANDLE), ctypes.c_char_p),
    'vmclock_close': (None, _HANDLE),
    'vmclock_fd': (_int, _HANDLE),
    'vmclock_path': (ctypes.c_char_p, _HANDLE),
    'vmclock_has_time': (ctypes.c_bool, _HANDLE),
    'vmclock_page': (ctypes.c_void_p, _HANDLE),
    'vmclock_read_page': (_checked, _HANDLE, ctypes.c_void_p, ctypes.c_size_t),
    'vmclock_marker': (_u64, _HANDLE),
    'vmclock_disrupted': (ctypes.c_bool, _HANDLE, _u64),
    'vmclock_generation': (_checked, _HANDLE, _p(_u64)),
    'vmclock_read_state': (_checked, _HANDLE, _p(State)),
    'vmclock_try_state': (_checked, _HANDLE, _p(State)),
    'vmclock_wait_disrupted': (_checked, _HANDLE, _u64, _p(Timespec)),
    'vmclock_wait_state': (_checked, _HANDLE, _p(State), _p(Timespec)),
    'vmclock_system_time': (_checked, _HANDLE, _int, _u64, _p(Timespec)),
    'vmclock_system_trusted': (_checked, _HANDLE, _p(_u64)),
    'vmclock_system_wait_trusted': (_checked, _HANDLE, _p(Timespec)),
    'vmclock_now': (_checked, _HANDLE, _int, _p(Time)),
    'vmclock_now_relaxed': (_checked, _HANDLE, _int, _p(Time)),
    'vmclock_try_now': (_checked, _HANDLE, _int, _p(Time)),
    'vmclock_counter': (_checked, _HANDLE, _p(_u64)),
    'vmclock_at': (_checked, _HANDLE, _int, _u64, _p(Time)),
    'vmclock_at_many': (_checked, _HANDLE, _int, _p(_u64), ctypes.c_size_t, _p(Time)),
    'vmclock_quality_at': (_checked, _HANDLE, _u64, _p(Quality)),
    'vmclock_wait_past': (_checked, _HANDLE, _int, _u64, _p(Timespec), _p(Timespec)),
    'vmclock_time_before': (ctypes.c_bool, _p(Time), _p(Timespec)),
    'vmclock_time_after': (ctypes.c_bool, _p(Time), _p(Timespec)),
    'vmclock_version': (ctypes.c_char_p,),
    'vmclock_strerror': (ctypes.c_char_p, _int),
}


def _load():
    library = ctypes.CDLL('libvmclock.so.1')
    for name, (result, *arguments) in PROTOTYPES.items():
        function = getattr(library, name)
        function.argtypes = arguments
        if result is _checked:
            function.restype, function.errcheck = _int, _checked
        else:
            function.restype = result
    return library


LIBRARY = _load()


class Page:
    """A handle of a VMClock device or page file; without a path, of the default device."""

    def __init__(self, path=None):
        self._handle = _HANDLE()
        LIBRARY.vmclock_open(self._handle, os.fsencode(path) if path else None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        LIBRARY.vmclock_close(self._handle)
        self._handle = None

    def marker(self):
        return LIBRARY.vmclock_marker(self._handle)

    def state(self):
        state = State()
        LIBRARY.vmclock_read_state(self._handle, state)
        return state

    def system_time(self, clock, marker):
        """The system clock's time, unless it was disrupted since the marker was taken."""
        time = Timespec()
        LIBRARY.vmclock_system_time(self._handle, clock, marker, time)
        return time

    def now(self, scale=SCALE_TAI):
        """The host's time with bounds, as a Time."""
        time = Time()
        LIBRARY.vmclock_now(self._handle, scale, time)
        return time

    def wait_past(self, scale, marker, time):
        LIBRARY.vmclock_wait_past(self._handle, scale, marker, time, None)


def main():
    try:
        page = Page()
    except OSError as error:
        sys.exit(f'vmclock.py: cannot open the VMClock device: {error.strerror}; '
                 'vmclock-check tells more')
    with page:
        marker = page.marker()
        print('press Enter', file=sys.stderr)
        sys.stdin.readline()    # the event
        try:
            print(page.system_time(CLOCK_TAI, marker))
        except Disrupted:
            print('the clock was disrupted: set it right before you use it')
            return 1
        except OSError as error:
            sys.exit(f'vmclock.py: cannot read the clock: {error.strerror}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
