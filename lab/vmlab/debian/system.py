# SPDX-License-Identifier: MIT
"""A whole Debian: systemd, udev, DKMS, a kernel and its headers.

Guests boot it from a disk; packages are tried in copies of it.
"""

import json
from pathlib import Path

from .. import report
from ..host import cache
from . import release
from .chroot import Chroot, Copy

_PACKAGES = ('dbus', 'dkms', 'gcc', 'initramfs-tools', 'libinih1', 'libjson-c5',
             'linux-headers-cloud-amd64', 'linux-image-cloud-amd64', 'make', 'man-db', 'openssl',
             'systemd-sysv', 'udev')
_DISK_SIZE = '4G'
_SHELL = Path(__file__).parents[1] / 'guest/shell.sh'
_UNIT = '''[Unit]
Description=Shell for the laboratory
After=multi-user.target

[Service]
ExecStart=/bin/sh /etc/laboratory-shell
StandardInput=tty
StandardOutput=tty
TTYPath=/dev/ttyS1
IgnoreSIGPIPE=no

[Install]
WantedBy=multi-user.target
'''
_FILES = {
    'etc/hostname': 'guest\n',
    'etc/hosts': '127.0.0.1 localhost guest\n',
    'etc/fstab': '/dev/vda / ext4 defaults 0 1\n',
    'etc/laboratory-shell': _SHELL.read_text(encoding='utf-8'),
    'etc/systemd/system/laboratory-shell.service': _UNIT,
    # Only what a guest needs to find its disk: fast to pack and to unpack.
    'etc/initramfs-tools/conf.d/laboratory': 'MODULES=list\n',
    'usr/share/initramfs-tools/modules.d/laboratory': 'ext4\nvirtio_blk\nvirtio_pci\n',
    # Safety in a power failure does not matter here.
    'etc/dpkg/dpkg.cfg.d/laboratory': 'force-unsafe-io\n',
}
# Nothing else may write to the consoles, and the disk has no snapshots to look for.
_SETTINGS = ('systemctl enable laboratory-shell && '
             'systemctl mask serial-getty@ttyS0 serial-getty@ttyS1 e2scrub_reap && '
             'update-initramfs -u -k all')

# The suite that has the next kernel of each suite.
_UPGRADES = {'bookworm': 'bookworm-backports', 'trixie': 'trixie-backports'}
SUITES = tuple(_UPGRADES)

# A command that lists all files, except those that change by themselves, the caches and logs
# of other programs, and the key that DKMS makes when it first signs a module.
_LIST_FILES = 'find / -xdev \\( ' + ' -o '.join(f'-path "{path}"' for path in (
    '/root', '/tmp', '/run', '/var/log', '/var/cache', '/var/tmp', '/var/backups',
    '/var/lib/apt', '/var/lib/systemd', '/var/lib/dpkg', '/var/lib/dkms/mok.*',
)) + ' \\) -prune -o -print | sort'


class System(Chroot):
    """Debian `suite`, bootable as a guest."""

    def __init__(self, folder, suite, workshop):
        super().__init__(folder, f'system-{suite}', suite, _PACKAGES)
        self.workshop = workshop
        self.disk = folder / f'{self.name}.disk'
        self._settings_stamp = self.root / 'settings.stamp'

    def prepare(self, suites=()):
        made = super().prepare((_UPGRADES[self.suite], *suites))
        wanted = json.dumps({'files': _FILES, 'settings': _SETTINGS, 'disk': _DISK_SIZE})
        if not made and self._settings_stamp.exists() and \
                self._settings_stamp.read_text(encoding='utf-8') == wanted:
            return False
        self._settings_stamp.unlink(missing_ok=True)
        for disk in self.cache.glob(f'{self.name}*.disk*'):
            disk.unlink()
        with report.step(f'{self.name}: settings'):
            for name, text in _FILES.items():
                (self.root / name).write_text(text, encoding='utf-8')
            self.run(('sh', '-ec', _SETTINGS), 'settings')
        # So that no test needs the network.
        with report.step(f'{self.name}: packages of its next kernel'):
            self.run(self.upgrade('--download-only'), 'download of the next kernel')
        cache.write_whole(self._settings_stamp, wanted)
        return True

    def upgrade(self, *options):
        """The command that installs the next kernel and its headers."""
        return ('apt-get', '--quiet', '--yes', '--no-install-recommends', *options,
                '--target-release', _UPGRADES[self.suite], 'install',
                'linux-image-cloud-amd64', 'linux-headers-cloud-amd64')

    def make_disk(self):
        """Make the disk that guests share, if necessary; the caller holds the cache's lock."""
        if self.disk.exists():
            return
        unfinished = self.disk.with_suffix('.disk.tmp')
        with report.step(f'{self.name}: disk'):
            self.workshop.run(('mke2fs', '-q', '-t', 'ext4', '-d', str(self.root),
                               str(unfinished), _DISK_SIZE), 'mke2fs', self.log)
        unfinished.rename(self.disk)

    def overlay(self, path):
        """Make a disk for one guest: a file with the differences from the system's own disk."""
        with cache.lock(self.cache):
            self.make_disk()
        self.workshop.run(('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw',
                           '-b', str(self.disk), str(path)), 'qemu-img', self.log)

    def releases(self):
        """The system's kernels, by the names of their module folders."""
        return sorted(path.name.removeprefix('vmlinuz-')
                      for path in (self.root / 'boot').glob('vmlinuz-*'))


class Trial:
    """The driver's package in a copy of a clean System; `folder` has the copy."""

    def __init__(self, lab, system, folder):
        self.original = system
        self.copy = Copy(system, folder)
        self.log = lab.logs / f'{system.suite}.log'
        _, packages = lab.packages(system.suite)
        self.package, = packages.glob('vmclock-dkms_*.deb')
        # DKMS's version is the release's, without Debian's suffix.
        version = release.version(lab.tree)
        self.version = version
        self.name = f'vmclock/{version}'
        self.source = f'/usr/src/vmclock-{version}'
        self.tree = Path('/var/lib/dkms', self.name)
        self.make_log = str(self.tree / 'build/make.log')

    def run(self, *command):
        return self.copy.run(command, command[0], self.log)

    def attempt(self, *command):
        """Run a command that may fail; returns its status and its output."""
        output, _, status = self.run('sh', '-c', '"$@"; echo "\n$?"', 'sh',
                                     *command).rpartition('\n')
        return int(status), output

    def script(self, text):
        """Run lines of shell until one fails."""
        return self.run('sh', '-ec', text)

    def install(self, *others):
        """Install the package, and others from the same folder."""
        files = [self.package, *(path for name in others
                                 for path in self.package.parent.glob(f'{name}_*.deb'))]
        return self.run('apt-get', 'install', '--yes', '--quiet', *map(str, files))

    def purge(self, *packages):
        return self.run('dpkg', '--purge', *packages)

    def files(self):
        """All that there is, but for what changes by itself."""
        return set(self.script(_LIST_FILES).splitlines())

    def kernels(self):
        """{release: whether it has our module} for all kernels with a module folder."""
        listing = self.script('cd /lib/modules && for r in *; do '
                              'echo $r $(ls $r/updates/dkms 2>/dev/null); done')
        return {line.split()[0]: 'vmclock.ko' in line for line in listing.splitlines()}

    def module(self, release, field):
        """The modinfo of the module for a kernel."""
        return self.run('modinfo', '-k', release, '-F', field, 'vmclock')

    def status(self):
        return self.run('dkms', 'status').splitlines()
