# SPDX-License-Identifier: MIT
"""vmclockd sets the system clock right after a disruption, by a page that has the time."""

import random

from vmlab.guest.healing import Healing

ARCHITECTURES = ('amd64',)
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

DISRUPTIONS = 50
# Seconds of the guest between two disruptions.
APART = 1
STEP_MAX = 50_000_000
PPM_MAX = 50
# The clock is right within this many ns of true time, after this many ms.
RIGHT = 10_000
USUAL = 20
LATE = 60


def run(lab):
    healing = Healing(lab, notify=True)
    healing.start('ntp = none')
    healing.wait_trusted()
    for _ in range(DISRUPTIONS):
        healing.disrupt(random.randint(-STEP_MAX, STEP_MAX), random.uniform(-PPM_MAX, PPM_MAX), APART)

    healing.check_soon(f'is right within {RIGHT} ns', healing.healed(RIGHT), USUAL, LATE)
    lab.equal(healing.state()['disruptions'], DISRUPTIONS, 'the disruptions that vmclockd has counted')
