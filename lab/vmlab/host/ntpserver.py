# SPDX-License-Identifier: MIT
"""An NTP server whose time is a scripted one, with a leap second in it."""

import socket
import struct
import threading
import time

from ..guest.chrony import HOST
from .clock import NSEC, TAI_OFFSET

_ERA = 2208988800
_VERSION, _SERVER, _STRATUM, _PRECISION = 4, 4, 2, -20
# A millisecond, in 2^-16 s: what the server says of its own errors.
_MS = (1 << 16) // 1000
_HEADER = '!BBbb3I4Q'
_SIZE = struct.calcsize(_HEADER)


class LeapingServer(threading.Thread):
    """Serves UTC: `ahead` s before `midnight` at first, where a positive leap second is inserted.

    leap    what it announces: 0 nothing, 1 a positive one at the end of the day
    """

    def __init__(self, midnight, ahead, tai_offset):
        super().__init__(daemon=True)
        self._midnight = midnight
        self._tai_offset = tai_offset
        self._shift = (midnight + tai_offset - ahead - TAI_OFFSET) * NSEC - time.time_ns()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(('127.0.0.1', 0))
        self.leap = 0
        self.start()

    def settings(self):
        return f'server {HOST} port {self._socket.getsockname()[1]} iburst minpoll 0 maxpoll 0'

    def utc(self, tai):
        """The scripted UTC, in ns, at the host's TAI."""
        tai += self._shift
        leaps = tai >= (self._midnight + self._tai_offset) * NSEC
        return tai - (self._tai_offset + leaps) * NSEC

    def left(self):
        """Seconds until midnight."""
        return self._midnight - self.utc(time.time_ns() + TAI_OFFSET * NSEC) / NSEC

    def run(self):
        while True:
            request, address = self._socket.recvfrom(1024)
            received = self._stamp()
            if len(request) < _SIZE:
                continue
            origin = struct.unpack_from('!Q', request, 40)[0]
            announced = self.leap if self.left() > 0 else 0
            self._socket.sendto(struct.pack(
                _HEADER, announced << 6 | _VERSION << 3 | _SERVER, _STRATUM, request[2], _PRECISION,
                _MS, _MS, 0x7f000002, received - (1 << 32), origin, received, self._stamp()), address)

    def _stamp(self):
        sec, ns = divmod(self.utc(time.time_ns() + TAI_OFFSET * NSEC), NSEC)
        return sec + _ERA << 32 | (ns << 32) // NSEC
