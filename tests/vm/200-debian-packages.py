# SPDX-License-Identifier: MIT
"""Packages, built in a clean Debian 12, heal its guest from the boot on; a purge leaves nothing."""

import json
import re
import tempfile

from vmlab.debian.system import Trial
from vmlab.guest.operated import Operated

# The guest boots its own system's kernel.
KERNELS = ('6.1',)
LONG = True
SUITE = 'bookworm'
PACKAGES = ('libvmclock-dev', 'libvmclock1', 'vmclock-dkms', 'vmclock-tools', 'vmclockd')
INSTALLED = ('libvmclock1', 'vmclock-dkms', 'vmclock-tools', 'vmclockd')
MANUALS = ('vmclock.4 vmclock-check.1 vmclock-rules.7 vmclock-sim.1 vmclock-verify.1 vmclockd.8 '
           'vmclockd.conf.5')
# What wants the right time, but does not keep the laboratory's shell waiting.
DATABASE = '''[Unit]
DefaultDependencies=no
Wants=time-sync.target
After=time-sync.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/vmclock-check --wait=0

[Install]
WantedBy=multi-user.target
'''


def run(lab):
    packager, folder = lab.packages(SUITE)
    lab.equal(packager.lintian(folder, lab.logs / 'lintian.log'), '', "lintian's opinion")
    debs = sorted(path for path in folder.glob('*.deb') if '-dbgsym_' not in path.name)
    lab.equal(tuple(path.name.partition('_')[0] for path in debs), PACKAGES, 'the packages')

    with tempfile.TemporaryDirectory(prefix='vmclock.') as changes:
        vm = lab.boot_system(lab.system(SUITE), Operated.DEVICE, added=installed(lab, changes),
                             programs=['time-record'])
    guest = Operated(lab, vm)
    check_installation(lab, vm)
    check_waiting(lab, vm)
    guest.begin()
    vm.run('until systemctl is-active --quiet database; do sleep 1; done', timeout=180)
    guest.wait_trusted()
    check_user(lab, vm)
    guest.disrupt()
    guest.check_exposure()

    first = guest.process()
    vm.run('systemctl kill -s KILL vmclockd')
    guest.wait_restarted(first)
    vm.run('systemctl stop vmclockd && test -e /run/vmclock/state && systemctl start vmclockd')
    guest.purge('libvmclock1 vmclock-tools vmclockd')


def installed(lab, changes):
    """What an installation adds to the system, as an archive; removing it again leaves nothing.

    It is made where no emulated processor takes minutes to compile the driver.
    """
    trial = Trial(lab, lab.system(SUITE), changes)
    before = trial.files()
    trial.install(*(name for name in INSTALLED if name != 'vmclock-dkms'))
    lab.check(re.match(r'vmclock/\S+ .*: installed', trial.status()[0]), 'not seen by dkms')
    trial.script('systemctl enable vmclock-wait-sync 2>&1\n'
                 f"cat >/etc/systemd/system/database.service <<'END'\n{DATABASE}END\n"
                 'systemctl enable database 2>&1')
    trial.copy.pack(f'{changes}/installed.tar')
    trial.script('systemctl disable database 2>&1; rm /etc/systemd/system/database.service')
    trial.purge(*INSTALLED)
    lab.equal(sorted(trial.files() - before), [], 'what a purge leaves')
    lab.equal(trial.attempt('dpkg-query', '-W', *INSTALLED)[0], 1, 'the status of dpkg-query')
    return f'{changes}/installed.tar'


def check_installation(lab, vm):
    vm.wait_for('test -e /dev/ptp_vmclock')
    lab.equal(vm.run('stat -c "%a %U" /dev/vmclock0'), '444 root', 'the device')
    lab.equal(vm.run('cat /sys/class/ptp/ptp0/clock_name'), 'vmclock0', "the PTP clock's name")
    lab.equal(vm.shell('systemctl is-enabled vmclock-check').output.strip(), 'disabled', 'the unit')
    vm.run(f'man -w {MANUALS}')
    # udev has started it.
    vm.wait_for('systemctl is-active --quiet vmclockd')
    lab.equal(vm.run('stat -c "%a %U" /run/vmclock /run/vmclock/state'), '755 root\n644 root',
              'what vmclockd keeps')


def check_waiting(lab, vm):
    """While the page gives no time, services that need the right time do not start."""
    waiting = vm.shell('systemctl is-active vmclock-wait-sync time-sync.target database')
    lab.equal(waiting.output.split(), ['activating', 'inactive', 'inactive'],
              'what waits for the time')
    vm.wait_for('journalctl -o cat -u vmclock-wait-sync | '
                'grep -qx "vmclock-check: waiting: nobody has vouched for the system clock yet"')


def check_user(lab, vm):
    result = vm.shell('vmclock-check --json', user='nobody')
    report = json.loads(result.output)
    lab.equal((result.status, report['verdict']), (0, 'ok'), 'the verdict for an ordinary user')
    vm.run('systemctl start vmclock-check')
    lab.check('vmclock-check' in vm.run('journalctl -o cat -u vmclock-check'), 'nothing logged')
