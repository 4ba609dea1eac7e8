# SPDX-License-Identifier: MIT
"""The kernel changes its clocksource back and forth while the PTP clock is read."""

KERNELS = ('5.10', '6.12', '7.3')
WATCHERS = ('debug', 'kcsan')
# The clocksource on the page's counter comes first.
SOURCES = ('tsc', 'hpet', 'acpi_pm')
FOLDER = '/sys/devices/system/clocksource/clocksource0'


def run(lab):
    vm = lab.boot('sim', programs=['ptp-switch'],
                  fields={'time_type': 1, 'clock_status': 2, 'counter_id': lab.board.counter_id,
                          'counter_period_frac_sec': 1 << 34})
    vm.load()
    available = vm.run(f'cat {FOLDER}/available_clocksource').split()
    lab.check(set(SOURCES) <= set(available), f'there are only {available}')
    clock = vm.run('grep -slx vmclock0 /sys/class/ptp/*/clock_name | cut -d/ -f5')
    result = vm.run(f'ptp-switch /dev/{clock} {lab.rounds(15, 300)} {" ".join(SOURCES)}',
                    timeout=600)
    lab.log(result)
    lab.check(result.startswith('ok'), result)
