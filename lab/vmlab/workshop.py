# SPDX-License-Identifier: MIT
"""The workshop: a small Debian that holds QEMU and the compilers.

The same tools serve every host.
"""

from . import chroot

_SUITE = 'trixie'
_PACKAGES = ('acpica-tools', 'busybox-static', 'chrony', 'dkms', 'e2fsprogs', 'gcc-12', 'gcc-14',
             'gnuplot-nox', 'kmod', 'linuxptp', 'make', 'qemu-system-x86', 'qemu-utils', 'sparse',
             'tzdata', 'udev')


class Workshop(chroot.Chroot):
    """The one in the cache folder `folder`."""

    def __init__(self, folder):
        super().__init__(folder, 'workshop', _SUITE, _PACKAGES)
