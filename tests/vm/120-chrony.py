# SPDX-License-Identifier: MIT
"""chronyd takes the PTP clock as its reference and holds the system clock to the true time."""

import statistics

from vmlab.guest import chrony, toolbox
from vmlab.guest.device import Simulation
from vmlab.host.clock import NSEC, TAI_OFFSET, HostClock, Publisher, calibrate
from vmlab.host.judge import Judge
from vmlab.host.page import COUNTER_X86_TSC

# A clock is read in one of three ways, depending on what the kernel's PTP core can do: each once.
# 100 and 110 test the rest.
KERNELS = ('5.10', '6.12', '7.3')
ALONE = True

CLOCK = '/dev/ptp_vmclock'
# Nanoseconds: the limit of the clock's error, for the median of all records and for the worst.
USUAL = 2000
WORST = 50000
RECORDS = 60


def run(lab):
    vm = lab.boot(Simulation({'counter_id': COUNTER_X86_TSC}, notify=False),
                  programs=['time-spin', 'time-record'],
                  files={**chrony.files(lab, *toolbox.UDEV), **toolbox.udev_rules(lab)})
    toolbox.unpack(vm)
    toolbox.start_udev(vm)
    offset = calibrate(lab, vm)
    with HostClock(lab) as host, Publisher(lab, vm, offset) as publisher:
        vm.load()
        vm.wait_for(f'test -c {CLOCK}')
        # So wrong that chronyd must have set it.
        vm.run('date -s 2020-01-01')
        publisher.status('initializing', 1)
        daemon = chrony.Chrony(lab, vm, chrony.refclock(CLOCK))
        lab.check(daemon.ask('sources')[0][1] != '*', 'chronyd follows a clock without time')
        publisher.status('synchronized', 2)
        daemon.wait_selected()
        vm.run('time-record >/tmp/record 2>&1 &')
        errors = lab.wait_for(lambda: held(lab, vm, host, offset), 'the system clock being held to '
                              f'{WORST} ns, {USUAL} ns in the middle', 120)
        tracking = daemon.tracking()
    lab.log(f'chronyd: {tracking}')
    lab.equal((tracking['stratum'], tracking['leap']), (1, 'Normal'), 'stratum and leap status')
    lab.log(f'held by chronyd: {len(errors)} records, {statistics.median(errors):.0f} ns off in '
            f'the middle, {max(errors)} ns at worst')


def held(lab, vm, host, published):
    """How far off the system clock was in the last records, at least, if that is little enough.

    `published` is the offset by which the page is made: the counter may have moved since.
    """
    lines = vm.run(f'tail -n {RECORDS} /tmp/record').splitlines()
    # The host may not have recorded the time of the last records yet.
    records = [tuple(map(int, line.split()[1:3])) for line in lines[:-5]]
    if len(records) < RECORDS - 5:
        return None
    host.load()
    judge = Judge(lab, host, published.until(calibrate(lab, vm)))
    errors = [max(abs(time + TAI_OFFSET * NSEC - judge.truth(counter)) - judge.slack, 0)
              for counter, time in records]
    lab.log(f'{statistics.median(errors):.0f} ns off in the middle, {max(errors)} ns at worst')
    return errors if max(errors) <= WORST and statistics.median(errors) <= USUAL else None
