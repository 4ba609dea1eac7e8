# SPDX-License-Identifier: MIT
"""Small Debian systems in the cache folder, used by chroot.

The host's own package sources are not changed.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from .. import report
from ..errors import LabError
from ..host import cache, process
from . import archive

# Mounts live in the command's own mount namespace and end with it.
# $1 is the system. If $2 is given, this folder gets all changes to the system. The folders
# before -- appear inside under the same names.
_ENTER = r'''
set -e
root=$1
changes=$2
shift 2
if [ "$changes" ]; then
	mount -t overlay -o "lowerdir=$root,upperdir=$changes/upper,workdir=$changes/work" \
		overlay "$changes/root"
	root=$changes/root
fi
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
	mkdir -p "$root$1"
	mount --bind "$1" "$root$1"
	shift
done
shift
exec chroot "$root" "$@"
'''

# With --kill-child the whole process namespace ends when unshare does.
_APART = ('unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child',
          '--mount-proc')

_ARCHITECTURE = 'amd64'

_APT = ('apt-get', '--quiet', '--yes', '--no-install-recommends',
        '-o', 'Dpkg::Options::=--force-unsafe-io', '-o', 'Dpkg::Use-Pty=0')


def _check_host():
    if os.uname().machine != 'x86_64':
        raise LabError(f'the laboratory needs an x86-64 host, this is {os.uname().machine}')
    if os.geteuid() != 0:
        raise LabError('the laboratory makes a chroot and mounts: run it as root')
    for program in ('unshare', 'setpriv'):
        if not shutil.which(program):
            raise LabError(f'{program} is missing: apt-get install util-linux')
    probe = subprocess.run((*_APART, 'true'), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True, check=False)
    if probe.returncode:
        raise LabError(f'no mounts are possible here ({probe.stderr.strip()}): a container must be '
                       'privileged, a chroot must be a mount point (mount --bind DIR DIR)')


def _check_bootstrap():
    if not shutil.which('debootstrap'):
        raise LabError('debootstrap is missing: apt-get install debootstrap')
    if not archive.KEYRING.exists():
        raise LabError('the keys of the Debian archive are missing: '
                       'apt-get install debian-archive-keyring')


class Chroot:
    """A Debian system that is brought up to date by prepare() and used through run()."""

    def __init__(self, folder, name, suite, packages, foreign=()):
        self.cache = folder
        self.name = name
        self.suite = suite
        self.packages = packages
        # Other architectures, of which it can have packages too.
        self._foreign = foreign
        self.root = folder / name
        self.log = folder / f'{name}.log'
        self._stamp = self.root / 'chroot.stamp'

    def prepare(self, suites=()):
        """Make or repair the system, so that it has its packages and uses `suites` too.

        The caller holds the cache's lock. Returns whether there was anything to do.
        """
        _check_host()
        wanted = json.dumps({'suites': sorted({self.suite, *suites}), 'packages': self.packages,
                             'foreign': self._foreign})
        if self._stamp.exists() and self._stamp.read_text(encoding='utf-8') == wanted:
            return False
        self.log.unlink(missing_ok=True)
        if not self.root.exists():
            _check_bootstrap()
        address = archive.mirror(self.log)
        if not self.root.exists():
            self._bootstrap(address)
        self._stamp.unlink(missing_ok=True)
        self._set_sources(address, json.loads(wanted)['suites'])
        self.install(self.packages, f'{self.name}: packages')
        cache.write_whole(self._stamp, wanted)
        return True

    def _bootstrap(self, address):
        with report.step(f'{self.name}: Debian {self.suite}'), cache.made_whole(self.root) as root:
            process.run((*_APART, 'debootstrap', '--variant=minbase',
                         f'--keyring={archive.KEYRING}', self.suite, str(root), address),
                        'debootstrap', self.log, env={**os.environ, **archive.proxies()})

    def _set_sources(self, address, suites):
        architectures = ','.join((_ARCHITECTURE, *self._foreign))
        sources = ''.join(f'deb [arch={architectures if suite == self.suite else _ARCHITECTURE}] '
                          f'{address} {suite} main\n' for suite in suites)
        settings = ['Acquire::Languages "none";', *archive.apt_settings()]
        etc = self.root / 'etc'
        (etc / 'apt/sources.list').write_text(sources, encoding='utf-8')
        (etc / 'apt/apt.conf.d/50laboratory').write_text('\n'.join(settings) + '\n',
                                                         encoding='utf-8')
        for name in self._foreign:
            self.run(('dpkg', '--add-architecture', name), 'dpkg --add-architecture')
        with report.step(f'{self.name}: package lists'):
            self._refresh()

    def _refresh(self):
        # The network may have changed since debootstrap copied these.
        for name in ('hosts', 'resolv.conf'):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f'/etc/{name}', self.root / 'etc' / name)
        self.run((*_APT, '-o', 'APT::Update::Error-Mode=any', 'update'), 'apt-get update')

    def install(self, packages, title):
        """Install packages; also repairs an interrupted installation."""
        with report.step(title):
            self.run(('dpkg', '--configure', '-a'), 'dpkg --configure')
            self._fetching((*_APT, 'install', '--fix-broken', *packages), 'apt-get install')
            self.run(('apt-get', 'clean'), 'apt-get clean')

    def download(self, packages, folder):
        """Fetch packages into a folder of the cache without installing them."""
        self._fetching(('sh', '-c', 'cd "$1" && shift && apt-get --quiet '
                        '-o APT::Sandbox::User=root download "$@"', 'sh', str(folder), *packages),
                       'apt-get download')

    def download_tarball(self, source, version, suite, folder):
        """Fetch the original tarball of a source package into a folder; its path."""
        self._ask_archive(f'deb-src {self._address()} {suite} main', folder,
                          'apt-get', 'source', '--download-only', '--tar-only',
                          f'{source}={version}')
        tarball, = folder.glob(f'{source}_*.orig.tar.*')
        return tarball

    def version_in(self, suite, package):
        """The newest version of a package that a suite of the archive has now, or None."""
        with tempfile.TemporaryDirectory(prefix='vmclock.') as folder:
            listing = self._ask_archive(
                f'deb [arch={_ARCHITECTURE}] {self._address()} {suite} main', Path(folder),
                'apt-cache', 'madison', package)
        versions = re.findall(r'^ *\S+ \| (\S+) \|', listing, re.MULTILINE)
        return versions[0] if versions else None

    def _address(self):
        sources = (self.root / 'etc/apt/sources.list').read_text(encoding='utf-8')
        return re.match(r'deb \[.*\] (\S+) ', sources)[1]

    def _ask_archive(self, source, folder, program, *arguments):
        """Run a program of apt for this source only; apt keeps its files in `folder`."""
        (folder / 'sources.list').write_text(f'{source}\n', encoding='utf-8')
        (folder / 'lists/partial').mkdir(parents=True)
        options = ('--quiet', '-o', f'Dir::Etc::SourceList={folder}/sources.list',
                   '-o', 'Dir::Etc::SourceParts=-', '-o', f'Dir::State::Lists={folder}/lists',
                   '-o', f'Dir::Cache={folder}', '-o', 'APT::Sandbox::User=root')
        self.run(('apt-get', *options, '-o', 'APT::Update::Error-Mode=any', 'update'),
                 'apt-get update')
        return self.run(('env', f'--chdir={folder}', program, *options, *arguments), program)

    def _fetching(self, command, title):
        try:
            return self.run(command, title)
        except process.CommandError:
            # The archive drops old versions: try again with fresh lists.
            self._refresh()
            return self.run(command, title)

    def argv(self, command):
        """The command line that runs `command` inside.

        The cache folder and the folder for temporary files are there under their own names.
        """
        shared = dict.fromkeys((tempfile.gettempdir(), str(self.cache)))
        return (*_APART, 'sh', '-c', _ENTER, self.name, str(self.root), self._changes(), *shared,
                '--', *command)

    def _changes(self):
        return ''

    def run(self, command, title, log=None):
        """Run a command inside to its end and return its output; CommandError if it fails."""
        return process.run(self.argv(command), title, log or self.log, env=self.environment())

    @staticmethod
    def environment():
        return {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root', 'LC_ALL': 'C',
                'DEBIAN_FRONTEND': 'noninteractive', **archive.proxies()}

    def path(self, inside):
        """Where the host finds a file of the system."""
        return Path(str(self.root) + inside)

    def inside(self, path):
        """What the system calls a file of it that the host finds at `path`."""
        return f'/{path.relative_to(self.root)}'


class Copy(Chroot):
    """A system that begins as a copy of another; the folder `changes` has the differences."""

    def __init__(self, original, changes):
        super().__init__(original.cache, original.name, original.suite, original.packages)
        self._original = original
        self._folder = Path(changes)
        self.log = self._folder / 'log'
        for name in ('upper', 'work', 'root'):
            (self._folder / name).mkdir(parents=True)

    def _changes(self):
        return str(self._folder)

    def path(self, inside):
        """The host's path of a file of the system now."""
        changed = self._folder / 'upper' / inside.lstrip('/')
        return changed if changed.exists() else self._original.path(inside)

    def pack(self, path):
        """All files that were added to the original, as an archive.

        Unpacked over the original system, it makes the systems equal.
        """
        passing = re.compile('(tmp|root|run|var/(tmp|log|cache|lib/apt))(/|$)')

        def added(member):
            # A removed file appears as a device there.
            return None if passing.match(member.name) or member.isdev() else member

        with tarfile.open(path, 'w') as archived:
            for entry in sorted((self._folder / 'upper').iterdir()):
                archived.add(entry, entry.name, filter=added)
