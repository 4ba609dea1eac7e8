# SPDX-License-Identifier: MIT
"""vmclockd is killed at any moment: readers get no wrong time, and never wait for vmclockd."""

import random

from vmlab.guest.healing import Healing
from vmlab.host.clock import NSEC, TAI_OFFSET, HostClock, calibrate
from vmlab.host.judge import CLOCK, NONE, NOW

KERNELS = ('5.10', '6.12', '7.3')
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

# Trust takes milliseconds with a page's time, seconds with chronyd's.
KILLS, LIVES = 200, 1
KILLS_BY_NTP, LIVES_BY_NTP = 40, 5
# Seconds of the guest between disruptions, and of the host.
APART, APART_BY_NTP = 1, 6
# Where the counts of the copies are, and how often vmclockd dies while one is odd.
COUNTS = (('vmclock0', 0x0c), ('vmclock0', 0x100c), ('state', 0x0c), ('state', 0x80c))
MID_WRITE = 12
# Milliseconds for a call, except when the machine itself causes the delay.
LONGEST, LONGEST_EVER = 10, 90


def run(lab):
    by_page(lab)
    by_ntp(lab)


def by_page(lab):
    healing = Healing(lab)
    healing.start()
    healing.wait_trusted()
    healing.read_flat_out()
    healing.kill_repeatedly(KILLS, LIVES)
    disruptions = 0
    while healing.killed() < KILLS:
        healing.disrupt(*healing.at_random(), APART)
        healing.wait_seen(60)
        disruptions += 1
    healing.wait_trusted()
    readings = healing.readings()
    for kind in (NOW, CLOCK):
        readings.check_truth(kind, healing.truth)
    lab.log(f'{disruptions} disruptions, {KILLS} kills')
    healing.check_disruptions(disruptions)


def by_ntp(lab):
    healing = Healing(lab, source='ntp')
    vm = healing.vm
    # One that measures each second gives more to be killed at.
    healing.start_by_ntp('minpoll 0 maxpoll 0', record_ms=0)
    disruptions = 0
    began = calibrate(lab, vm)
    with HostClock(lab) as host:
        healing.read_flat_out(500, 500)
        healing.kill_repeatedly(KILLS_BY_NTP, LIVES_BY_NTP)
        while healing.killed() < KILLS_BY_NTP:
            healing.mark()
            healing.wait_seen()
            disruptions += 1
            vm.run(f'sleep {random.uniform(1, APART_BY_NTP):.2f}')
        hits = 0
        for number in range(MID_WRITE):
            vm.run(f'usleep {random.randint(0, 3_000_000)}')
            hits += healing.kill_mid_write(*COUNTS[number % len(COUNTS)])
            healing.wait_seen()
            disruptions += 1
        lab.log(f'killed in mid-write {hits} times of {MID_WRITE}')
        healing.wait_trusted(60)
        readings = healing.readings()
    lab.check(hits >= MID_WRITE // 2, f'only {hits} times it was killed in mid-write')

    offset = began.until(calibrate(lab, vm))

    def truth(_, counter):
        return host.time_at(counter, offset) - TAI_OFFSET * NSEC

    for kind in (NOW, CLOCK):
        readings.check_truth(kind, truth, round((host.width + offset.uncertainty) * host.tick))
    check_longest(lab, readings)
    healing.check_disruptions(disruptions)


def check_longest(lab, readings):
    """A call takes little longer than the machine's own delays."""
    taken, usual = readings.longest(NONE)
    for kind in (NOW, CLOCK):
        most, nearly = readings.longest(kind)
        lab.log(f'the slowest call ({kind}) took {most:.2f} ms, {nearly:.2f} ms in 99 of 100 '
                f'slices; none {taken:.2f} and {usual:.2f} ms')
        lab.check(nearly <= max(LONGEST, 2 * usual), f'calls ({kind}) take {nearly:.2f} ms')
        lab.check(most <= max(LONGEST_EVER, 3 * taken), f'a call ({kind}) took {most:.2f} ms')
