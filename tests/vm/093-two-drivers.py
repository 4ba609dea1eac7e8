# SPDX-License-Identifier: MIT
"""Two devices, one served by each driver: the names do not collide, and the kernel is quiet."""

from vmlab.guest.device import Simulation

KERNELS = ('6.18', '7.3')
DEVICES = '/sys/bus/platform/devices'
OURS, KERNELS_OWN = 'vmclock-guest', 'vmclock'


def run(lab):
    vm = lab.boot(Simulation(devices=2), modules=['ptp_vmclock'],
                  programs=['device-poll', 'device-read', 'device-map', 'lib-wait'])
    # Give one device to each driver.
    first, second = vm.run(f'cd {DEVICES} && echo AMZNC10C:*').split()
    vm.run(f'echo {KERNELS_OWN} >{DEVICES}/{first}/driver_override && '
           f'echo {OURS} >{DEVICES}/{second}/driver_override && modprobe ptp_vmclock')
    for _ in range(2):
        vm.load()
        lab.equal(vm.run('cd /dev && echo vmclock*'), 'vmclock0 vmclock1', 'the devices')
        lab.equal(vm.run('basename $(readlink /sys/class/misc/vmclock1/device)'), second,
                  'the device that ours serves')
        for program in ('device-read', 'device-map'):
            lab.equal(vm.run(f'VMCLOCK_PATH=/dev/vmclock1 {program}'), 'ok', program)
        vm.run('rmmod vmclock')
        lab.equal(vm.run('cd /dev && echo vmclock*'), 'vmclock0', 'the devices')

    # If the first name is free, our driver takes it.
    vm.run('rmmod ptp_vmclock')
    vm.load()
    lab.equal(vm.run('cd /dev && echo vmclock*'), 'vmclock0', 'the devices')
    lab.equal(vm.run('VMCLOCK_PATH=/dev/vmclock0 device-read'), 'ok', 'device-read')
