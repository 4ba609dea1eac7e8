# SPDX-License-Identifier: MIT
"""DKMS in clean Debian 12 and 13: builds at installation and for a new kernel; removal is clean."""

import tempfile

from vmlab.debian.system import Trial

# The systems have kernels of their own.
KERNELS = ('6.1',)
LONG = True
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
    for suite, install in INSTALLATIONS.items():
        with tempfile.TemporaryDirectory(prefix='vmclock.') as folder:
            trial = Trial(lab, lab.system(suite), folder)
            install(lab, trial)
            check_life(lab, trial)


def check_life(lab, trial):
    """Install the package, then a kernel, then remove the package."""
    suite = trial.original.suite
    trial.run(*trial.original.upgrade())
    kernels = trial.kernels()
    lab.equal(list(kernels.values()), [True, True], f'{suite}: the module for both kernels')
    lab.equal(len([line for line in trial.status() if line.endswith(': installed')]), 2,
              f'{suite}: what is installed by the word of DKMS')
    for release in kernels:
        lab.equal(trial.module(release, 'version'), trial.version,
                  f'{suite}: the version for {release}')
        lab.equal(trial.module(release, 'signer'), 'DKMS module signing key',
                  f'{suite}: who signed it for {release}')

    trial.purge('vmclock-dkms')
    lab.equal(set(trial.kernels().values()), {False}, f'{suite}: modules after the purge')
    lab.equal(trial.status(), [], f'{suite}: the status of DKMS after the purge')
    lab.equal(trial.script('ls -d /usr/src/vmclock* /var/lib/dkms/vmclock 2>&1 | '
                           'grep -c "No such file"'), '2', f'{suite}: folders that are gone')


def install_interrupted(lab, trial):
    """Kill dpkg and DKMS while the module is built; dpkg can continue afterwards."""
    trial.script(f"cat >/usr/local/sbin/make <<'END'\n{KILLER}END\n"
                 'chmod +x /usr/local/sbin/make')
    status, _ = trial.attempt(
        'apt-get', '-o', 'DPkg::Path=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin',
        'install', '--yes', '--quiet', str(trial.package))
    lab.check(status != 0, 'an installation went well although it was interrupted')
    lab.check(trial.run('dpkg', '--audit'), 'dpkg saw no interruption')
    lab.equal(set(trial.kernels().values()), {False}, 'a module although it was interrupted')
    trial.run('dpkg', '--configure', '--pending')
    lab.equal(list(trial.kernels().values()), [True], 'the module after another try')
    lab.equal(trial.run('dpkg', '--audit'), '', 'what dpkg complains of')


def install_without_headers(lab, trial):
    """Without headers there is no module, and a line says so; headers bring the module."""
    headers = f'linux-headers-{trial.original.releases()[-1]}'
    trial.run('apt-get', 'remove', '--yes', '--quiet', headers, 'linux-headers-cloud-amd64')
    lab.check('linux-headers' in trial.install(), 'no word of the missing headers')
    lab.equal(set(trial.kernels().values()), {False}, 'a module without headers')
    trial.run('apt-get', 'install', '--yes', '--quiet', '--no-install-recommends', headers)
    lab.equal(list(trial.kernels().values()), [True], 'the module once the headers are there')


# 200 and 201 test undisturbed installations. Each disturbance is tried on one system only.
INSTALLATIONS = {'bookworm': install_interrupted, 'trixie': install_without_headers}
