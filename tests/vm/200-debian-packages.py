# SPDX-License-Identifier: MIT
"""Packages, built and installed in a clean Debian 12, serve a guest of it; a purge leaves nothing."""

import json
import re
import tempfile

from vmlab.page import WITH_TIME
from vmlab.system import LIST_FILES
from vmlab.trial import Trial

# The guest boots the kernel of its own system.
KERNELS = ('6.1',)
LONG = True
SUITE = 'bookworm'
# As systemd-analyze judges vmclockd's unit: what the manual page says, at most.
EXPOSURE = 2.5
PACKAGES = ('libvmclock-dev', 'libvmclock1', 'vmclock-dkms', 'vmclock-tools', 'vmclockd')
INSTALLED = 'libvmclock1 vmclock-dkms vmclock-tools vmclockd'


def run(lab):
    packager, folder = lab.packages(SUITE)
    lab.equal(packager.lintian(folder, lab.logs / 'lintian.log'), '', "lintian's opinion")
    debs = sorted(path for path in folder.glob('*.deb') if '-dbgsym_' not in path.name)
    lab.equal(tuple(path.name.partition('_')[0] for path in debs), PACKAGES, 'the packages')

    with tempfile.TemporaryDirectory(prefix='vmclock.') as changes:
        # Where an emulated processor does not take minutes to compile the driver.
        trial = Trial(lab, lab.system(SUITE), changes)
        trial.install('libvmclock1', 'vmclock-tools', 'vmclockd')
        trial.copy.pack(f'{changes}/installed.tar')
        vm = lab.boot_system(lab.system(SUITE), 'sim', files=[f'{changes}/installed.tar'],
                             fields=WITH_TIME, memory=1024)
    vm.run(f'{LIST_FILES} >before; tar -xf installed.tar -C /', timeout=300)
    check_installation(lab, vm)
    vm.run(f'apt-get purge -y {INSTALLED}', timeout=300)
    lab.equal(vm.run(f'{LIST_FILES} | comm -13 before -', timeout=300), '', 'what a purge leaves')
    lab.equal(vm.shell(f'dpkg-query -W {INSTALLED}').status, 1, 'the status of dpkg-query')


def check_installation(lab, vm):
    vm.reboot()
    vm.wait_for('test -e /dev/ptp_vmclock')
    lab.equal(vm.run('stat -c "%a %U" /dev/vmclock0'), '444 root', 'the device')
    lab.check(re.match(r'vmclock/\S+ .*: installed', vm.run('dkms status')), 'not seen by dkms')

    result = vm.shell('vmclock-check --json', user='nobody')
    report = json.loads(result.output)
    lab.equal((result.status, report['verdict']), (0, 'ok'), 'the verdict for an ordinary user')
    lab.equal(vm.run('cat /sys/class/ptp/ptp0/clock_name'), 'vmclock0', "the PTP clock's name")
    lab.equal(vm.shell('systemctl is-enabled vmclock-check').output.strip(), 'disabled', 'the unit')
    vm.run('systemctl start vmclock-check')
    lab.check('vmclock-check' in vm.run('journalctl -o cat -u vmclock-check'), 'nothing logged')
    check_daemon(lab, vm)
    for page in ('vmclock.4', 'vmclock-check.1', 'vmclock-sim.1', 'vmclockd.8', 'vmclockd.conf.5'):
        vm.run(f'man -w {page}')


def check_daemon(lab, vm):
    """udev has started it; it keeps its files when it ends, and is there again when it is killed."""
    vm.wait_for('systemctl is-active --quiet vmclockd')
    lab.equal(vm.run('stat -c "%a %U" /run/vmclock /run/vmclock/state'), '755 root\n644 root',
              'what vmclockd keeps')
    first = vm.run('systemctl show -P MainPID vmclockd')
    vm.run('systemctl kill -s KILL vmclockd')
    vm.wait_for(f'systemctl is-active --quiet vmclockd && '
                f'test "$(systemctl show -P MainPID vmclockd)" != {first}')
    exposure = vm.run('systemd-analyze security --no-pager vmclockd | tail -n 1')
    lab.log(exposure)
    lab.check(float(re.search(r'\d+\.\d+', exposure).group()) <= EXPOSURE, exposure)
    vm.run('systemctl stop vmclockd && test -e /run/vmclock/state && systemctl start vmclockd')
