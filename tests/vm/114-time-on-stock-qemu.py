# SPDX-License-Identifier: MIT
"""vmclock-sim gives an unchanged QEMU true time, which stays behind when the machine migrates."""

import json

from vmlab.guest import verify
from vmlab.host.clock import HostClock, Publisher, calibrate
from vmlab.host.judge import Judge

KERNELS = ('6.12',)
ALONE = True
# It has not run often enough to judge others.
ON_REQUEST = True

OFFERS = 'time', 'bounds', 'tai-offset', 'generation'


def run(lab):
    vm = lab.boot('vmclock-shared', programs=['time-spin', 'time-read', 'vmclock-verify'])
    offset = calibrate(lab, vm)
    with HostClock(lab) as host:
        with Publisher(lab, vm, offset, f'--maxerror={1000 + offset.uncertainty}ns'):
            vm.load()
            vm.ptp_clock()
            readings = vm.run('time-read 1')
            report = json.loads(vm.run('vmclock-verify --json --gentle --for 3s'))
    Judge(lab, host, offset.until(calibrate(lab, vm))).library(readings)
    lab.equal(report['verdict'], 'conforms', 'the verdict')
    lab.equal([each for each in OFFERS if not report['offers'][each]], [], 'what the page lacks')

    # The time is the former host's, and nothing has removed it.
    report = verify.watch(vm, 'migration', vm.migrate)
    lab.equal([rule['rule'] for rule in report['rules'] if rule['result'] == 'broken' and
               rule['severity'] == 'breaks'], ['time-of-former-host'], 'the broken rules')
