# SPDX-License-Identifier: MIT
"""Unbinding under open PTP clocks that are being read: errors, never an oops."""

from vmlab.guest.device import Simulation
from vmlab.host.page import ticking

WATCHERS = ('debug', 'kcsan')
BRIEF = True
DRIVER = '/sys/bus/platform/drivers/vmclock-guest'
ROUNDS = 4


def run(lab):
    vm = lab.boot(Simulation(ticking(lab.board.counter_id)), programs=['ptp-hold'])
    vm.load()
    device = vm.device
    vm.run('mkfifo /tmp/release && sleep 100000 >/tmp/release &')

    for i in range(ROUNDS):
        hold(vm, i)
        vm.run(f'echo {device} >{DRIVER}/unbind')
        gone(lab, vm, i)
        vm.run(f'echo {device} >{DRIVER}/bind')
        find(vm)

    # An open clock does not hold the module, because it no longer needs the module.
    hold(vm, ROUNDS)
    vm.run('rmmod vmclock')
    gone(lab, vm, ROUNDS)
    vm.load()
    find(vm)
    vm.run('killall sleep')
    vm.wait_for('! pidof ptp-hold')
    vm.run('rmmod vmclock')


def find(vm):
    # Old clocks keep their numbers while they are open.
    return vm.run('grep -slx vmclock0 /sys/class/ptp/*/clock_name | cut -d/ -f5')


def hold(vm, number):
    vm.run(f'ptp-hold /dev/{find(vm)} </tmp/release >/tmp/hold{number} 2>&1 &')
    vm.wait_for(f'grep -qx holding /tmp/hold{number}')


def gone(lab, vm, number):
    vm.wait_for(f'test $(wc -l </tmp/hold{number}) = 2')
    lab.equal(vm.run(f'tail -n 1 /tmp/hold{number}'), 'ok', f'holder {number}')
    vm.run('! grep -sqx vmclock0 /sys/class/ptp/*/clock_name')
