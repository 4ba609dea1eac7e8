# SPDX-License-Identifier: MIT
"""With chronyd on the PTP clock, vmclockd sets the clock right, and chronyd does not undo it."""

import random

from vmlab.guest import chrony
from vmlab.guest.healing import Healing

ARCHITECTURES = ('amd64',)
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

DISRUPTIONS = 20
# Seconds of the guest between two disruptions.
APART = 3
STEP_MAX = 50_000_000
PPM_MAX = 50
# The error in ns, and the time to reach it in ms: for the median, and for 95 of 100.
SOON = 30_000, 20, 60
FINALLY = 10_000, 500, 500


def run(lab):
    healing = Healing(lab, notify=True, files=chrony.files(lab))
    daemon = healing.start_chrony()
    healing.start('ntp = chrony', f'chronyc = {chrony.CHRONYC}')
    daemon.wait_selected()
    healing.wait_trusted()
    for _ in range(DISRUPTIONS):
        healing.disrupt(random.randint(-STEP_MAX, STEP_MAX), random.uniform(-PPM_MAX, PPM_MAX), APART)

    for right, usual, late in (SOON, FINALLY):
        healing.check_soon(f'is right within {right} ns', healing.healed(right), usual, late)
    lab.equal(healing.state()['disruptions'], DISRUPTIONS, 'the disruptions that vmclockd has counted')
