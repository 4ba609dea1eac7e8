# SPDX-License-Identifier: MIT
"""The QEMU of another suite of the archive, in a Debian of its own with its own libraries."""

from .chroot import Chroot

PACKAGE = 'qemu-system-x86'
_BACKPORTS = '-backports'


class Emulator(Chroot):
    """Debian with this version of QEMU, from `suite`; a Lab runs it instead of the workshop's."""

    def __init__(self, folder, suite, version):
        # For the libraries of the backport as well.
        packages = (f'--target-release={suite}', f'{PACKAGE}={version}')
        super().__init__(folder, f'qemu-{suite}', suite.removesuffix(_BACKPORTS), packages)
        self.origin = suite
        self.version = version

    def prepare(self, suites=()):
        return super().prepare((self.origin, *suites))
