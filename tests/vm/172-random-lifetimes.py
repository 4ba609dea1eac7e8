# SPDX-License-Identifier: MIT
"""Random operations on all kinds of open files, while the driver is bound and unbound."""

from vmlab.guest.device import Simulation
from vmlab.host.page import ticking

LONG = True
WATCHERS = ('debug', 'kcsan')


def run(lab):
    vm = lab.boot(Simulation(ticking(lab.board.counter_id), notify=False),
                  programs=['device-lifetime', 'device-read'])
    vm.load('interval_ms=5 wait_interval_ms=2')
    operations = lab.rounds(4000, 100000)
    lab.log(vm.run(f'device-lifetime {operations} 1 {vm.device}', timeout=1800))
    lab.equal(vm.run('device-read'), 'ok', 'device-read after all of it')
    # Nothing holds the module any more.
    vm.run('rmmod vmclock')
