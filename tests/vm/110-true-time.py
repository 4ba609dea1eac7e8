# SPDX-License-Identifier: MIT
"""Library and PTP clock give the host's true time within the bounds, or no time if it has none."""

from vmlab.guest.device import Simulation
from vmlab.host.clock import HostClock, Publisher, calibrate
from vmlab.host.judge import Judge, check_statuses
from vmlab.host.page import COUNTER_X86_TSC

# The host publishes its own time, so the guest must have the host's counter.
ARCHITECTURES = ('amd64',)
ALONE = True

# One counter value for each time, see 100-ptp-clock.
COARSE_TICKS = 1 << 29
COARSE_SHIFT = 20
# How many readings each way of reading gets.
READINGS = {'gettime': 300, 'precise': 300, 'extended': 60}


def run(lab):
    vm = lab.boot(Simulation({'counter_id': COUNTER_X86_TSC}, notify=False),
                  programs=['time-spin', 'time-read', 'time-precise', 'ptp-read'])
    offset = calibrate(lab, vm)
    maxerror = f'--maxerror={1000 + offset.uncertainty}ns'
    with HostClock(lab) as host:
        with Publisher(lab, vm, offset, maxerror) as publisher:
            vm.load()
            ptp = vm.ptp_clock()
            library = vm.run('time-read 1')
            readings = {what: vm.run(f'ptp-read {ptp} {what} {count}')
                        for what, count in READINGS.items()}
            check_statuses(lab, vm, publisher, lambda: {
                what: vm.run(f'ptp-read {ptp} {what}').split()[1]
                for what in (*READINGS, 'offset')})

    judge = Judge(lab, host, offset.until(calibrate(lab, vm)))
    judge.library(library)
    for what, output in readings.items():
        judge.ptp(what, output)
    # The page does not change from here on.
    check_same_counter(lab, vm, ptp, 3)
    vm.page.update(time_sec=1000, time_frac_sec=0, counter_value=0,
                   counter_period_shift=COARSE_SHIFT,
                   counter_period_frac_sec=(1 << 64 + COARSE_SHIFT) // COARSE_TICKS)
    check_same_counter(lab, vm, ptp, 1)


def check_same_counter(lab, vm, ptp, unique):
    """PRECISE and vmclock_at() agree on one counter value, which the raw clock identifies."""
    lines = [list(map(int, line.split()))
             for line in vm.run(f'time-precise {ptp} 300').splitlines()]
    width = max(last - first for first, last, *_ in lines) + 1
    lab.check(width <= 2 * unique + 1, f'one time for {width} counter values')
    # The raw clock is a linear function of the counter, independent of the device.
    points = [((first + last) / 2, monoraw) for first, last, _, _, monoraw in lines]
    (c0, m0), (c1, m1) = points[0], points[-1]
    worst = max(abs((m - m0) - (c - c0) * (m1 - m0) / (c1 - c0)) for c, m in points)
    lab.log(f'PRECISE and vmclock_at() agree on {len(lines)} counter values, each known to '
            f'{width} ticks; CLOCK_MONOTONIC_RAW of the triple is off by {worst:.2f} ns')
    lab.check(worst <= 3, f'the raw time is off by {worst:.1f} ns from that counter value')
