# SPDX-License-Identifier: MIT
"""With chronyd on the PTP clock, vmclockd sets the clock right, and chronyd does not undo it."""

import random
import statistics

from vmlab import chrony
from vmlab.healing import Healing

ARCHITECTURES = ('amd64',)
ALONE = True
# It has not run often enough to judge others.
ON_REQUEST = True

DISRUPTIONS = 20
# Seconds of the guest between two of them.
APART = 3
STEP_MAX = 50_000_000
PPM_MAX = 50
# So near to the true time, in ns, at first and in the end, and so soon, in ms.
SOON, RIGHT = 30_000, 10_000
USUAL, FINALLY = 20, 500


def run(lab):
    healing = Healing(lab, notify=True, files=chrony.files(lab))
    daemon = healing.start_chrony()
    healing.start('ntp = chrony', f'chronyc = {chrony.CHRONYC}')
    daemon.wait_selected()
    healing.wait_trusted()
    for _ in range(DISRUPTIONS):
        healing.disrupt(random.randint(-STEP_MAX, STEP_MAX), random.uniform(-PPM_MAX, PPM_MAX), APART)

    for right, limit in ((SOON, USUAL), (RIGHT, FINALLY)):
        healed = sorted(healing.healed(right))
        lab.equal(len(healed), DISRUPTIONS, f'the disruptions after which it was right within {right} ns')
        usual, late = statistics.median(healed), healed[len(healed) * 95 // 100]
        lab.log(f'right within {right} ns after {usual:.1f} ms in the median, {late:.1f} ms in 95 of '
                f'100, {healed[-1]:.1f} ms at most')
        lab.check(usual <= limit, f'right within {right} ns after {usual:.1f} ms')
    lab.equal(healing.state()['disruptions'], DISRUPTIONS, 'the disruptions that vmclockd has counted')
