# SPDX-License-Identifier: MIT
"""DKMS in clean Debian 12 and 13: built with the package, again for a new kernel, gone with it."""

import tempfile

from vmlab import process
from vmlab.chroot import Copy
from vmlab.errors import Failed

# The kernels are those of the systems.
KERNELS = ('6.1',)
# A make that runs once.
KILLER = '''#!/bin/sh
rm "$0"
for process in /proc/[0-9]*; do
	case $(cat "$process/comm") in
	dpkg|dkms) kill -KILL "${process#/proc/}" ;;
	esac
done
'''


def run(lab):
    for suite in ('bookworm', 'trixie'):
        system = lab.system(suite)
        with tempfile.TemporaryDirectory(prefix='vmclock.') as folder:
            check_life(lab, System(lab, system, folder))
        with tempfile.TemporaryDirectory(prefix='vmclock.') as folder:
            check_interrupted(lab, System(lab, system, folder))
        with tempfile.TemporaryDirectory(prefix='vmclock.') as folder:
            check_without_headers(lab, System(lab, system, folder))


class System:
    """A copy of a clean system, in which things are installed."""

    def __init__(self, lab, system, folder):
        self.original = system
        self.copy = Copy(system, folder)
        self.log = lab.logs / f'{system.suite}.log'
        _, packages = lab.packages('bookworm')
        self.package, = packages.glob('vmclock-dkms_*.deb')

    def run(self, *command):
        return self.copy.run(command, command[0], self.log)

    def fails(self, *command):
        try:
            self.run(*command)
        except process.CommandError:
            return
        raise Failed(f'{" ".join(command)} succeeded')

    def install(self):
        return self.run('apt-get', 'install', '--yes', '--quiet', str(self.package))

    def kernels(self):
        """{release: whether it has our module} of all that have a folder for modules."""
        listing = self.run('sh', '-c', 'cd /lib/modules && for r in *; do '
                           'echo $r $(ls $r/updates/dkms 2>/dev/null); done')
        return {line.split()[0]: 'vmclock.ko' in line for line in listing.splitlines()}

    def status(self):
        return self.run('dkms', 'status').splitlines()


def check_life(lab, system):
    suite = system.original.suite
    system.install()
    lab.equal(list(system.kernels().values()), [True], f'{suite}: the module for its kernel')

    system.run(*system.original.upgrade())
    kernels = system.kernels()
    lab.equal(list(kernels.values()), [True, True], f'{suite}: the module for both kernels')
    lab.equal(len([line for line in system.status() if line.endswith(': installed')]), 2,
              f'{suite}: what is installed by the word of DKMS')
    for release in kernels:
        version = system.run('modinfo', '-k', release, '-F', 'version', 'vmclock')
        lab.equal(version, '0.1.0', f'{suite}: the version for {release}')

    system.run('apt-get', 'purge', '--yes', '--quiet', 'vmclock-dkms')
    lab.equal(set(system.kernels().values()), {False}, f'{suite}: modules after the purge')
    lab.equal(system.status(), [], f'{suite}: the status of DKMS after the purge')
    lab.equal(system.run('sh', '-c', 'ls -d /usr/src/vmclock* /var/lib/dkms/vmclock 2>&1 | '
                         'grep -c "No such file"'), '2', f'{suite}: folders that are gone')


def check_interrupted(lab, system):
    """dpkg and DKMS are killed while the module is built; dpkg can go on from there."""
    system.run('sh', '-ec', f"cat >/usr/local/sbin/make <<'END'\n{KILLER}END\n"
               'chmod +x /usr/local/sbin/make')
    system.fails('apt-get', '-o', 'DPkg::Path=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin',
                 'install', '--yes', '--quiet', str(system.package))
    lab.check(system.run('dpkg', '--audit'), 'dpkg saw no interruption')
    lab.equal(set(system.kernels().values()), {False}, 'a module although it was interrupted')
    system.run('dpkg', '--configure', '--pending')
    lab.equal(set(system.kernels().values()), {True}, 'the module after another try')
    lab.equal(system.run('dpkg', '--audit'), '', 'what dpkg complains of')


def check_without_headers(lab, system):
    """No headers, no module, and word of it; it comes with the headers."""
    headers = f'linux-headers-{system.original.releases()[-1]}'
    system.run('apt-get', 'remove', '--yes', '--quiet', headers, 'linux-headers-cloud-amd64')
    lab.check('linux-headers' in system.install(), 'no word of the missing headers')
    lab.equal(set(system.kernels().values()), {False}, 'a module without headers')
    system.run('apt-get', 'install', '--yes', '--quiet', '--no-install-recommends', headers)
    lab.equal(set(system.kernels().values()), {True}, 'the module once the headers are there')
