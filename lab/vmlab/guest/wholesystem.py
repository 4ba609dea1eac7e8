# SPDX-License-Identifier: MIT
"""A whole Debian guest whose page gives a marker only, with vmclockd and an NTP daemon, by their packages."""

import tempfile
import time

from ..debian.trial import Trial
from ..host import ntp
from . import healing

_SUITE = 'bookworm'
_PACKAGES = 'dbus iproute2 nftables psmisc'
_PROGRAMS = ('time-read', 'time-spin')
# Behind the disks, and where its interrupt is not the one that notifies.
_NETWORK = ('-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,addr=5')
# Daemons ask at NTP's own port; the lab's server has another one, for it is not alone.
_SET_UP = r'''#!/bin/sh -e
for name in $(ls /sys/class/net); do
	[ $name = lo ] || { ip link set $name up; ip addr add 10.0.2.15/24 dev $name; }
done
nft add table ip lab
nft 'add chain ip lab out { type nat hook output priority -100; }'
nft add rule ip lab out ip daddr %s udp dport 123 dnat to %s:%d
'''
_UNIT = '''[Unit]
After=systemd-udev-settle.service
Wants=systemd-udev-settle.service network.target
Before=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /etc/laboratory-network

[Install]
WantedBy=multi-user.target
'''


class WholeSystem:
    """With `packages` of Debian's, and `files` as {path: content}; device as in Lab.boot()."""

    def __init__(self, lab, packages, files, device='sim'):
        self._lab = lab
        self.server = ntp.Server(lab)
        system = lab.system(_SUITE)
        with tempfile.TemporaryDirectory(prefix='vmclock.') as changes:
            trial = Trial(lab, system, changes)
            trial.install('libvmclock1', 'vmclock-tools', 'vmclockd')
            trial.script('apt-get install --yes --quiet --no-install-recommends '
                         f'{_PACKAGES} {packages}')
            network = {'/etc/laboratory-network': _SET_UP % (ntp.HOST, ntp.HOST, self.server.port),
                       '/etc/systemd/system/laboratory-network.service': _UNIT}
            for path, content in {**network, **files}.items():
                trial.script(f"mkdir -p $(dirname {path})\ncat >{path} <<'END'\n{content}\nEND")
            trial.script('systemctl enable laboratory-network 2>&1')
            trial.copy.pack(f'{changes}/installed.tar')
            self.vm = lab.boot_system(system, device, added=f'{changes}/installed.tar',
                                      programs=_PROGRAMS, fields={}, memory=1024, qemu=_NETWORK,
                                      append='iomem=relaxed')

    def marker(self):
        return int(self.vm.run('cat /sys/class/misc/vmclock0/disruption_marker'))

    def state(self):
        return healing.read_state(self.vm)

    def said(self):
        return self.vm.run('journalctl -b -o cat -u vmclockd')

    def wait_trusted(self, timeout):
        marker = self.marker()

        def trusted():
            state = self.state()
            return state['trust'] == healing.TRUSTED and state['marker'] == marker
        try:
            self._lab.wait_for(trusted, 'trust in the system clock', timeout)
        finally:
            self._lab.log(self.said())

    def disrupt(self, seconds):
        """Another marker, and the system clock is wrong by so much."""
        self.vm.run(f'date -s @$(($(date +%s) + {seconds}))')
        self.vm.page.disrupt()
        self.vm.notify()

    def is_right(self):
        return abs(int(self.vm.run('date +%s')) - time.time()) <= 2
