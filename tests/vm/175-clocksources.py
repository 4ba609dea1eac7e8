# SPDX-License-Identifier: MIT
"""The kernel changes its clocksource back and forth while the PTP clock is read."""

from vmlab.guest.device import Simulation
from vmlab.host.page import ticking

KERNELS = ('5.10', '6.12', '7.3')
WATCHERS = ('debug', 'kcsan')
# The clocksource on the page's counter comes first.
SOURCES = ('tsc', 'hpet', 'acpi_pm')
FOLDER = '/sys/devices/system/clocksource/clocksource0'


def run(lab):
    vm = lab.boot(Simulation(ticking(lab.board.counter_id)), programs=['ptp-switch'])
    vm.load()
    available = vm.run(f'cat {FOLDER}/available_clocksource').split()
    lab.check(set(SOURCES) <= set(available), f'there are only {available}')
    result = vm.run(f'ptp-switch {vm.ptp_clock()} {lab.rounds(15, 300)} {" ".join(SOURCES)}',
                    timeout=600)
    lab.log(result)
    lab.check(result.startswith('ok'), result)
