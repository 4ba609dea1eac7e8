# SPDX-License-Identifier: MIT
"""A device with another hardware ID is found by its compatible ID, VMCLOCK."""

# Only ACPI has hardware IDs.
ARCHITECTURES = ('amd64',)


def run(lab):
    vm = lab.boot('sim', hid='VMCK0001', cid='VMCLOCK', programs=['device-read'])
    # Find the module by the device's alias, as udev does.
    vm.run('modprobe "$(cat /sys/bus/platform/devices/VMCK0001:00/modalias)"')
    lab.equal(vm.run('device-read'), 'ok', 'device-read')
