# SPDX-License-Identifier: MIT
"""What calls to the device cost by our driver and by the kernel's own, in one guest, in turns."""

import collections
import statistics

from ..host.page import WITH_TIME

OURS, KERNELS_OWN = 'vmclock', 'ptp_vmclock'
# The kernels of the matrix that have a driver of their own.
KERNELS = ('6.18', '7.3')
ROWS = {
    'gettime': '`clock_gettime()` of the PTP clock',
    'extended_1': '`PTP_SYS_OFFSET_EXTENDED`, 1 sample',
    'extended_10': '`PTP_SYS_OFFSET_EXTENDED`, 10 samples',
    'precise': '`PTP_SYS_OFFSET_PRECISE`',
    'read_4096': '`pread()` of 4096 bytes',
    'read_1': '`pread()` of 1 byte',
    'poll_nothing': '`poll()`, nothing new',
    'poll_news': '`poll()`, something new',
    'read_4096_beside': '`pread()` of 4096 bytes, on both CPUs at once',
    'read_1_beside': '`pread()` of 1 byte, on both CPUs at once',
    'gettime_beside': '`clock_gettime()`, on both CPUs at once',
}
# The names of their platform drivers.
_DRIVERS = {OURS: 'vmclock-guest', KERNELS_OWN: 'vmclock'}
_DEVICE = '/sys/bus/platform/devices'

# A call to no driver, by which a run is known to have met a slower machine than another.
_NO_DRIVER = 'no_driver'

# In ns for a call.
Cost = collections.namedtuple('Cost', 'median least most')


def measure(lab, runs):
    """{module: {row: Cost}} of so many runs of each; a row that a driver does not have is left out."""
    vm = lab.boot('sim', fields={**WITH_TIME, 'seq_count': 2}, modules=[KERNELS_OWN],
                  programs=['driver-speed'], poison=False)
    for module in _DRIVERS:
        vm.run(f'modprobe {module}')
    found = {module: [] for module in _DRIVERS}
    order = list(_DRIVERS)
    for _ in range(runs):
        for module in order:
            found[module].append(dict(_run(vm, module)))
        # What a busy machine does to the second one, it does to either.
        order.reverse()
    fastest = min(run[_NO_DRIVER] for each in found.values() for run in each)
    return {module: dict(_costs(each, fastest)) for module, each in found.items()}


def _costs(each, fastest):
    """Of the runs of a driver, all as if on a machine that makes the call to no driver that fast."""
    for row in ROWS:
        all_ns = [run[row] * fastest / run[_NO_DRIVER] for run in each if row in run]
        if all_ns:
            yield row, Cost(statistics.median(all_ns), min(all_ns), max(all_ns))


def _run(vm, module):
    hand_over(vm, module)
    clock = vm.run('grep -lx vmclock0 /sys/class/ptp/*/clock_name').split('/')[4]
    for line in vm.run(f'driver-speed /dev/{clock}').splitlines():
        row, ns = line.split()
        if ns != '-':
            yield row, float(ns)


def hand_over(vm, module):
    """As vmclock(4) has it."""
    device = f'{_DEVICE}/{vm.device}'
    vm.run(f'echo {_DRIVERS[module]} >{device}/driver_override\n'
           f'echo {vm.device} >{device}/driver/unbind\n'
           f'echo {vm.device} >/sys/bus/platform/drivers_probe\n'
           f'test "$(basename $(readlink {device}/driver))" = {_DRIVERS[module]}')


def table(found):
    """The lines of a table in Markdown."""
    yield '| call | ours, ns | in-tree, ns | ours / in-tree |'
    yield '|---|---|---|---|'
    for row, title in ROWS.items():
        ours, theirs = found[OURS].get(row), found[KERNELS_OWN].get(row)
        ratio = f'{ours.median / theirs.median:.2f}' if ours and theirs else '-'
        yield f'| {title} | {_shown(ours)} | {_shown(theirs)} | {ratio} |'


def _shown(cost):
    return f'{cost.median:.0f} ({cost.least:.0f}..{cost.most:.0f})' if cost else '-'
