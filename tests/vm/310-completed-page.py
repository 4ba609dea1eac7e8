# SPDX-License-Identifier: MIT
"""A page with a marker only: vmclockd completes it from chronyd, and again after a disruption."""

import time

from vmlab.guest.healing import Healing
from vmlab.host import ntp
from vmlab.host.judge import Truth

ARCHITECTURES = ('amd64',)
ALONE = True
# It has not run often enough to judge others.
ON_REQUEST = True

# Nobody has given the system clock back its time when this is over, if there is no server.
SILENCE = 12
# Seconds until it is right again, with one.
HEALED = 30


def run(lab):
    healing = Healing(lab, source='ntp')
    vm = healing.vm
    server = ntp.Server(lab)
    healing.start_chrony(server.settings())
    healing.start()
    healing.wait_trusted(90)

    with Truth(lab, vm) as truth:
        truth.read(1)
        vm.run('date -s "$(date -d @$(($(date +%s) - 3600)) "+%F %T")"')
        healing.mark()
        # Which of them depends on how far vmclockd has come.
        lab.check(utc(vm.run('time-read')) in ('utc ESTALE', 'utc EAGAIN'),
                  'there is time right after a disruption')
        vm.wait_for('adjtimex | grep -q "maxerror: *16"')
        healing.wait_trusted(HEALED)
        truth.read(1)
        lab.check(abs(int(vm.run('date +%s')) - int(time.time())) <= 1, 'the system clock is not right')

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
