# SPDX-License-Identifier: MIT
"""A device with another hardware ID is found by its compatible ID, VMCLOCK."""

from vmlab.guest.device import Simulation

# Names of devices are a matter of ACPI.
ARCHITECTURES = ('amd64',)


def run(lab):
    vm = lab.boot(Simulation(hid='VMCK0001', cid='VMCLOCK'), programs=['device-read'])
    # The module is found by the device's alias, as udev does it.
    vm.run('modprobe "$(cat /sys/bus/platform/devices/VMCK0001:00/modalias)"')
    lab.equal(vm.run('device-read'), 'ok', 'device-read')
