# SPDX-License-Identifier: MIT
"""A guest's RAM, shared with this process, and the VMClock page in it."""

import contextlib
import copy
import errno
import mmap
import os

from .clock import TAI_OFFSET

# name: (offset, type); the types are those of memoryview.cast, in host order. The host is
# x86, so that is little-endian, and stores become visible in the order of the program.
FIELDS = {
    'magic': (0x00, 'I'),
    'size': (0x04, 'I'),
    'version': (0x08, 'H'),
    'counter_id': (0x0a, 'B'),
    'time_type': (0x0b, 'B'),
    'seq_count': (0x0c, 'I'),
    'disruption_marker': (0x10, 'Q'),
    'flags': (0x18, 'Q'),
    'clock_status': (0x22, 'B'),
    'leap_second_smearing_hint': (0x23, 'B'),
    'tai_offset_sec': (0x24, 'h'),
    'leap_indicator': (0x26, 'B'),
    'counter_period_shift': (0x27, 'B'),
    'counter_value': (0x28, 'Q'),
    'counter_period_frac_sec': (0x30, 'Q'),
    'counter_period_esterror_rate_frac_sec': (0x38, 'Q'),
    'counter_period_maxerror_rate_frac_sec': (0x40, 'Q'),
    'time_sec': (0x48, 'Q'),
    'time_frac_sec': (0x50, 'Q'),
    'time_esterror_nanosec': (0x58, 'Q'),
    'time_maxerror_nanosec': (0x60, 'Q'),
    'vm_generation_counter': (0x68, 'Q'),
}

MAGIC = 0x4b4c4356
COUNTER_ARM_VCNT = 0
COUNTER_X86_TSC = 1
COUNTER_INVALID = 0xff
TIME_UTC = 0
TIME_TAI = 1
STATUS_UNKNOWN = 0
STATUS_SYNCHRONIZED = 2
FLAG_TAI_OFFSET_VALID = 1 << 0
FLAGS_BOUNDED = 1 << 4 | 1 << 6
FLAG_VM_GEN_COUNTER_PRESENT = 1 << 8
FLAG_NOTIFICATION_PRESENT = 1 << 9

# The page of hypervisors without a clock to offer.
MARKER_ONLY = {
    'magic': MAGIC,
    'size': 0x1000,
    'version': 1,
    'counter_id': COUNTER_INVALID,
    'time_type': TIME_TAI,
    'flags': FLAG_VM_GEN_COUNTER_PRESENT,
    'clock_status': STATUS_UNKNOWN,
}

# With time for a PC's counter, by a clock that is nearly right.
WITH_TIME = {
    'counter_id': COUNTER_X86_TSC,
    'clock_status': STATUS_SYNCHRONIZED,
    'flags': FLAG_NOTIFICATION_PRESENT | FLAG_TAI_OFFSET_VALID | FLAGS_BOUNDED,
    'tai_offset_sec': -TAI_OFFSET,
    'counter_period_frac_sec': (1 << 64) // 2_600_000_000,
    'time_sec': 1_800_000_000,
    'time_maxerror_nanosec': 1000,
}

_U32 = 0xffffffff
_U64 = 0xffffffffffffffff
_WIDTH = {'B': 1, 'H': 2, 'h': 2, 'I': 4, 'Q': 8}


def ticking(counter_id):
    """The fields that a page needs for a PTP clock, whatever time that has."""
    return {'counter_id': counter_id, 'time_type': TIME_TAI, 'clock_status': STATUS_SYNCHRONIZED,
            'counter_period_frac_sec': 1 << 34}


class Page:
    """The page at `offset` in the file `fd`, which is the guest's memory."""

    def __init__(self, fd, offset, length):
        self.offset = offset
        self._map = mmap.mmap(fd, length, offset=offset)
        self._start = 0

    def at(self, offset):
        """Another page, this many bytes after this one."""
        other = copy.copy(self)
        other._start = self._start + offset
        return other

    def get(self, name):
        offset, kind = FIELDS[name]
        with self._field(offset, kind) as field:
            return field[0]

    def set(self, **fields):
        """Write fields directly, without regard for readers."""
        for name, value in fields.items():
            offset, kind = FIELDS[name]
            # One store of the field's own width: a reader never sees half of it.
            with self._field(offset, kind) as field:
                field[0] = value

    def _field(self, offset, kind):
        offset += self._start
        return memoryview(self._map)[offset:offset + _WIDTH[kind]].cast(kind)

    def read(self, offset, length):
        offset += self._start
        return self._map[offset:offset + length]

    def write(self, offset, data):
        """Write raw bytes, for pages that no hypervisor should make."""
        offset += self._start
        self._map[offset:offset + len(data)] = data

    @contextlib.contextmanager
    def updating(self):
        """In a with statement seq_count is odd, and afterwards even, as in every proper update."""
        before = self.get('seq_count')
        self.set(seq_count=(before | 1) & _U32)
        yield self
        self.set(seq_count=((before | 1) + 1) & _U32)

    def update(self, **fields):
        """Publish new values by the rules of the specification."""
        with self.updating():
            self.set(**fields)

    def disrupt(self, **fields):
        """Publish that the counter was disrupted."""
        self.update(disruption_marker=(self.get('disruption_marker') + 1) & _U64, **fields)

    def close(self):
        self._map.close()


class Memory:
    """A guest's RAM of `size` bytes: a file in memory, and the page in it."""

    def __init__(self, size, page_offset, page_length, content=None):
        self.fd = os.memfd_create('guest')
        os.truncate(self.fd, size)
        # Another program of the host opens it by this name.
        self.path = f'/proc/{os.getpid()}/fd/{self.fd}'
        if content:
            with open(content, 'rb') as file:
                _copy(file.fileno(), self.fd)
        self.page = Page(self.fd, page_offset, page_length)

    def save(self, path):
        """Write a file to start another Memory from; holes stay holes."""
        with open(path, 'wb') as file:
            os.truncate(file.fileno(), os.fstat(self.fd).st_size)
            _copy(self.fd, file.fileno())

    def close(self):
        self.page.close()
        os.close(self.fd)


def _copy(source, target):
    for begin, end in _data(source):
        os.lseek(target, begin, os.SEEK_SET)
        while begin < end:
            begin += os.sendfile(target, source, begin, end - begin)


def _data(fd):
    """The parts of a file that are no holes: (begin, end)."""
    end = 0
    while True:
        try:
            begin = os.lseek(fd, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        end = os.lseek(fd, begin, os.SEEK_HOLE)
        yield begin, end
