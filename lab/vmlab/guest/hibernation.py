# SPDX-License-Identifier: MIT
"""A guest that hibernates: it writes its image and reads it at once, without being switched off."""

import os

from .machine import Setup

_SWAP = 1 << 30
_PREPARE = '''set -e
modprobe virtio_pci
modprobe virtio_blk
until test -b /dev/vda; do sleep 0.1; done
mkswap /dev/vda
swapon /dev/vda
cat /sys/class/block/vda/dev >/sys/power/resume
echo test_resume >/sys/power/disk
'''


def options(lab):
    """The arguments for Lab.boot()."""
    swap = lab.logs / 'swap'
    swap.touch()
    os.truncate(swap, _SWAP)
    return {'modules': ['virtio_blk', 'virtio_pci'],
            'setup': Setup(append='no_console_suspend',
                           qemu=('-drive', f'if=virtio,format=raw,file={swap}'))}


def prepare(vm):
    # The guest must not try to resume now, whether it tried at boot or not.
    vm.run(_PREPARE)


def hibernate(vm):
    """Returns when it is back."""
    vm.run('sh -c "echo disk >/sys/power/state" >/tmp/disk 2>&1 &')
    # Commands that the shell gets before that are lost.
    vm.wait_log(r'PM: hibernation: hibernation exit|PM: hibernation exit', timeout=120)
