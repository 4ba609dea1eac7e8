# SPDX-License-Identifier: MIT
"""A Debian in which the packages are built, from a release's tarball."""

import shutil
import tempfile

from .. import report
from ..host import cache
from . import release
from .chroot import Chroot, Copy

_PACKAGES = ('build-essential', 'debhelper', 'dh-dkms', 'libcmocka-dev', 'libgmp-dev',
             'libinih-dev', 'libjson-c-dev', 'libkmod-dev', 'libsystemd-dev', 'lintian',
             'pkg-config', 'python3')

# What a suite's packages have after the version of the release: such are built from another
# source, so only their binary packages are.
_REVISIONS = {'trixie': '-1~deb13u1+nmu1'}

# $1 is the tarball, $2 a folder for what is built, $3 the revision.
_BUILD = r'''
cd "$2"
mkdir source
tar -xf "$1" -C source --strip-components=1
cd source
if [ "$3" ]; then
	sed -i "1s/)/$3)/" debian/changelog
	dpkg-buildpackage -us -uc -b
else
	dpkg-buildpackage -us -uc
fi
'''


class Packager(Chroot):
    """Debian `suite` with what the packages' source asks for, and lintian."""

    def __init__(self, folder, suite):
        super().__init__(folder, f'packager-{suite}', suite, _PACKAGES)
        self.revision = _REVISIONS.get(suite, '')

    def built(self, builddir, log):
        """The folder with the packages of the tree that make has built in `builddir`.

        The caller holds the cache's lock. An unchanged source is not built again.
        """
        tarball = release.tarball(builddir, log)
        folder = self.cache / 'packages' / \
            f'{self.suite}{self.revision}-{release.digest(tarball)}'
        if not folder.exists():
            folder.parent.mkdir(exist_ok=True)
            cache.forget_old(folder.parent.iterdir())
            with report.step(f'{self.name}: vmclock'), cache.made_whole(folder) as unfinished:
                self._build(tarball, unfinished, log)
        return folder

    def _build(self, tarball, folder, log):
        # It sees only the folder for temporary files and that of the cache.
        with tempfile.TemporaryDirectory(prefix='vmclock.') as changes:
            source = folder / tarball.name
            shutil.copyfile(tarball, source)
            Copy(self, changes).run(
                ('env', 'DEB_BUILD_OPTIONS=nocheck parallel=2', 'sh', '-ec', _BUILD, 'sh',
                 str(source), str(folder), self.revision), 'dpkg-buildpackage', log)
        shutil.rmtree(folder / 'source')

    def lintian(self, folder, log):
        """What lintian has to say of the packages in a folder, from warnings up.

        It says the same of the same packages: it is asked once.
        """
        said = folder / 'lintian'
        if not said.exists():
            cache.write_whole(said, self._ask_lintian(folder, log))
        return said.read_text(encoding='utf-8')

    def _ask_lintian(self, folder, log):
        changes, = folder.glob('*.changes')
        # It leaves files there.
        with tempfile.TemporaryDirectory(prefix='vmclock.') as temporary:
            return self.run(('env', f'TMPDIR={temporary}', 'lintian', '--allow-root', '--fail-on',
                             'none', str(changes)), 'lintian', log)
