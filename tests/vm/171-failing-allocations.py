# SPDX-License-Identifier: MIT
"""Binding while allocations fail, in turn and at random: it works, or fails and leaks nothing."""

from vmlab.guest.device import Simulation
from vmlab.host.page import ticking

KERNELS = ()
WATCHERS = ('debug',)
LONG = True


def run(lab):
    vm = lab.boot(Simulation(ticking(lab.board.counter_id)),
                  programs=['bind-failing', 'device-read'])
    before = mappings(vm)
    vm.load()
    vm.run('mount -t debugfs debugfs /sys/kernel/debug')
    lab.log(vm.run(f'bind-failing {lab.rounds(40, 500)} {vm.device}', timeout=900))
    lab.equal(vm.run('device-read'), 'ok', 'device-read after all of it')
    vm.run('rmmod vmclock')
    lab.equal(mappings(vm), before, 'the kernel mappings of devices after the unload')
    # Nobody hears this.
    vm.notify()
    vm.load()
    lab.equal(vm.run('cat /sys/class/misc/vmclock0/notification'), 'acpi',
              'the way of notifications after loading again')
    lab.equal(vm.run('device-read'), 'ok', 'device-read after loading again')


def mappings(vm):
    """How many mappings of devices the kernel has; the search for leaks does not see these."""
    return int(vm.run('grep -c phys= /proc/vmallocinfo'))
