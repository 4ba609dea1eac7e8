# SPDX-License-Identifier: MIT
"""The workshop: a small Debian that holds QEMU and the compilers.

The same tools serve every host.
"""

from ..kernels import headers
from ..kernels.matrix import ARM64
from . import chroot

_SUITE = 'trixie'
_PACKAGES = ('acpica-tools', 'busybox-static', 'chrony', 'dkms', 'e2fsprogs', 'gcc', 'gcc-12',
             'gcc-14', 'gnuplot-nox', 'kmod', 'libc6-dev', 'linuxptp', 'lz4', 'make',
             'qemu-system-x86', 'qemu-utils', 'sparse', 'tzdata', 'udev', 'xz-utils', 'zstd')
# For guests of another architecture: their emulator, and the tools to build programs for them.
_FOREIGN = ('device-tree-compiler', 'pkgconf', 'qemu-system-arm',
            ARM64.compiler_package('gcc-14'),
            *map(ARM64.package, ('libc6-dev', 'libcmocka-dev', 'libgmp-dev', 'libinih-dev',
                                 'libjson-c-dev', 'libkmod-dev', 'libsystemd-dev')))


class Workshop(chroot.Chroot):
    """The workshop in the cache folder `folder`."""

    def __init__(self, folder):
        super().__init__(folder, 'workshop', _SUITE,
                         (*_PACKAGES, *headers.PACKAGES, *_FOREIGN), (ARM64.name,))
