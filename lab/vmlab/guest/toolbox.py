# SPDX-License-Identifier: MIT
"""Programs of the workshop in a guest, udevd among them.

Guests have the host's libraries; these programs bring the workshop's libraries along.
"""

import re
import tarfile

_HOME = '/opt/tools'
ARCHIVE = '/opt/tools.tar'
_LOADER = 'ld-linux-x86-64.so.2'
UDEV = ('/usr/lib/systemd/systemd-udevd', '/usr/bin/udevadm')
_UDEV_RULES = 'dist/70-vmclock.rules'


def files(lab, *names):
    """The files= of boot() for these programs and other files of the workshop."""
    workshop = lab.kernel.workshop
    programs = [name for name in names if 'bin/' in name or '/systemd/' in name]
    listing = workshop.run(('ldd', *programs), 'ldd', lab.logs / 'toolbox.log')
    libraries = set(re.findall(r'(?:=> |^\s+)(/\S+)', listing, re.MULTILINE))
    path = lab.logs / 'toolbox.tar'
    with tarfile.open(path, 'w', dereference=True) as archive:
        for name in (*names, *sorted(libraries)):
            # Absolute links of the workshop would lead out of it.
            archive.add(_inside(workshop.root, name), name.rpartition('/')[2])
    return {ARCHIVE: path}


def _inside(root, name):
    """The file behind `name` in the workshop, with all links followed inside."""
    path = root
    for part in name.strip('/').split('/'):
        path = path / part
        while path.is_symlink():
            target = path.readlink()
            path = _inside(root, str(target)) if target.is_absolute() else path.parent / target
    return path


def unpack(vm):
    """Unpack the toolbox; call this once, before the first command()."""
    vm.run(f'mkdir -p {_HOME} && tar -xf {ARCHIVE} -C {_HOME}')


def path(name):
    """The path of a file in the guest."""
    return f'{_HOME}/{name}'


def command(program):
    """The command by which a shell of the guest starts a program."""
    return f'{path(_LOADER)} --library-path {_HOME} {path(program)}'


def runs(vm, program):
    """Is the program running? Its process has the loader's name."""
    return vm.shell(f'grep -aqs {path(program)} $(ls -d /proc/[0-9]*/cmdline | '
                    'grep -v /proc/self)').status == 0


def udev_rules(lab):
    """The tree's, for boot()'s files=, beside files() with UDEV."""
    return {'/etc/udev/rules.d/70-vmclock.rules': lab.tree / _UDEV_RULES}


def start_udev(vm):
    """After unpack(): devices found from now on get their names."""
    vm.run(f'{command("systemd-udevd")} --daemon 2>/dev/null')
