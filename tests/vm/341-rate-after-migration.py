# SPDX-License-Identifier: MIT
"""After a migration between hosts with different rates, the system clock's rate is right, too."""

import statistics

from vmlab.guest.healing import Healing

KERNELS = ('5.10', '6.12', '7.3')
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

DISRUPTIONS = 10
# Seconds of the guest between two migrations, in which the rate is measured.
APART = 4
FROM, TO = 1, 3.9
STEP = 10_000_000
PPM = 50
# The limit of the rate's error in ppm: for the median, and for 95 of 100.
RIGHT = 1


def run(lab):
    by_vmclockd = Healing(lab)
    by_vmclockd.start()
    measure(lab, by_vmclockd, 'vmclockd alone')

    by_chrony = Healing(lab, source='ptp')
    daemon = by_chrony.start_chrony()
    by_chrony.start()
    daemon.wait_selected()
    measure(lab, by_chrony, 'with chronyd')


def measure(lab, healing, name):
    healing.wait_trusted()
    for number in range(DISRUPTIONS):
        healing.disrupt(STEP, PPM if number % 2 else -PPM, APART)
    off = sorted(abs(rate) for rate in healing.rates(FROM, TO))
    lab.equal(len(off), DISRUPTIONS, 'the disruptions')
    late = off[len(off) * 95 // 100]
    lab.log(f'{name}: the rate is off by {statistics.median(off):.3f} ppm in the median, '
            f'{off[-1]:.3f} ppm at most')
    lab.check(late < RIGHT, f'{name}: the rate is off by {late:.3f} ppm')
