# SPDX-License-Identifier: MIT
"""A host publishes without pause, and no copy of the page is ever torn."""

from vmlab.guest.device import Simulation

WATCHERS = ('debug', 'kcsan')
EQUAL = ('disruption_marker', 'counter_value', 'time_sec', 'vm_generation_counter')


def run(lab):
    vm = lab.boot(Simulation(dict.fromkeys(EQUAL, 1), notify=False), programs=['device-consistent'])
    vm.load()
    lab.start([lab.program('busy-host'), vm.ram_path, str(vm.page.offset)])
    lab.wait_for(lambda: vm.page.get('disruption_marker') > 1, 'the host publishing')
    lab.log(vm.run('device-consistent 1000', timeout=120))
