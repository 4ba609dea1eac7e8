# SPDX-License-Identifier: MIT
"""The workshop's chronyd in a guest, with the page's PTP clock as its reference."""

import re
import tarfile

from .errors import Failed

_PROGRAMS = ('/usr/sbin/chronyd', '/usr/bin/chronyc')
_LEAP_SECONDS = '/usr/share/zoneinfo/leap-seconds.list'
_HOME = '/opt/chrony'
_ARCHIVE = '/opt/chrony.tar'

_SETTINGS = '''
refclock PHC {clock} tai refid VCLK poll 0 dpoll -2 {options}
leapseclist {home}/leap-seconds.list
makestep 0.1 3
cmdport 0
'''


def files(lab):
    """What boot() needs in files=, so that chrony can be started in the guest.

    Guests have the host's libraries, and chrony needs those of the workshop: it brings them.
    """
    workshop = lab.kernel.workshop
    path = lab.logs / 'chrony.tar'
    listing = workshop.run(('ldd', *_PROGRAMS), 'ldd', lab.logs / 'chrony.log')
    libraries = set(re.findall(r'(?:=> |^\s+)(/\S+)', listing, re.MULTILINE))
    with tarfile.open(path, 'w', dereference=True) as archive:
        for name in (*_PROGRAMS, _LEAP_SECONDS, *sorted(libraries)):
            # Links of the workshop lead out of it.
            archive.add(_inside(workshop.root, name), name.rpartition('/')[2])
    return {_ARCHIVE: path}


def _inside(root, name):
    """The file that `name` is in the workshop, whatever links lead to it."""
    path = root
    for part in name.strip('/').split('/'):
        path = path / part
        while path.is_symlink():
            target = path.readlink()
            path = _inside(root, str(target)) if target.is_absolute() else path.parent / target
    return path


class Chrony:
    """chronyd, running in a guest."""

    def __init__(self, lab, vm, clock, options=''):
        self._lab = lab
        self._vm = vm
        settings = _SETTINGS.format(clock=clock, home=_HOME, options=options)
        vm.run(f'mkdir -p {_HOME} && mkdir -m 750 /run/chrony && tar -xf {_ARCHIVE} -C {_HOME}')
        vm.run(f"cat >{_HOME}/chrony.conf <<'END'{settings}END")
        vm.run(f'{self._run("chronyd")} -d -u root -f {_HOME}/chrony.conf >/tmp/chronyd 2>&1 &')
        lab.wait_for(lambda: self.ask('sources') or self._ended(), 'an answer of chronyd')

    def _ended(self):
        if self._vm.shell('pidof chronyd ld-linux-x86-64.so.2').status:
            raise Failed(f'chronyd ended: {self.log().splitlines()[-1]}')

    @staticmethod
    def _run(program):
        return f'{_HOME}/ld-linux-x86-64.so.2 --library-path {_HOME} {_HOME}/{program}'

    def ask(self, question):
        """The rows of chronyc's answer as lists of words; none while nobody answers."""
        result = self._vm.shell(f'{self._run("chronyc")} -c -h /run/chrony/chronyd.sock {question}')
        return [] if result.status else [line.split(',') for line in result.output.splitlines()]

    def wait_selected(self, timeout=60):
        """Wait until the clock is the source that chronyd follows."""
        def selected():
            return any(row[:3] == ['#', '*', 'VCLK'] for row in self.ask('sources'))
        self._lab.wait_for(selected, 'chronyd following the PTP clock', timeout)

    def tracking(self):
        """What it makes of the clock: stratum, offset (s), frequency (ppm) and leap status."""
        row = self.ask('tracking')[0]
        return {'refid': row[1], 'stratum': int(row[2]), 'offset': float(row[4]),
                'frequency': float(row[7]), 'leap': row[13]}

    def log(self):
        return self._vm.run('cat /tmp/chronyd')
