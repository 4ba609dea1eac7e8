# SPDX-License-Identifier: MIT
"""The kernels in the cache: fetched from the archive, or built here."""

import collections
import dataclasses
import json
import re
import tempfile
from pathlib import Path

from .. import report
from ..errors import LabError
from ..host import cache
from . import bzimage, headers, watchers
from .matrix import MATRIX, WATCHERS

# The needs of a kernel's guest: MiB of memory, a factor for all times, and words on the
# kernel's command line.
Needs = collections.namedtuple('Needs', 'memory patience words')
# Freed memory is poisoned, so that a late use of it oopses: memory of kmalloc, which is all that
# the driver uses.
USUAL_NEEDS = Needs(512, 1, ('slub_debug=FZP,kmalloc-*',))

# Run in the folder $1, which has packages of the release $2 in debs/.
_UNPACK = r'''
cd "$1"
for deb in debs/*.deb; do
	dpkg-deb --fsys-tarfile "$deb" >tar
	tar -x --keep-directory-symlink -f tar
done
rm -r debs tar
for image in "boot/vmlinuz-$2" "lib/modules/$2/vmlinuz"; do
	if [ -e "$image" ]; then
		mv "$image" vmlinuz
	fi
done
test -e vmlinuz
depmod -b . "$2"
'''


class Kernel:
    """A bootable kernel, its modules, and the files for building more modules."""

    needs = USUAL_NEEDS
    # Built here, to find faults of the driver?
    watches = False

    def __init__(self, series, workshop):
        self.series = series
        self.name = series.name
        self.architecture = series.architecture
        self.workshop = workshop
        # Inside the workshop, because it must vanish together with the headers there.
        self.folder = workshop.path('/srv/kernels') / series.name
        self._stamp = self.folder / 'stamp'
        self.release = self._known_release()

    @property
    def image(self):
        return self.folder / 'image'

    @property
    def own_headers(self):
        """The headers, if they were made from source, else None."""
        headers = self.folder / 'headers'
        return headers if headers.exists() else None

    @property
    def modules(self):
        return self.folder / 'usr/lib/modules' / self.release

    def _known_release(self):
        if not (self._stamp.exists() and self.image.exists()):
            return None
        stamp = json.loads(self._stamp.read_text(encoding='utf-8'))
        return stamp['release'] if stamp['series'] == dataclasses.asdict(self.series) else None

    @property
    def ready(self):
        """Is the kernel in the cache?"""
        return self.release is not None

    def prepare(self):
        """Put the kernel into the cache. The caller holds the lock of its folder or its parent."""
        self.release = self._known_release()
        if not self.release:
            self.release = self._make()

    def _make(self):
        """Fetch the kernel; returns its release."""
        release = self._newest_release('headers')
        packaged = release is not None
        if packaged:
            self._install_headers(release)
        else:
            release = self._newest_release('image')
        if not release:
            raise LabError(self._which_there_are())
        with report.step(f'kernel {self.name}: image and modules'), \
                cache.made_whole(self.folder) as folder:
            self._unpack(release, folder)
            if not packaged:
                headers.make_headers(self.workshop, self.series, release, folder)
                headers.link_headers(self.workshop, release, self.folder / 'headers')
            self._write_stamp(folder, release)
        return release

    def _write_stamp(self, folder, release):
        stamp = {'series': dataclasses.asdict(self.series), 'release': release}
        (folder / self._stamp.name).write_text(json.dumps(stamp), encoding='utf-8')

    def _install_headers(self, release):
        title = f'kernel {self.name}: headers of {release}'
        headers = f'linux-headers-{release}'
        compiler = self.architecture.compiler_package(self.series.cc)
        if not self.architecture.foreign:
            # The package's dependencies bring the matching kbuild tools.
            self.workshop.install((headers, compiler), title)
            return
        # Their dependency is a compiler that does not run here; the kbuild tools must run.
        version = release.removesuffix(f'-cloud-{self.architecture.name}')
        self.workshop.install((f'linux-headers-{version}-common', f'linux-kbuild-{version}',
                               compiler), title)
        with tempfile.TemporaryDirectory(prefix='vmclock.') as folder:
            self.workshop.download((self.architecture.package(headers),), folder)
            package, = Path(folder).iterdir()
            self.workshop.run(('dpkg-deb', '--extract', str(package), '/'), 'dpkg-deb')

    def _releases(self, what):
        # Metapackages name only the newest series of a suite.
        pattern = f'^linux-{what}-[0-9].*-cloud-{self.architecture.name}$'
        found = self.workshop.run(('apt-cache', 'search', '--names-only', pattern),
                                  'apt-cache search')
        return sorted(re.findall(rf'^linux-{what}-(\d\S+)', found, re.MULTILINE), key=_numbers)

    def _newest_release(self, what):
        """The newest release with a package 'headers' or 'image' in the archive, or None."""
        ours = [release for release in self._releases(what)
                if release.startswith(f'{self.series.version}.')]
        return ours[-1] if ours else None

    def _which_there_are(self):
        there = dict.fromkeys('.'.join(release.split('.')[:2]) for release in
                              self._releases('image'))
        return (f'the archive has no kernel {self.series.version}, but {", ".join(there)}; '
                'change the matrix in lab/vmlab/kernels/matrix.py')

    def _unpack(self, release, folder):
        # One package, or several since 7.x.
        package = self.architecture.package
        packages = [package(f'linux-image-{release}')]
        depends = self.workshop.run(('apt-cache', 'depends', '--important', packages[0]),
                                    'apt-cache depends')
        packages += [package(f'linux-{part}-{release}') for part in ('base', 'binary', 'modules')
                     if re.search(f' linux-{part}-{re.escape(release)}(:|$)', depends, re.MULTILINE)
                     # This package belongs to the headers, and a guest does not need it.
                     and (part != 'base' or self._archive_has(f'linux-base-{release}'))]
        if self.architecture.foreign:
            packages.append(package('busybox-static'))
        debs = folder / 'debs'
        debs.mkdir()
        self.workshop.download(packages, debs)
        # Older packages use /lib, newer ones /usr/lib.
        (folder / 'usr/lib').mkdir(parents=True)
        (folder / 'lib').symlink_to('usr/lib')
        inside = self.workshop.inside(folder)
        self.workshop.run(('sh', '-ec', _UNPACK, 'sh', inside, release), 'unpacking the kernel')
        packed = folder / 'vmlinuz'
        if self.architecture.foreign:
            packed.rename(folder / self.image.name)
        else:
            bzimage.unpack(self.workshop, packed, folder / self.image.name)
            packed.unlink()

    def _archive_has(self, package):
        return package in self.workshop.run(('apt-cache', 'pkgnames', package),
                                            'apt-cache pkgnames').splitlines()


class Watcher(Kernel):
    """A kernel that the laboratory builds itself."""

    needs = Needs(1024, 4, ('kasan_multi_shot',))
    watches = True

    def _known_release(self):
        # The release's name contains a hash of its configuration.
        release = super()._known_release()
        return release if release and release.endswith(watchers.digest(self.name)) else None

    def _make(self):
        """Build the kernel; returns its release."""
        with cache.made_whole(self.folder) as folder:
            release = watchers.build(self.workshop, self.series, folder)
            headers.link_headers(self.workshop, release, self.folder / 'build')
            self._write_stamp(folder, release)
        return release


def _numbers(release):
    return [int(number) for number in re.findall(r'\d+', release)]


def built_watchers(workshop):
    """The kernels of WATCHERS that are in the cache."""
    return [series for series in WATCHERS if Watcher(series, workshop).ready]


def prepare_kernels(workshop, matrix=MATRIX, failed=None):
    """Make workshop and kernels ready, in the order of `matrix`.

    With failed(), a kernel that cannot be prepared does not stop the others: failed() gets the name
    and the LabError.
    """
    ready = []

    def prepare_all(kernels):
        for kernel in kernels:
            try:
                kernel.prepare()
                ready.append(kernel)
            except LabError as error:
                if not failed:
                    raise
                failed(kernel.name, error)

    with cache.lock(workshop.cache):
        workshop.prepare([series.suite for series in MATRIX])
        prepare_all(Kernel(series, workshop) for series in matrix if series not in WATCHERS)
    built_here = [Watcher(series, workshop) for series in matrix if series in WATCHERS]
    ready += [kernel for kernel in built_here if kernel.ready]
    missing = [kernel for kernel in built_here if not kernel.ready]
    if missing:
        # A build holds only this lock, so that other work need not wait.
        with cache.lock(missing[0].folder.parent):
            prepare_all(missing)
    return ready
