# SPDX-License-Identifier: MIT
"""vmclockd sets the system clock right after a disruption, by a page that has the time."""

from vmlab.guest.healing import Healing

ARCHITECTURES = ('amd64',)
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

DISRUPTIONS = 50
# Seconds of the guest between two disruptions.
APART = 1
# When the clock is right: so near to the true time, in ns, and so soon, in ms.
RIGHT = 10_000
USUAL = 20
LATE = 60


def run(lab):
    healing = Healing(lab)
    healing.start()
    healing.wait_trusted()
    for _ in range(DISRUPTIONS):
        healing.disrupt(*healing.at_random(), APART)

    healing.check_soon(f'is right within {RIGHT} ns', healing.healed(RIGHT), USUAL, LATE)
    healing.check_disruptions(DISRUPTIONS)
