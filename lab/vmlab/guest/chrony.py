# SPDX-License-Identifier: MIT
"""The workshop's chronyd: in a guest, and as a server on the host."""

import itertools
import os

from ..deadline import wait_for
from ..errors import Failed
from ..host import process
from . import toolbox

_PROGRAMS = ('/usr/sbin/chronyd', '/usr/bin/chronyc')
_LEAP_SECONDS = '/usr/share/zoneinfo/leap-seconds.list'
_CONFIGURATION = '/etc/chrony.conf'

_SETTINGS = '''
{source}
{leap_seconds}
makestep 0.1 3
cmdport 0
'''
_SERVER_SETTINGS = '''
port {port}
local stratum 3
allow
cmdport 0
pidfile {folder}/server.pid
bindcmdaddress {folder}/server.sock
'''
# The host, by the name that QEMU's own network has for it.
HOST = '10.0.2.2'
_ports = itertools.count(20000 + os.getpid() % 20000)


def files(lab, *others):
    """What boot() needs in files=, so that chrony, and others, can be started in the guest."""
    return toolbox.files(lab, *_PROGRAMS, _LEAP_SECONDS, *others)


# In the guest.
LEAP_SECONDS = toolbox.path('leap-seconds.list')
# A script that starts chronyc as toolbox.command() does.
CHRONYC = '/run/chronyc'


def refclock(clock, options=''):
    """The page's PTP clock as chronyd's source."""
    return f'refclock PHC {clock} tai refid VCLK poll 0 dpoll -2 {options}'


class Server:
    """An NTP server on the host, which gives the host's time to guests with a network."""

    def __init__(self, lab):
        self._lab = lab
        self._port = next(_ports)
        self._program = None
        self.start()

    @property
    def port(self):
        return self._port

    def settings(self, poll='minpoll 4'):
        """What makes it the source of a guest's chronyd."""
        return f'server {HOST} port {self._port} iburst {poll}'

    def requests(self):
        """How many it has got since it was started."""
        answer = self._lab.kernel.workshop.run(
            ('chronyc', '-c', '-h', str(self._lab.logs / 'ntp-server/server.sock'), 'serverstats'),
            'chronyc', self._lab.logs / 'chronyc.log')
        return int(answer.split(',')[0])

    def start(self):
        folder = self._lab.logs / 'ntp-server'
        # chronyd makes no socket where others could go.
        folder.mkdir(mode=0o750, exist_ok=True)
        # One that was ended had no time to remove it.
        (folder / 'server.pid').unlink(missing_ok=True)
        path = folder / 'chrony.conf'
        path.write_text(_SERVER_SETTINGS.format(port=self._port, folder=folder), encoding='utf-8')
        with open(folder / 'log', 'a', encoding='utf-8') as log:
            self._program = self._lab.start(
                self._lab.kernel.workshop.argv(('chronyd', '-x', '-d', '-u', 'root', '-f', str(path))),
                stdout=log, stderr=log)
        wait_for((folder / 'server.pid').exists, 'the NTP server', 30)

    def stop(self):
        process.stop(self._program)


class Chrony:
    """chronyd, running in a guest whose toolbox is unpacked."""

    def __init__(self, lab, vm, source, knows_leaps=True):
        self._lab = lab
        self._vm = vm
        leap_seconds = f'leapseclist {LEAP_SECONDS}' if knows_leaps else ''
        settings = _SETTINGS.format(source=source, leap_seconds=leap_seconds)
        vm.run('mkdir -m 750 /run/chrony')
        vm.run(f"cat >{_CONFIGURATION} <<'END'{settings}END")
        vm.run(f"printf '#!/bin/sh\\nexec {toolbox.command('chronyc')} \"$@\"\\n' >{CHRONYC}; "
               f'chmod +x {CHRONYC}')
        vm.run(f'{toolbox.command("chronyd")} -d -u root -f {_CONFIGURATION} >/tmp/chronyd 2>&1 &')
        lab.wait_for(lambda: self.ask('sources') or self._ended(), 'an answer of chronyd')

    def _ended(self):
        if not toolbox.runs(self._vm, 'chronyd'):
            raise Failed(f'chronyd ended: {self.log().splitlines()[-1]}')

    def ask(self, question):
        """The rows of chronyc's answer as lists of words; none while nobody answers."""
        chronyc = toolbox.command('chronyc')
        result = self._vm.shell(f'{chronyc} -c -h /run/chrony/chronyd.sock {question}')
        return [] if result.status else [line.split(',') for line in result.output.splitlines()]

    def wait_selected(self, source='VCLK', timeout=60):
        """Wait until chronyd follows this source: the PTP clock, or the Server."""
        def selected():
            return any(row[1:3] == ['*', source] for row in self.ask('sources'))
        self._lab.wait_for(selected, f'chronyd following {source}', timeout)

    def tracking(self):
        """What it makes of the clock: stratum, offset (s), frequency (ppm) and leap status."""
        row = self.ask('tracking')[0]
        return {'refid': row[1], 'stratum': int(row[2]), 'offset': float(row[4]),
                'frequency': float(row[7]), 'leap': row[13]}

    def log(self):
        return self._vm.run('cat /tmp/chronyd')
