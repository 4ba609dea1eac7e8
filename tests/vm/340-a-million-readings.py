# SPDX-License-Identifier: MIT
"""A million readings through 50 disruptions of a page with time: none excludes the truth."""

from vmlab.guest.healing import Healing
from vmlab.host.judge import CLOCK, NOW

KERNELS = ('5.10', '6.12', '7.3')
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

DISRUPTIONS = 50
# Disruptions by a host that does not notify.
SILENT = 20
# Seconds of the guest between two disruptions.
APART = 1
READINGS = 1_000_000
# A pause in us after this many readings, so that vmclockd gets the processor.
BURST = 200, 2000

# The error in ns, and the time to reach it in ms: for the median, and for 95 of 100.
STEPPED = 10_000, 20, 60
TOLD = 30_000, 20, 60
SETTLED = 10_000, 500, 500
STEPPED_SILENT = 10_000, 100, 150


def run(lab):
    healing = Healing(lab, source='ptp')
    daemon = healing.start_chrony()
    healing.start()
    daemon.wait_selected()
    disrupt_and_read(lab, healing, DISRUPTIONS, READINGS)
    check(healing, 'is first right within', healing.stepped, STEPPED)
    check(healing, 'is right, though chronyd has to be told, within', healing.healed, TOLD)
    check(healing, 'has settled within', healing.healed, SETTLED)

    healing = Healing(lab, 'sim-silent')
    healing.start()
    disrupt_and_read(lab, healing, SILENT, READINGS // 5)
    check(healing, 'is right on a silent host within', healing.healed, STEPPED_SILENT)


def disrupt_and_read(lab, healing, disruptions, readings):
    healing.wait_trusted()
    healing.read_flat_out(*BURST)
    for _ in range(disruptions):
        healing.disrupt(*healing.at_random(), APART)
    found = healing.readings()
    healing.check_disruptions(disruptions)
    for kind in (NOW, CLOCK):
        found.check_truth(kind, healing.truth)
        lab.check(found.count(kind) >= readings, f'only {found.count(kind)} readings ({kind})')


def check(healing, what, times, limits):
    right, usual, late = limits
    healing.check_soon(f'{what} {right} ns', times(right), usual, late)
