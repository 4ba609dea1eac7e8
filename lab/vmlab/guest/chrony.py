# SPDX-License-Identifier: MIT
"""The workshop's chronyd in a guest."""

from ..errors import Failed
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


def files(lab, *others):
    """The files= of boot() for starting chrony, and other programs, in the guest."""
    return toolbox.files(lab, *_PROGRAMS, _LEAP_SECONDS, *others)


# In the guest.
LEAP_SECONDS = toolbox.path('leap-seconds.list')
# The path of a script that starts chronyc, as toolbox.command() does.
CHRONYC = '/run/chronyc'


def refclock(clock, options=''):
    """The page's PTP clock as chronyd's source."""
    return f'refclock PHC {clock} tai refid VCLK poll 0 dpoll -2 {options}'


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
        """The rows of chronyc's answer as lists of words; none while chronyd does not answer."""
        chronyc = toolbox.command('chronyc')
        result = self._vm.shell(f'{chronyc} -c -h /run/chrony/chronyd.sock {question}')
        return [] if result.status else [line.split(',') for line in result.output.splitlines()]

    def wait_selected(self, source='VCLK', timeout=60):
        """Wait until chronyd follows this source: the PTP clock, or ntp.HOST."""
        def selected():
            return any(row[1:3] == ['*', source] for row in self.ask('sources'))
        self._lab.wait_for(selected, f'chronyd following {source}', timeout)

    def tracking(self):
        """chronyd's report: stratum, offset (s), frequency (ppm) and leap status."""
        row = self.ask('tracking')[0]
        return {'refid': row[1], 'stratum': int(row[2]), 'offset': float(row[4]),
                'frequency': float(row[7]), 'leap': row[13]}

    def log(self):
        return self._vm.run('cat /tmp/chronyd')
