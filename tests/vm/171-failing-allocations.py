# SPDX-License-Identifier: MIT
"""Binding while allocations fail, in turn and at random: it works, or fails and leaks nothing."""

KERNELS = ()
WATCHERS = ('debug',)
LONG = True


def run(lab):
    vm = lab.boot('sim', programs=['bind-failing', 'device-read'],
                  fields={'time_type': 1, 'clock_status': 2, 'counter_id': lab.board.counter_id,
                          'counter_period_frac_sec': 1 << 34})
    vm.load()
    vm.run('mount -t debugfs debugfs /sys/kernel/debug')
    lab.log(vm.run(f'bind-failing {lab.rounds(40, 500)} {vm.device}', timeout=900))
    lab.equal(vm.run('device-read'), 'ok', 'device-read after all of it')
    vm.run('rmmod vmclock')
    vm.load()
    lab.equal(vm.run('device-read'), 'ok', 'device-read after loading again')
