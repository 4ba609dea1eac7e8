# SPDX-License-Identifier: MIT
"""A marker-only page: vmclockd completes it by chronyd, and again after a disruption."""

import time

from vmlab.guest.healing import Healing
from vmlab.host.judge import Truth

ARCHITECTURES = ('amd64',)
ALONE = True
DEFAULT_KERNELS = ('7.3',)

# Seconds: without a server, the clock is still wrong after this time.
SILENCE = 12
# Seconds until the clock is right again, with a server.
HEALED = 30


def run(lab):
    healing = Healing(lab, source='ntp')
    vm = healing.vm
    server = healing.start_by_ntp()

    with Truth(lab, vm) as truth:
        truth.read(1)
        vm.run('date -s "$(date -d @$(($(date +%s) - 3600)) "+%F %T")"')
        healing.mark()
        # The error depends on the progress of vmclockd.
        lab.check(utc(vm.run('time-read')) in ('utc ESTALE', 'utc EAGAIN'),
                  'there is time right after a disruption')
        vm.wait_for('adjtimex | grep -q "maxerror: *16"')
        healing.wait_trusted(HEALED)
        truth.read(1)
        lab.check(abs(int(vm.run('date +%s')) - int(time.time())) <= 1,
                  'the system clock is not right')

        server.stop()
        healing.mark()
        vm.run(f'sleep {SILENCE}')
        lab.check(healing.state()['trust'] != healing.TRUSTED, 'trusted without a server')
        server.start()
        healing.wait_trusted(120)
        truth.read(1)


def utc(output):
    line, = (line for line in output.splitlines() if line.startswith('utc'))
    return line
