# SPDX-License-Identifier: MIT
"""What happens while the guest hibernates is noticed when it is back, with all timers off."""

from vmlab.guest import hibernation

# What a guest needs for that is a matter of PCs here.
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
