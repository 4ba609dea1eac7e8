# SPDX-License-Identifier: MIT
"""Clients of ClockBound: through disruptions, and a vmclockd that is killed, no interval that they
get excludes the truth; with chronyd on the PTP clock, which slews what vmclockd leaves it."""

from vmlab.guest.healing import Healing

ARCHITECTURES = ('amd64',)
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

DISRUPTIONS = 50
# After this many disruptions vmclockd is killed, and started again.
KILLED = 10
# Seconds of the guest between two disruptions.
APART = 1
SEGMENT = '/run/clockbound/shm0'
READINGS = 1_000_000


def run(lab):
    healing = Healing(lab, source='ptp', programs=['bound-read'])
    vm = healing.vm
    daemon = healing.start_chrony()
    healing.start('clockbound = yes', f'clockbound_path = {SEGMENT}')
    daemon.wait_selected()
    healing.wait_trusted()
    vm.run(f'bound-read {SEGMENT} >/tmp/bounds 2>&1 &')
    for number in range(1, DISRUPTIONS + 1):
        healing.disrupt(*healing.at_random(), APART)
        if number % KILLED == 0:
            healing.kill_and_start()
    healing.wait_trusted()
    vm.run('killall bound-read; until test -s /tmp/bounds; do sleep 0.1; done')
    lab.log(healing.said())
    readings, trusted, wrong, refused, worst, widest = map(int, vm.run('cat /tmp/bounds').split())
    lab.log(f'{readings} readings, {trusted} trusted, {wrong} wrong, '
            f'{refused} refused; +-{widest} ns at most')
    lab.check(readings >= READINGS and trusted >= readings // 10, 'too few of them')
    lab.equal(refused, 0, 'the readings whose as_of was still to come')
    lab.equal(wrong, 0, f'the intervals that the truth was outside of, by {worst} ns at most')
