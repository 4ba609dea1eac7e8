# SPDX-License-Identifier: MIT
"""Packages with a Debian version in a Debian 13: no harm without the driver, healing with it."""

import tempfile
from pathlib import Path

from vmlab.debian.system import Trial
from vmlab.guest.operated import Operated

# The guest boots its own system's kernel.
KERNELS = ('6.12',)
LONG = True
SUITE = 'trixie'
INSTALLED = 'libvmclock1 vmclock-tools vmclockd'
DEBS = ' '.join(f'{name}_*.deb' for name in INSTALLED.split())


def run(lab):
    packager, folder = lab.packages(SUITE)
    lab.equal(packager.lintian(folder, lab.logs / 'lintian.log'), '', "lintian's opinion")
    debs = [path for name in INSTALLED.split() for path in folder.glob(f'{name}_*.deb')]

    with tempfile.TemporaryDirectory(prefix='vmclock.') as changes:
        vm = lab.boot_system(lab.system(SUITE), Operated.DEVICE, programs=['time-record'],
                             files=[*debs, driver(lab, changes)])
    guest = Operated(lab, vm)
    # On an emulated processor, the index of all manual pages takes a minute.
    vm.run('rm -f /var/lib/man-db/auto-update')
    lab.equal(state(vm), 'running', 'the state of the system')
    vm.run(f'dpkg -i {DEBS}', timeout=300)
    lab.check(packager.revision in vm.run('dpkg-query -W vmclock-tools'), 'another version')
    check_units(lab, vm)
    lab.equal(vm.shell('vmclock-check', user='nobody').status, 2, 'the status of vmclock-check')
    # Without a device, the unit does not wait for one.
    vm.run('systemctl enable vmclock-check vmclock-wait-sync && systemctl start vmclock-wait-sync')
    lab.equal(state(vm), 'running', 'the state of the system after that')

    vm.run('modprobe ptp && insmod vmclock.ko*')
    vm.wait_for('systemctl is-active --quiet vmclockd')
    guest.begin()
    guest.wait_trusted()
    guest.disrupt(meanwhile=lambda: upgrade(vm, guest))
    guest.check_exposure()

    # Removed in the middle of a reaction, vmclockd will not start again what a hook has stopped.
    vm.page.disrupt()
    vm.notify()
    vm.wait_for('test $(systemctl show -P FreezerState batch) = frozen')
    said = guest.purge(INSTALLED)
    lab.check('start again what the hooks in' in said, f'no word of what stays frozen: {said}')


def upgrade(vm, guest):
    first = guest.process()
    vm.run('dpkg -i vmclockd_*.deb', timeout=300)
    guest.wait_restarted(first)


def driver(lab, changes):
    """The module that DKMS builds, where no emulated processor takes minutes for it.

    Removing the packages again leaves nothing.
    """
    trial = Trial(lab, lab.system(SUITE), changes)
    before = trial.files()
    trial.install(*INSTALLED.split())
    release, = trial.kernels()
    trial.script(f'cp /lib/modules/{release}/updates/dkms/vmclock.ko* {changes}')
    trial.purge(*INSTALLED.split(), 'vmclock-dkms')
    lab.equal(sorted(trial.files() - before), [], 'what a purge leaves')
    module, = Path(changes).glob('vmclock.ko*')
    return module


def state(vm):
    """systemd's state of the system once it is up."""
    return vm.shell('systemctl is-system-running --wait', timeout=180).output.strip()


def check_units(lab, vm):
    """Nobody has asked for them at each boot, so they are neither enabled nor were they started.

    Nor was vmclockd, for there is nothing to watch.
    """
    lab.equal(vm.shell('systemctl is-active vmclockd').output.strip(), 'inactive', 'vmclockd')
    for unit in ('vmclock-check', 'vmclock-wait-sync'):
        lab.equal(vm.shell(f'systemctl is-enabled {unit}').output.strip(), 'disabled', unit)
        shown = vm.run(f'systemctl show --value -p Result,InactiveExitTimestampMonotonic {unit}')
        lab.equal(shown.split(), ['success', '0'], f'what became of {unit}')
