# SPDX-License-Identifier: MIT
"""With chronyd on the PTP clock, vmclockd sets the clock right, and chronyd does not undo it."""

from vmlab.guest.healing import Healing

ARCHITECTURES = ('amd64',)
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

DISRUPTIONS = 20
# Seconds of the guest between two disruptions.
APART = 3
# So near to the true time, in ns, and so soon, in ms: in the median, and in 95 of 100.
SOON = 30_000, 20, 60
FINALLY = 10_000, 500, 500


def run(lab):
    healing = Healing(lab, source='ptp')
    daemon = healing.start_chrony()
    healing.start()
    daemon.wait_selected()
    healing.wait_trusted()
    for _ in range(DISRUPTIONS):
        healing.disrupt(*healing.at_random(), APART)

    for right, usual, late in (SOON, FINALLY):
        healing.check_soon(f'is right within {right} ns', healing.healed(right), usual, late)
    healing.check_disruptions(DISRUPTIONS)
