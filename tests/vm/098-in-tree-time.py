# SPDX-License-Identifier: MIT
"""With the kernel's own driver, the library gives the host's true time, or none if it has none."""

from vmlab.guest.device import Simulation
from vmlab.host.clock import HostClock, Publisher, calibrate
from vmlab.host.judge import Judge, check_statuses
from vmlab.host.page import COUNTER_X86_TSC

KERNELS = ('6.18', '7.3')
ALONE = True


def run(lab):
    vm = lab.boot(Simulation({'counter_id': COUNTER_X86_TSC}, notify=False), driver=False,
                  modules=['ptp_vmclock'], programs=['time-spin', 'time-read'])
    offset = calibrate(lab, vm)
    with HostClock(lab) as host:
        with Publisher(lab, vm, offset, f'--maxerror={1000 + offset.uncertainty}ns') as publisher:
            vm.run('modprobe ptp_vmclock')
            readings = vm.run('time-read 1')
            check_statuses(lab, vm, publisher)
    Judge(lab, host, offset.until(calibrate(lab, vm))).library(readings)
