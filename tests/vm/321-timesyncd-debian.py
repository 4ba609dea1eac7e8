# SPDX-License-Identifier: MIT
"""A marker-only page, and systemd-timesyncd of a whole Debian: trust again after a disruption."""

from vmlab.guest.operated import WholeSystem
from vmlab.host.judge import Truth

# Each guest boots the kernel of its own system, Debian 12 or 13.
KERNELS = ('6.1', '6.12')
ALONE = True
LONG = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

SETTINGS = {'/etc/systemd/timesyncd.conf.d/lab.conf': '[Time]\nNTP=10.0.2.2\nFallbackNTP='}
HOUR = 3600
# Seconds: without a server, the clock stays wrong for this time.
SILENCE = 15
# Seconds until the clock is right again: by the next answer of a server, and by a later one.
HEALED, LATE = 30, 90


def run(lab):
    guest = WholeSystem(lab, 'systemd-timesyncd', SETTINGS)
    vm = guest.vm
    guest.wait_trusted(120)
    lab.check('kept by timesyncd' in guest.said(), 'vmclockd has found another daemon')
    with Truth(lab, vm) as truth:
        truth.read(1)
        for seconds in (HOUR, -HOUR):
            guest.disrupt(seconds)
            guest.wait_trusted(HEALED)
            truth.read(1)
            lab.check(guest.is_right(), 'the system clock is not right')
        # timesyncd slews such a small offset, by a quarter in a second at most. The clock is right
        # long before the next answer, 32 s later.
        vm.run('date -s "$(date -d "+0.2 seconds" "+%F %T.%N")"')
        guest.mark()
        lab.wait_for(lambda: guest.state()['marker'] == guest.marker(), 'the reaction', HEALED)
        lab.wait_for(lambda: synchronised(vm) == 'yes', 'an answer for timesyncd', LATE)
        guest.wait_trusted(HEALED)
        truth.read(1)

        guest.server.stop()
        guest.disrupt(HOUR)
        vm.run(f'sleep {SILENCE}')
        lab.check(guest.state()['trust'] != 1, 'trusted without a server')
        guest.server.start()
        guest.wait_trusted(LATE)
        lab.check(guest.is_right(), 'the system clock is not right')
        truth.read(1)
    lab.equal(synchronised(vm), 'yes', 'what timedatectl says')


def synchronised(vm):
    return vm.run('timedatectl show -p NTPSynchronized --value')
