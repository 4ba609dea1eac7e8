# SPDX-License-Identifier: MIT
"""What happens while the guest hibernates is noticed when it is back, with all timers off."""

import os

# What a guest needs for that is a matter of PCs here.
KERNELS = ('5.10', '7.3')
WATCHERS = ('debug',)
SWAP = 1 << 30
# The image is written, and at once read again: the machine is not switched off.
PREPARE = '''set -e
mkswap /dev/vda
swapon /dev/vda
cat /sys/class/block/vda/dev >/sys/power/resume
echo test_resume >/sys/power/disk
'''


def run(lab):
    swap = lab.logs / 'swap'
    swap.touch()
    os.truncate(swap, SWAP)
    vm = lab.boot('sim-silent', modules=['virtio_blk', 'virtio_pci'],
                  append='no_console_suspend',
                  qemu=('-drive', f'if=virtio,format=raw,file={swap}'))
    vm.run('modprobe virtio_pci; modprobe virtio_blk')
    vm.wait_for('test -b /dev/vda')
    # Whether it tried to resume at boot or not, it shall not have to do so now.
    vm.run(PREPARE)
    vm.listen_for_uevents()
    vm.load('interval_ms=0 wait_interval_ms=0')

    vm.page.disrupt()
    vm.run('sh -c "echo disk >/sys/power/state" >/tmp/disk 2>&1 &')
    # What the shell is told before is lost.
    vm.wait_log(r'PM: hibernation: hibernation exit|PM: hibernation exit', timeout=120)
    lab.equal(vm.wait_uevents(1)[0]['VMCLOCK_DISRUPTION_MARKER'], '1', 'the marker for udev')
