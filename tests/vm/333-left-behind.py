# SPDX-License-Identifier: MIT
"""A hook leaves a process behind that does not end: vmclockd is restarted at once all the same."""

from vmlab.guest.operated import WholeSystem

# Each guest boots the kernel of its own system, Debian 12 or 13.
KERNELS = ('6.1', '6.12')
ALONE = True
LONG = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

SETTINGS = {
    '/etc/chrony/chrony.conf': '''server 10.0.2.2 iburst minpoll 4 maxpoll 4
driftfile /var/lib/chrony/chrony.drift
makestep 1 3
rtcsync''',
    # In a session, and so in a process group, of its own.
    '/etc/vmclock/hooks.d/10-leave': '''#!/bin/sh
setsid sh -c 'trap "" TERM HUP INT; echo left >>/run/left; while :; do sleep 1; done' &'''}
# Seconds; systemd waits for 90 before it kills what ignores SIGTERM.
SOON = 45


def run(lab):
    guest = WholeSystem(lab, 'chrony', SETTINGS)
    vm = guest.vm
    vm.run('chmod 755 /etc/vmclock/hooks.d/10-leave')
    guest.wait_trusted(180)
    for number, end in enumerate((restart, kill), 1):
        # One for the disruption, and one for its end.
        guest.mark()
        guest.wait_trusted(60)
        vm.wait_for(f'test $(grep -c left /run/left) -ge {2 * number}')
        before = vm.run('systemctl show -P MainPID vmclockd')
        end(vm)
        vm.wait_for('systemctl is-active --quiet vmclockd && '
                    f'test $(systemctl show -P MainPID vmclockd) != {before}', SOON)
        guest.wait_trusted(60)


def restart(vm):
    vm.run('systemctl restart vmclockd', timeout=SOON)


def kill(vm):
    vm.run('systemctl kill --kill-whom=main --signal=KILL vmclockd')
