# SPDX-License-Identifier: MIT
"""NTP servers on the host, for guests with a network."""

import itertools
import os
import socket
import struct
import threading
import time

from ..deadline import wait_for
from . import process
from .clock import NSEC, TAI_OFFSET

# The host's address in QEMU's own network.
HOST = '10.0.2.2'
_ports = itertools.count(20000 + os.getpid() % 20000)
_CHRONY_SETTINGS = '''
port {port}
local stratum 3
allow
cmdport 0
pidfile {folder}/server.pid
bindcmdaddress {folder}/server.sock
'''

_ERA = 2208988800
_VERSION, _SERVER, _STRATUM, _PRECISION = 4, 4, 2, -20
# A millisecond in 2^-16 s: the server's own error.
_MS = (1 << 16) // 1000
_HEADER = '!BBbb3I4Q'
_SIZE = struct.calcsize(_HEADER)


class Server:
    """The workshop's chronyd, which serves the host's time."""

    def __init__(self, lab):
        self._lab = lab
        self._port = next(_ports)
        self._program = None
        self.start()

    @property
    def port(self):
        return self._port

    def settings(self, poll='minpoll 4'):
        """The settings that make it the source of a guest's chronyd."""
        return f'server {HOST} port {self._port} iburst {poll}'

    def requests(self):
        """The number of requests since the start."""
        answer = self._lab.kernel.workshop.run(
            ('chronyc', '-c', '-h', str(self._lab.logs / 'ntp-server/server.sock'), 'serverstats'),
            'chronyc', self._lab.logs / 'chronyc.log')
        return int(answer.split(',')[0])

    def start(self):
        folder = self._lab.logs / 'ntp-server'
        # chronyd refuses a folder that others can enter.
        folder.mkdir(mode=0o750, exist_ok=True)
        # A killed server leaves it behind.
        (folder / 'server.pid').unlink(missing_ok=True)
        path = folder / 'chrony.conf'
        path.write_text(_CHRONY_SETTINGS.format(port=self._port, folder=folder), encoding='utf-8')
        with open(folder / 'log', 'a', encoding='utf-8') as log:
            command = ('chronyd', '-x', '-d', '-u', 'root', '-f', str(path))
            self._program = self._lab.start(self._lab.kernel.workshop.argv(command), stdout=log,
                                            stderr=log)
        wait_for((folder / 'server.pid').exists, 'the NTP server', 30)

    def stop(self):
        process.stop(self._program)


class LeapingServer(threading.Thread):
    """Serves UTC that starts `ahead` s before `midnight`, where a positive leap second is inserted.

    leap    its announcement: 0 nothing, 1 a positive leap second at the end of the day
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
            answer = struct.pack(
                _HEADER, announced << 6 | _VERSION << 3 | _SERVER, _STRATUM, request[2], _PRECISION,
                _MS, _MS, 0x7f000002, received - (1 << 32), origin, received, self._stamp())
            self._socket.sendto(answer, address)

    def _stamp(self):
        sec, ns = divmod(self.utc(time.time_ns() + TAI_OFFSET * NSEC), NSEC)
        return sec + _ERA << 32 | (ns << 32) // NSEC
