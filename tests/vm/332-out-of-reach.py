# SPDX-License-Identifier: MIT
"""A whole Debian whose files and chronyd are where vmclockd's unit does not find them."""

from vmlab.guest.operated import WholeSystem

# Each guest boots the kernel of its own system, Debian 12 or 13.
KERNELS = ('6.1', '6.12')
ALONE = True
LONG = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

SOCKET = '/run/chrony/commands.sock'
CHRONY_CONF = '/etc/chrony/chrony.conf'
NO_WAY = f"chronyd runs, but has no socket {SOCKET}: .* or remove 'bindcmdaddress /' there"
SETTINGS = {
    CHRONY_CONF: f'''server 10.0.2.2 iburst minpoll 4 maxpoll 4
driftfile /var/lib/chrony/chrony.drift
bindcmdaddress {SOCKET}
makestep 1 3
rtcsync''',
    # vmclockd's unit has these folders, but not as others see them.
    '/etc/vmclock/vmclockd.conf': '''metrics = /tmp/vmclock.prom
hooks = /root/hooks'''}
HINTS = ('metrics = /tmp/vmclock.prom: vmclockd.service has a folder of its own there',
         'hooks = /root/hooks: vmclockd.service cannot see this path')


def run(lab):
    guest = WholeSystem(lab, 'chrony', SETTINGS, device='vmclock-shared')
    vm = guest.vm
    no_socket = 'chronyd runs, but has no socket /run/chrony/chronyd.sock: set chronyd_socket'
    vm.wait_for(f'journalctl -b -o cat -u vmclockd | grep -q "{no_socket}"', 120)
    checked = vm.run('vmclockd --check-config 2>&1')
    for hint in HINTS:
        lab.check(hint in checked, f'--check-config does not say "{hint}": {checked}')
        lab.check(hint in guest.said(), f'the log does not say "{hint}": {guest.said()}')

    # What the lines say is the way out.
    vm.run(f'echo chronyd_socket = {SOCKET} >>/etc/vmclock/vmclockd.conf; '
           'mkdir /etc/systemd/system/vmclockd.service.d; '
           "printf '[Service]\\nPrivateTmp=no\\nReadWritePaths=/tmp\\nProtectHome=no\\n' "
           '>/etc/systemd/system/vmclockd.service.d/reach.conf; '
           'systemctl daemon-reload; systemctl restart vmclockd')
    guest.wait_trusted(180)
    vm.wait_for('grep -q vmclock_ /tmp/vmclock.prom')
    checked = vm.run('vmclockd --check-config 2>&1')
    lab.equal(checked, '', 'what --check-config says now')

    # Without any socket or port for commands, the file of its process ID is left.
    vm.run(f"sed -i 's,^bindcmdaddress.*,bindcmdaddress /\\ncmdport 0,' {CHRONY_CONF}; "
           'systemctl restart chrony; systemctl restart vmclockd')
    vm.wait_for(f'journalctl -b -o cat -u vmclockd | grep -q "{NO_WAY}"', 120)
