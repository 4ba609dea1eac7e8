# SPDX-License-Identifier: MIT
"""vmclockd sets the system clock right after a disruption, by a page that has the time."""

import random

from vmlab.guest.healing import Healing

ARCHITECTURES = ('amd64',)
ALONE = True
# It has not run often enough to judge others.
ON_REQUEST = True

DISRUPTIONS = 50
# Seconds of the guest between two of them.
APART = 1
STEP_MAX = 50_000_000
PPM_MAX = 50
# When the clock is right: so near to the true time, in ns, and so soon, in ms.
RIGHT = 10_000
USUAL = 20
LATE = 60


def run(lab):
    healing = Healing(lab)
    healing.start()
    healing.wait_trusted()
    for _ in range(DISRUPTIONS):
        healing.disrupt(random.randint(-STEP_MAX, STEP_MAX), random.uniform(-PPM_MAX, PPM_MAX), APART)

    healing.check_soon(f'is right within {RIGHT} ns', healing.healed(RIGHT), USUAL, LATE)
    lab.equal(healing.state()['disruptions'], DISRUPTIONS, 'the disruptions that vmclockd has counted')
