# SPDX-License-Identifier: MIT
"""The release of a tree: its tarball, as `make dist` makes it, and what is built of that.

Packages are built in a Debian of their own, and programs for another architecture in the workshop.
"""

import functools
import hashlib
import re
import shutil
import tarfile
import tempfile
from pathlib import Path

from ..host import cache, process
from .chroot import Chroot, Copy

# What builds programs for another architecture.
_COMPILER = 'gcc-14'

# $1 is the tarball, $2 a folder for what is built, $3 the architecture, $4 the compiler.
_BUILD_PROGRAMS = r'''
mkdir "$2/source"
tar -xf "$1" -C "$2/source" --strip-components=1
cd "$2"
PKG_CONFIG_LIBDIR="/usr/lib/$3/pkgconfig" source/configure --host="$3" CC="$4" \
	--disable-driver --enable-werror
make -j2 all
make -j2 guest-programs
make -j2 check TESTS=
'''

_PACKAGES = ('build-essential', 'debhelper', 'dh-dkms', 'libcmocka-dev', 'libgmp-dev',
             'libinih-dev', 'libjson-c-dev', 'libkmod-dev', 'libsystemd-dev', 'lintian',
             'pkg-config', 'python3')

# Suffixes of the version in a suite's packages: with a suffix they are built from another
# source, so only binary packages are built.
_REVISIONS = {'trixie': '-1~deb13u1+nmu1'}

# $1 is the tarball, $2 a folder for what is built, $3 the revision.
_BUILD_PACKAGES = r'''
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


def version(tree):
    """The version of a tree in configure.ac, the source of all other places."""
    text = Path(tree, 'configure.ac').read_text(encoding='utf-8')
    return re.search(r'^AC_INIT\(\[vmclock\], \[([^]]*)\]', text, re.MULTILINE)[1]


def make_tarball(builddir, log):
    """The tarball of the tree that make has built in `builddir`; the caller holds a lock."""
    pattern = 'vmclock-*.tar.xz'
    # Old tarballs may have another version.
    for old in Path(builddir).glob(pattern):
        old.unlink()
    process.run(('make', '-C', str(builddir), 'dist'), 'make dist', log)
    path, = Path(builddir).glob(pattern)
    return path


# Files that do not change the build's results.
_LABORATORY = re.compile(r'[^/]+/(lab/|tests/vm/[^/]*\.py$)')


def digest(path):
    """A hash of the tarball's files that matter for a build, without their times."""
    found = hashlib.sha256()
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if _LABORATORY.match(member.name):
                continue
            found.update(f'\0{member.name}\0{member.mode}\0'.encode())
            if member.isfile():
                found.update(archive.extractfile(member).read())
    return found.hexdigest()[:16]


@functools.cache
def programs_for(kernel, builddir):
    """The folder with the programs for guests with this kernel, of the tree built in `builddir`.

    An unchanged source is not built again.
    """
    if not kernel.architecture.foreign:
        return builddir
    with cache.lock(cache.folder()):
        return _programs(kernel.workshop, kernel.architecture, builddir)


def _programs(workshop, architecture, builddir):
    title = f'programs for {architecture.name}'
    tarball = make_tarball(builddir, workshop.log)

    def build(unfinished):
        copy = unfinished / tarball.name
        shutil.copyfile(tarball, copy)
        workshop.run(('sh', '-ec', _BUILD_PROGRAMS, 'sh', str(copy), str(unfinished),
                      architecture.gnu, architecture.compiler(_COMPILER)), title)

    made = workshop.cache / 'programs' / f'{architecture.name}-{digest(tarball)}'
    return cache.made_once(made, title, build)


class Packager(Chroot):
    """Debian `suite` with the packages' build dependencies, and lintian."""

    def __init__(self, folder, suite):
        super().__init__(folder, f'packager-{suite}', suite, _PACKAGES)
        self.revision = _REVISIONS.get(suite, '')

    def built(self, builddir, log):
        """The folder with the packages of the tree that make has built in `builddir`.

        The caller holds the cache's lock. An unchanged source is not built again.
        """
        tarball = make_tarball(builddir, log)
        folder = self.cache / 'packages' / f'{self.suite}{self.revision}-{digest(tarball)}'
        return cache.made_once(folder, f'{self.name}: vmclock',
                               lambda unfinished: self._build(tarball, unfinished, log))

    def _build(self, tarball, folder, log):
        # The system sees only the folder for temporary files and the cache folder.
        with tempfile.TemporaryDirectory(prefix='vmclock.') as changes:
            source = folder / tarball.name
            shutil.copyfile(tarball, source)
            Copy(self, changes).run(
                ('env', 'DEB_BUILD_OPTIONS=nocheck parallel=2', 'sh', '-ec', _BUILD_PACKAGES, 'sh',
                 str(source), str(folder), self.revision), 'dpkg-buildpackage', log)
        shutil.rmtree(folder / 'source')

    def lintian(self, folder, log):
        """lintian's messages about the packages in a folder, from warnings up.

        The same packages give the same messages, so lintian runs once.
        """
        said = folder / 'lintian'
        if not said.exists():
            cache.write_whole(said, self._ask_lintian(folder, log))
        return said.read_text(encoding='utf-8')

    def _ask_lintian(self, folder, log):
        changes, = folder.glob('*.changes')
        # lintian leaves files there.
        with tempfile.TemporaryDirectory(prefix='vmclock.') as temporary:
            return self.run(('env', f'TMPDIR={temporary}', 'lintian', '--allow-root', '--fail-on',
                             'none', str(changes)), 'lintian', log)
