# SPDX-License-Identifier: MIT
"""A Debian in which the packages are built, from a release's tarball."""

import shutil
from pathlib import Path

from .chroot import Chroot, Copy

_PACKAGES = ('build-essential', 'debhelper', 'dh-dkms', 'libcmocka-dev', 'libgmp-dev',
             'libjson-c-dev', 'libkmod-dev', 'lintian', 'pkg-config', 'python3')

_BUILD = r'''
cd "$1"
mkdir source
tar -xf vmclock_*.orig.tar.xz -C source --strip-components=1
cd source
dpkg-buildpackage -us -uc
'''


class Packager(Chroot):
    """Debian `suite` with what the packages' source asks for, and lintian."""

    def __init__(self, folder, suite):
        super().__init__(folder, f'packager-{suite}', suite, _PACKAGES)

    def build(self, tarball, folder, log, options=''):
        """Build the source and binary packages in `folder`; the path of the .changes file."""
        version = Path(tarball).name.removesuffix('.tar.xz').removeprefix('vmclock-')
        shutil.copyfile(tarball, Path(folder) / f'vmclock_{version}.orig.tar.xz')
        clean = Copy(self, Path(folder) / 'changes')
        clean.run(('env', f'DEB_BUILD_OPTIONS={options}', 'sh', '-ec', _BUILD, 'sh', str(folder)),
                  'dpkg-buildpackage', log)
        changes, = Path(folder).glob('*.changes')
        return changes

    def lintian(self, changes, log):
        """What lintian has to say of packages, from warnings up."""
        return self.run(('lintian', '--allow-root', '--fail-on', 'none', str(changes)), 'lintian',
                        log)
