# SPDX-License-Identifier: MIT
"""A marker-only page, and ntpd of a whole Debian: restarted after a disruption, then trusted."""

from vmlab.guest.operated import WholeSystem
from vmlab.host.judge import Truth

# Each guest boots the kernel of its own system, Debian 12 or 13.
KERNELS = ('6.1', '6.12')
ALONE = True
LONG = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

SETTINGS = {
    '/etc/ntpsec/ntp.conf': 'driftfile /var/lib/ntpsec/ntp.drift\ntos minclock 1 minsane 1\n'
                            'server 10.0.2.2 iburst minpoll 4 maxpoll 4',
    # Without a drift file, ntpd measures the rate for 5 minutes.
    '/var/lib/ntpsec/ntp.drift': '0.000',
    # ntpd's bound begins at a second, and takes minutes to fall below the usual limit.
    '/etc/vmclock/vmclockd.conf': 'trusted_max_error = 1s',
}
HOUR = 3600
# Seconds until the clock is right: at its start ntpd asks four times, two seconds apart.
RIGHT = 90
# Seconds until ntpd tells the kernel its error: when it has found the clock within 0.5 ms, or when
# it has kept the clock for 300 s. On a busy machine, the answers are delayed by more than 0.5 ms.
TOLD = 400
SILENCE = 15


def run(lab):
    guest = WholeSystem(lab, 'ntpsec', SETTINGS)
    vm = guest.vm
    guest.wait_trusted(TOLD)
    lab.check('kept by ntpsec' in guest.said(), 'vmclockd has found another daemon')
    with Truth(lab, vm) as truth:
        truth.read(1)
        for seconds in (HOUR, -HOUR):
            process = vm.run('cat /run/ntpd.pid')
            guest.disrupt(seconds)
            wait_healed(lab, guest)
            lab.check(vm.run('cat /run/ntpd.pid') != process, 'ntpd was not restarted')
            truth.read(1)

        guest.server.stop()
        guest.disrupt(HOUR)
        vm.run(f'sleep {SILENCE}')
        lab.check(guest.state()['trust'] != 1, 'trusted without a server')
        guest.server.start()
        wait_healed(lab, guest)
        truth.read(1)


def wait_healed(lab, guest):
    """Wait until the clock is right, then until vmclockd trusts it."""
    lab.wait_for(guest.is_right, 'the right time', RIGHT)
    guest.wait_trusted(TOLD)
    lab.check(guest.is_right(), 'the system clock is not right')
