# SPDX-License-Identifier: MIT
"""vmclockd, while nothing happens, takes next to nothing of a core and of memory."""

from vmlab.healing import Healing

ARCHITECTURES = ('amd64',)
ALONE = True
# An emulated processor is judged by what a real one should take.
ON_REQUEST = True

SECONDS = 60
# Percent of a core, by whether the host notifies.
LIMITS = {True: 0.1, False: 0.3}


def run(lab):
    for notify, limit in LIMITS.items():
        healing = Healing(lab, notify, files={'/usr/local/bin/idle': lab.tree / 'bench/idle'})
        healing.start('ntp = none')
        healing.wait_trusted()
        # That one reads the clocks a hundred times as often.
        healing.vm.run('killall time-record')
        lab.log(healing.vm.run(f'LIMIT={limit} idle --pid $(pidof vmclockd) {SECONDS}',
                               timeout=SECONDS + 60))
