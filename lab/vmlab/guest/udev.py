# SPDX-License-Identifier: MIT
"""The workshop's udevd in a guest, with the rules of the tree."""

from . import toolbox

PROGRAMS = ('/usr/lib/systemd/systemd-udevd', '/usr/bin/udevadm')
_RULES = 'dist/70-vmclock.rules'


def files(lab):
    """What boot() needs in files=, beside toolbox.files() with PROGRAMS."""
    return {'/etc/udev/rules.d/70-vmclock.rules': lab.tree / _RULES}


def start(vm):
    """Start it once the toolbox is unpacked: devices found from now on get their names."""
    vm.run(f'{toolbox.command("systemd-udevd")} --daemon 2>/dev/null')
