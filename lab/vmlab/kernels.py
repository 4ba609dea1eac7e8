# SPDX-License-Identifier: MIT
"""The kernels that the laboratory boots, and the driver built for them."""

import contextlib
import dataclasses
import hashlib
import json
import re
import shutil
import tempfile
from pathlib import Path

from . import bzimage, cache, kernelsource, process, report
from .architecture import AMD64, ARM64, Architecture
from .errors import Failed, LabError


@dataclasses.dataclass(frozen=True)
class Series:
    """A row of the matrix: a kernel series and the Debian suite that has it."""

    version: str
    suite: str
    cc: str
    architecture: Architecture = AMD64

    @property
    def name(self):
        return f'{self.version}-{self.architecture.name}' if self.architecture.foreign \
            else self.version


MATRIX = (
    Series('5.10', 'bullseye', 'gcc-10'),
    Series('6.1', 'bookworm', 'gcc-12'),
    Series('6.12', 'trixie', 'gcc-14'),
    Series('6.18', 'trixie-backports', 'gcc-14'),
    Series('7.3', 'trixie-backports', 'gcc-14'),
    # No kernel before 6.13 has a driver of its own.
    Series('6.12', 'trixie', 'gcc-14', ARM64),
)

_NOT_OURS = re.compile('|'.join((
    # Debian built the kernel by another release of the same compiler.
    r'warning: the compiler differs from the one used to build the kernel',
    # sparse cannot evaluate what the module macros of 7.x assert; the compiler can, and does.
    r'error: bad constant expression$',
)))
# Set as a variable, for Debian's 7.x headers lack the script by which C=2 decides whether to
# run sparse; and those headers use a keyword that sparse does not know yet.
_SPARSE = ('KBUILD_CHECKSRC=2', 'CF=-D__typeof_unqual__=__typeof__')
_COMPLAINT = re.compile(r'\b(warning|error|ERROR|WARNING):|\*\*\*')

# Run in the folder $1 that has packages of the release $2 in debs/.
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
    """A bootable kernel, its modules, and what is needed to build more of them."""

    def __init__(self, series, workshop):
        self.series = series
        self.name = series.name
        self.architecture = series.architecture
        self.workshop = workshop
        # Inside the workshop, for it must vanish with the headers that are installed there.
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

    def prepare(self):
        """Fetch what is missing; the caller holds the cache's lock."""
        self.release = self._known_release()
        if self.release:
            return
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
                kernelsource.make_headers(self.workshop, self.series, release, folder)
            stamp = {'series': dataclasses.asdict(self.series), 'release': release}
            (folder / 'stamp').write_text(json.dumps(stamp), encoding='utf-8')
        if self.own_headers:
            kernelsource.install(self.workshop, release, self.own_headers)
        self.release = release

    def _install_headers(self, release):
        title = f'kernel {self.name}: headers of {release}'
        headers = f'linux-headers-{release}'
        compiler = self.architecture.compiler_package(self.series.cc)
        if not self.architecture.foreign:
            # Real dependencies bring the fitting kbuild tools along.
            self.workshop.install((headers, compiler), title)
            return
        # Theirs would be a compiler that does not run here; the kbuild tools must.
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
        """The newest one that the archive has a package of, 'headers' or 'image', or None."""
        ours = [release for release in self._releases(what)
                if release.startswith(f'{self.series.version}.')]
        return ours[-1] if ours else None

    def _which_there_are(self):
        there = dict.fromkeys('.'.join(release.split('.')[:2]) for release in
                              self._releases('image'))
        return (f'the archive has no kernel {self.series.version}, but {", ".join(there)}; '
                'change the matrix in lab/vmlab/kernels.py')

    def _unpack(self, release, folder):
        # One package, or several since 7.x.
        package = self.architecture.package
        packages = [package(f'linux-image-{release}')]
        depends = self.workshop.run(('apt-cache', 'depends', '--important', packages[0]),
                                    'apt-cache depends')
        packages += [package(f'linux-{part}-{release}') for part in ('base', 'binary', 'modules')
                     if re.search(f' linux-{part}-{re.escape(release)}(:|$)', depends, re.MULTILINE)
                     and self._archive_has(f'linux-{part}-{release}')]
        if self.architecture.foreign:
            packages.append(package('busybox-static'))
        debs = folder / 'debs'
        debs.mkdir()
        self.workshop.download(packages, debs)
        # Older packages use /lib, newer ones /usr/lib.
        (folder / 'usr/lib').mkdir(parents=True)
        (folder / 'lib').symlink_to('usr/lib')
        inside = '/' + str(folder.relative_to(self.workshop.root))
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


def _numbers(release):
    return [int(number) for number in re.findall(r'\d+', release)]


class Driver:
    """A built driver: the module file and the log of its build."""

    def __init__(self, module, log):
        self.module = module
        self.log = log


def build_driver(tree, kernel, warnings='1', sparse=True):
    """Build the tree's driver for a kernel and return the Driver; any warning is Failed.

    `warnings` is kbuild's W=, empty for none. Unchanged sources are not built again.
    """
    tree = Path(tree)
    if not (tree / 'driver' / 'Kbuild').exists():
        raise LabError(f'{tree} has no driver/Kbuild')
    options = [f'CC={kernel.architecture.compiler(kernel.series.cc)}']
    if kernel.architecture.foreign:
        options += [f'ARCH={kernel.architecture.kbuild}',
                    f'CROSS_COMPILE={kernel.architecture.gnu}-']
    if warnings:
        options.append(f'W={warnings}')
    if sparse:
        options.extend(_SPARSE)
    sources = [path for part in ('driver', 'include')
               for path in sorted((tree / part).rglob('*')) if _is_source(path)]
    folder = cache.folder() / 'drivers' / f'{kernel.name}-{_digest(kernel, options, sources, tree)}'
    driver = Driver(folder / 'driver' / 'vmclock.ko', folder / 'build.log')
    folder.parent.mkdir(exist_ok=True)
    with cache.lock(folder.parent):
        if not driver.module.exists():
            cache.forget_old(folder.parent.iterdir())
            _build(tree, kernel, options, sources, folder)
    return driver


def _is_source(path):
    # Someone may have built by hand in the tree.
    made = re.compile(r'\..*|features\.h|.*\.(o|ko|mod|mod\.c|cmd|order|symvers)')
    return path.is_file() and not made.fullmatch(path.name)


def _digest(kernel, options, sources, tree):
    digest = hashlib.sha256(repr((kernel.release, options)).encode())
    for path in sources:
        digest.update(f'\0{path.relative_to(tree)}\0'.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _build(tree, kernel, options, sources, folder):
    kept_log = folder.with_name(f'{kernel.name}-failed.log')
    with report.step(f'driver for {kernel.name}'), cache.made_whole(folder) as unfinished:
        for path in sources:
            copy = unfinished / path.relative_to(tree)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        log = unfinished / 'build.log'
        command = ('make', '--no-print-directory', '-C', f'/lib/modules/{kernel.release}/build',
                   f'M={unfinished}/driver', *options, 'modules')
        with contextlib.suppress(process.CommandError):
            kernel.workshop.run(command, f'driver for {kernel.name}', log)
        lines = log.read_text(encoding='utf-8').splitlines()
        complaints = [text for text in lines
                      if _COMPLAINT.search(text) and not _NOT_OURS.search(text)]
        if not complaints and _SPARSE[0] in options and not any('CHECK ' in text for text in lines):
            complaints = ['sparse did not run']
        if not complaints and not (unfinished / 'driver' / 'vmclock.ko').exists():
            complaints = ['no vmclock.ko was built']
        if not complaints and kernel.own_headers:
            kernelsource.check_layout(kernel.workshop, kernel.own_headers,
                                      unfinished / 'driver' / 'vmclock.ko')
        if complaints:
            shutil.copyfile(log, kept_log)
            first = complaints[0].replace(f'{unfinished}/', '')
            raise Failed(f'driver for {kernel.name}: {first} (log: {kept_log})')


def series_named(name):
    """The matrix row of that name; LabError tells the names there are."""
    for series in MATRIX:
        if series.name == name:
            return series
    raise LabError(f'no kernel {name!r}; there are {", ".join(s.name for s in MATRIX)}')


def prepare(workshop, matrix=MATRIX, failed=None):
    """Make workshop and kernels ready, in the order of `matrix`.

    With failed(), a kernel that cannot be had does not stop the others: it is told the name and
    the LabError.
    """
    ready = []
    with cache.lock(workshop.cache):
        workshop.prepare([series.suite for series in MATRIX])
        for kernel in (Kernel(series, workshop) for series in matrix):
            try:
                kernel.prepare()
                ready.append(kernel)
            except LabError as error:
                if not failed:
                    raise
                failed(kernel.name, error)
    return ready
