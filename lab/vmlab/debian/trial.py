# SPDX-License-Identifier: MIT
"""Installing the package of the driver in a clean Debian, and asking what came of it."""

from pathlib import Path

from . import release
from .chroot import Copy
from .system import LIST_FILES


class Trial:
    """A copy of a clean system, a System; the folder has what becomes of it."""

    def __init__(self, lab, system, folder):
        self.original = system
        self.copy = Copy(system, folder)
        self.log = lab.logs / f'{system.suite}.log'
        _, packages = lab.packages(system.suite)
        self.package, = packages.glob('vmclock-dkms_*.deb')
        # To DKMS it has the version of the release, whatever Debian adds to that.
        version = release.version(lab.tree)
        self.version = version
        self.name = f'vmclock/{version}'
        self.source = f'/usr/src/vmclock-{version}'
        self.tree = Path('/var/lib/dkms', self.name)
        self.make_log = str(self.tree / 'build/make.log')

    def run(self, *command):
        return self.copy.run(command, command[0], self.log)

    def attempt(self, *command):
        """Run a command that may fail; its status and its output."""
        output, _, status = self.run('sh', '-c', '"$@"; echo "\n$?"', 'sh',
                                     *command).rpartition('\n')
        return int(status), output

    def script(self, text):
        """Run lines of shell, to the first one that fails."""
        return self.run('sh', '-ec', text)

    def install(self, *others):
        """Install the package, and others from beside it."""
        files = [self.package, *(path for name in others
                                 for path in self.package.parent.glob(f'{name}_*.deb'))]
        return self.run('apt-get', 'install', '--yes', '--quiet', *map(str, files))

    def purge(self, *packages):
        return self.run('dpkg', '--purge', *packages)

    def files(self):
        """All that there is, as LIST_FILES has it."""
        return set(self.script(LIST_FILES).splitlines())

    def kernels(self):
        """{release: whether it has our module} of all that have a folder for modules."""
        listing = self.script('cd /lib/modules && for r in *; do '
                              'echo $r $(ls $r/updates/dkms 2>/dev/null); done')
        return {line.split()[0]: 'vmclock.ko' in line for line in listing.splitlines()}

    def module(self, release, field):
        """What the module for a kernel says of itself."""
        return self.run('modinfo', '-k', release, '-F', field, 'vmclock')

    def status(self):
        return self.run('dkms', 'status').splitlines()
