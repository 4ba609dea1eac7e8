# SPDX-License-Identifier: MIT
"""vmclockd as an operator has it: from its package, in a whole Debian."""

import dataclasses
import re
import tempfile
import time

from ..debian.system import Trial
from ..host import ntp
from ..host.clock import NSEC, TAI_OFFSET
from . import healing, timeline
from .device import Simulation
from .machine import SYSTEM_SETUP

# The limit of systemd-analyze's rating of vmclockd's unit: the manual page's figure.
_EXPOSURE = 2.5
# How far the clock is behind after the disruption, in s, and the tolerance, in ns.
_STEP = 3
_CLOSE = NSEC // 100
_HOOK = '/etc/vmclock/hooks.d/10-freeze'
_EXAMPLE = '/usr/share/doc/vmclockd/examples/hooks/freeze'
# A container has its own users; root, who owns the folder, is not one of them.
_CONTAINER = 'mount --bind /run/vmclock /run/vmclock && ' \
             'mount -o remount,bind,{mode},nosuid,nodev,noexec /run/vmclock && ' \
             'exec vmclock-check --wait=0'


class Operated:
    """A guest with a device, a page without time yet, time-record, and vmclockd, which runs."""

    # What Lab.boot_system() needs as its device.
    DEVICE = Simulation(timeline.PAGE)

    def __init__(self, lab, vm):
        self._lab = lab
        self._vm = vm
        self._line = None

    def begin(self):
        """Make the page give the time of the guest's clock from now on."""
        start, tick = timeline.measure_tick(self._vm)
        self._publish(timeline.Line(
            start.counter, (start.realtime + TAI_OFFSET * NSEC << 64) // NSEC, tick))

    def _publish(self, line):
        self._line = line
        self._vm.page.update(**line.fields())
        self._vm.notify()

    def wait_trusted(self):
        said = self._vm.run('vmclock-check --wait=60', timeout=180).splitlines()
        self._lab.equal(said[-1], 'trusted, disruption marker '
                        f'{self._vm.page.get("disruption_marker")}', 'what vmclock-check says')
        self._synchronized('yes')

    def _synchronized(self, word):
        self._vm.wait_for(f'test "$(timedatectl show -p NTPSynchronized --value)" = {word}')

    def disrupt(self, meanwhile=lambda: None):
        """Disrupt as a migration does: change the marker first, and then the time.

        meanwhile() is called in the middle of vmclockd's reaction.
        """
        self._vm.run('systemd-run --quiet --unit=batch sleep infinity; '
                     f'mkdir -p $(dirname {_HOOK}) && '
                     f'sed s/batch.slice/batch.service/ {_EXAMPLE} >{_HOOK} && chmod 755 {_HOOK}')
        self._vm.page.disrupt()
        self._vm.notify()
        self._synchronized('no')
        self._vm.wait_for('test $(systemctl show -P FreezerState batch) = frozen')
        meanwhile()
        result = self._vm.shell('vmclock-check --wait=0')
        self._lab.equal(result.status, 1, 'the status of vmclock-check')
        self._lab.check('the clock was disrupted' in result.output, result.output)

        line = self._line
        self._publish(timeline.Line(line.counter, line.time + (_STEP << 64), line.period))
        self.wait_trusted()
        self._vm.wait_for('test $(systemctl show -P FreezerState batch) = running')
        self._check_journal()
        self._check_container()

    def _check_journal(self):
        journal = self._vm.run('journalctl --no-pager -o cat -u vmclockd')
        _, _, reaction = journal.partition('disruption marker 0x1: the system clock is not trusted')
        step = re.search(r'stepped the system clock by (-?\d+) ns', reaction)
        self._lab.check(step and abs(int(step[1]) - _STEP * NSEC) < _CLOSE,
                        f'no step of {_STEP} s: {journal}')
        healed = 'the system clock is right within .* after the disruption was seen'
        self._lab.check(re.search(healed, reaction), f'the guest is not healed: {journal}')
        self._lab.check('failed' not in journal, f'a hook has failed: {journal}')

    def _check_container(self):
        for mode, status in (('ro', 0), ('rw', 1)):
            command = _CONTAINER.format(mode=mode)
            result = self._vm.shell(f"unshare --user --map-root-user --mount sh -c '{command}'",
                                    user='nobody')
            self._lab.equal(result.status, status,
                            f'the status in a container that mounts it {mode}: {result.output}')

    def check_exposure(self):
        exposure = self._vm.run('systemd-analyze security --no-pager vmclockd | tail -n 1')
        self._lab.log(exposure)
        self._lab.check(float(re.search(r'\d+\.\d+', exposure).group()) <= _EXPOSURE, exposure)

    def process(self):
        """vmclockd's process ID."""
        return self._vm.run('systemctl show -P MainPID vmclockd')

    def wait_restarted(self, before):
        """Wait until another process than `before` is ready."""
        # Each look takes an emulated processor half a second.
        self._vm.run('until systemctl is-active --quiet vmclockd && '
                     f'test $(systemctl show -P MainPID vmclockd) != {before}; do sleep 1; done',
                     timeout=180)

    def purge(self, packages):
        """Purge the packages: no file of these names is left, and nothing runs; dpkg's output."""
        # On an emulated processor, the index of all manual pages takes a minute.
        self._vm.run('rm -f /var/lib/man-db/auto-update')
        said = self._vm.run(f'dpkg --purge {packages}', timeout=300)
        # Except systemd's records of units, and udev's record of the device, which still exists.
        left = self._vm.run("find /etc /run /usr/lib/systemd /usr/lib/udev /usr/lib/tmpfiles.d "
                            "/usr/local /usr/sbin /var/lib/systemd "
                            "\\( -path /run/systemd -o -path /run/udev \\) -prune "
                            "-o -name '*vmclock*' -print")
        self._lab.equal(left, '', 'what a purge leaves')
        self._lab.equal(self._vm.shell('systemctl is-active vmclockd').output, 'inactive\n',
                        'vmclockd after the purge')
        self._lab.equal(self._vm.run('systemctl list-units --plain --no-legend --state=failed'), '',
                        'the units that have failed')
        return said


# By the kernels of their own, which the guests boot.
_SUITES = {'6.1': 'bookworm', '6.12': 'trixie'}
_PACKAGES = 'dbus iproute2 nftables psmisc'
_PROGRAMS = ('time-read', 'time-spin')
# After the disks, and at a place where its interrupt is not the notification's.
_NETWORK = ('-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,addr=5')
# Daemons ask at NTP's own port; the lab's server has another port, because it is not alone.
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
    """A guest whose page gives a marker only, with vmclockd and an NTP daemon by their packages.

    `packages` are Debian's, `files` is {path: content}, device as in Lab.boot().
    """

    def __init__(self, lab, packages, files, device='sim'):
        self._lab = lab
        self.server = ntp.Server(lab)
        system = lab.system(_SUITES[lab.kernel.name])
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
                                      programs=_PROGRAMS,
                                      setup=dataclasses.replace(SYSTEM_SETUP, qemu=_NETWORK,
                                                                append='iomem=relaxed'))

    def marker(self):
        return int(self.vm.run('cat /sys/class/misc/vmclock0/disruption_marker'))

    def state(self):
        return healing.read_state(self.vm)

    def said(self):
        return self.vm.run('journalctl -b -o cat -u vmclockd')

    def wait_trusted(self, timeout):
        # vmclockd makes it when it starts.
        self.vm.wait_for('test -s /run/vmclock/state')
        marker = self.marker()

        def trusted():
            state = self.state()
            return state['trust'] == healing.TRUSTED and state['marker'] == marker
        try:
            self._lab.wait_for(trusted, 'trust in the system clock', timeout)
        finally:
            self.vm.run('journalctl -b -o short-monotonic')

    def disrupt(self, seconds):
        """Change the marker, and make the system clock wrong by this much."""
        self.vm.run(f'date -s @$(($(date +%s) + {seconds}))')
        self.mark()

    def mark(self):
        """Disrupt by changing only the marker."""
        self.vm.page.disrupt()
        self.vm.notify()

    def is_right(self):
        return abs(int(self.vm.run('date +%s')) - time.time()) <= 2
