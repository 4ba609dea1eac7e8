# SPDX-License-Identifier: MIT
"""A restored snapshot changes the VM generation: attribute and uevent say so."""

from vmlab.guest.device import Simulation
from vmlab.host.page import FLAG_NOTIFICATION_PRESENT, FLAG_VM_GEN_COUNTER_PRESENT

BIG = 0xfedcba9876543210


def run(lab):
    vm = lab.boot(Simulation({'flags': FLAG_NOTIFICATION_PRESENT}))
    vm.listen_for_uevents()
    vm.load()
    generation = 'cat /sys/class/misc/vmclock0/vm_generation_counter'

    # The first generation is no change.
    vm.page.update(vm_generation_counter=7,
                   flags=FLAG_NOTIFICATION_PRESENT | FLAG_VM_GEN_COUNTER_PRESENT)
    vm.notify()
    lab.equal(vm.run(generation), '7', 'the generation')

    # A clone: another generation, and a disrupted counter.
    vm.page.disrupt(vm_generation_counter=BIG)
    vm.notify()
    events = vm.wait_uevents(2)
    lab.equal(vm.run(generation), str(BIG), 'the generation')
    numbers = {'VMCLOCK_DISRUPTION_MARKER': '1', 'VMCLOCK_VM_GENERATION_COUNTER': str(BIG)}
    lab.equal(events, [{'VMCLOCK_EVENT': 'disruption', **numbers},
                       {'VMCLOCK_EVENT': 'generation', **numbers}], 'what udev was told')

    # Without its flag there is no generation.
    vm.page.update(flags=0)
    lab.check('No data' in vm.shell(generation).output, 'a generation is shown without its flag')
