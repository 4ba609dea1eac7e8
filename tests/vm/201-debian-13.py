# SPDX-License-Identifier: MIT
"""Packages, built in a clean Debian 13 with a version of Debian's, do no harm to a guest without VMClock."""

from vmlab.system import LIST_FILES

# The guest boots the kernel of its own system.
KERNELS = ('6.12',)
LONG = True
SUITE = 'trixie'
# The driver is built for this system in 210: here an emulated processor would take long for it.
INSTALLED = 'libvmclock1 vmclock-tools vmclockd'


def run(lab):
    packager, folder = lab.packages(SUITE)
    lab.equal(packager.lintian(folder, lab.logs / 'lintian.log'), '', "lintian's opinion")
    debs = [folder / path.name for name in INSTALLED.split()
            for path in folder.glob(f'{name}_*.deb')]

    vm = lab.boot_system(lab.system(SUITE), None, files=debs, memory=1024)
    lab.equal(state(vm), 'running', 'the state of the system')
    vm.run(f'{LIST_FILES} >before', timeout=300)
    vm.run(f'apt-get install -y {" ".join(f"./{path.name}" for path in debs)}', timeout=300)
    lab.check(packager.revision in vm.run('dpkg-query -W vmclock-tools'), 'another version')
    check_unit(lab, vm)
    lab.equal(state(vm), 'running', 'the state of the system after that')

    lab.equal(vm.shell('vmclock-check', user='nobody').status, 2, 'the status of vmclock-check')
    # Who wants to know at each boot has it enabled.
    vm.run('systemctl enable vmclock-check')
    vm.run(f'apt-get purge -y {INSTALLED}', timeout=300)
    lab.equal(vm.run(f'{LIST_FILES} | comm -13 before -', timeout=300), '', 'what a purge leaves')


def state(vm):
    """What systemd says of the system once it is up."""
    return vm.shell('systemctl is-system-running --wait', timeout=180).output.strip()


def check_unit(lab, vm):
    """Nobody has asked for the check at each boot, so it is neither enabled nor was it started.

    Nor was vmclockd, for there is nothing to watch.
    """
    lab.equal(vm.shell('systemctl is-active vmclockd').output.strip(), 'inactive', 'vmclockd')
    lab.equal(vm.shell('systemctl is-enabled vmclock-check').output.strip(), 'disabled', 'the unit')
    shown = vm.run('systemctl show --value -p Result,InactiveExitTimestampMonotonic vmclock-check')
    lab.equal(shown.split(), ['success', '0'], 'what became of the unit')
