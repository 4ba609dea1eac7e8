# SPDX-License-Identifier: MIT
"""linuxptp reads the PTP clock under its udev name, and sets the system clock by it."""

import re
import statistics

from vmlab.guest import timeline, toolbox
from vmlab.guest.device import Simulation
from vmlab.host.clock import NSEC, TAI_OFFSET, Publisher, calibrate
from vmlab.host.page import COUNTER_X86_TSC

# A clock is read in one of three ways, depending on what the kernel's PTP core can do: each once.
# 100 and 110 test the rest.
KERNELS = ('5.10', '6.12', '7.3')
ALONE = True

PROGRAMS = ('/usr/sbin/phc_ctl', '/usr/sbin/phc2sys')
CLOCK = '/dev/ptp_vmclock'
# Nanoseconds: the limit of the clock's error, and of the difference of two readings.
HELD = 100000
SAME = 2000


def run(lab):
    vm = lab.boot(Simulation({'counter_id': COUNTER_X86_TSC}, notify=False),
                  programs=['time-spin', 'time-read', 'time-record'],
                  files={**toolbox.files(lab, *PROGRAMS, *toolbox.UDEV), **toolbox.udev_rules(lab)})
    toolbox.unpack(vm)
    toolbox.start_udev(vm)
    with Publisher(lab, vm, calibrate(lab, vm)):
        vm.load()
        vm.wait_for(f'test -c {CLOCK}')
        lab.equal(vm.run(f'cat /sys/class/ptp/$(readlink {CLOCK})/clock_name'), 'vmclock0',
                  f'the clock that is called {CLOCK}')
        check_get(lab, vm)
        check_compare(lab, vm)
        check_refusals(lab, vm)
        check_phc2sys(lab, vm)


def phc_ctl(vm, command):
    # phc_ctl always ends with 0.
    return vm.run(f'{toolbox.command("phc_ctl")} {CLOCK} -- {command}')


def tai(vm):
    """libvmclock's TAI in nanoseconds."""
    return next(int(line.split()[2]) for line in vm.run('time-read').splitlines()
                if line.startswith('tai '))


def check_get(lab, vm):
    before, answer, after = tai(vm), phc_ctl(vm, 'get'), tai(vm)
    found = re.search(r'clock time is (\d+)\.(\d{9})', answer)
    lab.check(found, f'phc_ctl get says {answer!r}')
    time = int(found[1]) * NSEC + int(found[2])
    lab.check(before < time < after, f'phc_ctl get is {time}, not between {before} and {after}')


def system_errors(vm):
    """How far the system clock is ahead of UTC, by libvmclock, ten times in a second."""
    rows = timeline.records(vm, 10)
    first, last = rows[0], rows[-1]
    tick = (last.library - first.library) / (last.library_counter - first.library_counter)
    return [round(row.realtime - row.library + (row.library_counter - row.counter) * tick)
            for row in rows]


def worst_error(vm):
    return max(system_errors(vm), key=abs)


def check_compare(lab, vm):
    """It is PTP_SYS_OFFSET_PRECISE, so exact.

    Nothing holds the system clock yet: it drifts, from what is found before to what is after.
    """
    before = statistics.median(system_errors(vm))
    answer = phc_ctl(vm, 'cmp')
    after = statistics.median(system_errors(vm))
    found = re.search(r'offset from CLOCK_REALTIME is (-?\d+)ns', answer)
    error = int(found[1]) + TAI_OFFSET * NSEC
    lab.log(f'phc_ctl cmp found {error} ns, libvmclock {before} ns before it and {after} ns after')
    lab.check(min(before, after) - SAME < error < max(before, after) + SAME,
              f'phc_ctl cmp found {error} ns, not between {before} and {after}')


def check_refusals(lab, vm):
    for command, reason in (('set 0', 'failed to set clock time: Operation not supported'),
                            ('adj 5', 'failed to step clock: Operation not supported'),
                            ('freq 100', 'failed to adjust the clock: ')):
        answer = phc_ctl(vm, command)
        lab.check(reason in answer, f'phc_ctl {command} says {answer!r}')
    check_get(lab, vm)


def check_phc2sys(lab, vm):
    vm.run('date -s 2020-01-01')
    lab.check(abs(worst_error(vm)) > NSEC, 'the system clock was set wrong, and is right')
    vm.run(f'{toolbox.command("phc2sys")} -s {CLOCK} -c CLOCK_REALTIME -O -{TAI_OFFSET} -m -S 0.1 '
           '-R 8 >/tmp/phc2sys 2>&1 &')
    # s2: phc2sys has stepped the clock, and follows now. A delay of 0 is an exact pair of times.
    vm.wait_for('grep -c "s2 freq .* delay *0$" /tmp/phc2sys | grep -qx "[0-9][0-9]"', 60)
    error = lab.wait_for(lambda: within(HELD, worst_error(vm)), 'a system clock that is right', 60)
    lab.log(f'held by phc2sys: {error} ns off at worst')


def within(limit, error):
    # A string, because an error of 0 is a good result but false as a number.
    return str(error) if abs(error) < limit else None
