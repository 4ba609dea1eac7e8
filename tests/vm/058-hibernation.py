# SPDX-License-Identifier: MIT
"""A change during hibernation is noticed when the guest is back, with all timers off."""

from vmlab.guest import hibernation

# Only the lab's PCs can hibernate.
KERNELS = ('5.10', '7.3')
WATCHERS = ('debug',)


def run(lab):
    vm = lab.boot('sim-silent', **hibernation.options(lab))
    hibernation.prepare(vm)
    vm.listen_for_uevents()
    vm.load('interval_ms=0 wait_interval_ms=0')

    vm.page.disrupt()
    hibernation.hibernate(vm)
    lab.equal(vm.wait_uevents(1)[0]['VMCLOCK_DISRUPTION_MARKER'], '1', 'the marker for udev')
