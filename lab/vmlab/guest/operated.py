# SPDX-License-Identifier: MIT
"""vmclockd as an operator has it: from its package, in a Debian whose hypervisor moves it."""

import re

from ..host.clock import NSEC, TAI_OFFSET
from . import timeline

# As systemd-analyze judges vmclockd's unit: what the manual page says, at most.
_EXPOSURE = 2.5
# What the clock is behind after the disruption, in s, and what of it counts as much, in ns.
_STEP = 3
_CLOSE = NSEC // 100
_HOOK = '/etc/vmclock/hooks.d/10-freeze'
_EXAMPLE = '/usr/share/doc/vmclockd/examples/hooks/freeze'
# A container's users are not those outside, and root, who owns the folder, is none of them.
_CONTAINER = 'mount --bind /run/vmclock /run/vmclock && ' \
             'mount -o remount,bind,{mode},nosuid,nodev,noexec /run/vmclock && ' \
             'exec vmclock-check --wait=0'


class Operated:
    """A guest with a device, a page without time yet, time-record, and vmclockd, which runs."""

    # What Lab.boot_system() needs in fields=.
    FIELDS = timeline.PAGE

    def __init__(self, lab, vm):
        self._lab = lab
        self._vm = vm
        self._line = None

    def begin(self):
        """The page gives time from now on, as the guest's clock has it."""
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

    def disrupt(self):
        """The machine has been moved: first only the marker says so, then the time does, too."""
        self._vm.run('systemd-run --quiet --unit=batch sleep infinity; '
                     f'mkdir -p $(dirname {_HOOK}) && '
                     f'sed s/batch.slice/batch.service/ {_EXAMPLE} >{_HOOK} && chmod 755 {_HOOK}')
        self._vm.page.disrupt()
        self._vm.notify()
        self._synchronized('no')
        result = self._vm.shell('vmclock-check --wait=0')
        self._lab.equal(result.status, 1, 'the status of vmclock-check')
        self._lab.check('the clock was disrupted' in result.output, result.output)
        self._vm.wait_for('test $(systemctl show -P FreezerState batch) = frozen')

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
        self._lab.check(re.search('the system clock is right within .* after the disruption was seen',
                                  reaction), f'the guest is not healed: {journal}')
        self._lab.check('failed' not in journal, f'a hook has failed: {journal}')

    def _check_container(self):
        for mode, status in (('ro', 0), ('rw', 1)):
            command = f"unshare --user --map-root-user --mount sh -c '{_CONTAINER.format(mode=mode)}'"
            result = self._vm.shell(command, user='nobody')
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
        """Another one than the process `before` is ready."""
        # Each look takes an emulated processor half a second.
        self._vm.run('until systemctl is-active --quiet vmclockd && '
                     f'test $(systemctl show -P MainPID vmclockd) != {before}; do sleep 1; done', timeout=180)

    def purge(self, packages):
        """Remove them and their settings: nothing of that name is left, and nothing runs."""
        # The index of all manual pages takes an emulated processor a minute.
        self._vm.run('rm -f /var/lib/man-db/auto-update')
        self._vm.run(f'dpkg --purge {packages}', timeout=300)
        # But for systemd's own notes of units, and udev's of the device, which is there.
        left = self._vm.run("find /etc /run /usr/lib/systemd /usr/lib/udev /usr/lib/tmpfiles.d "
                            "/usr/local /usr/sbin /var/lib/systemd "
                            "\\( -path /run/systemd -o -path /run/udev \\) -prune "
                            "-o -name '*vmclock*' -print")
        self._lab.equal(left, '', 'what a purge leaves')
        self._lab.equal(self._vm.shell('systemctl is-active vmclockd').output, 'inactive\n',
                        'vmclockd after the purge')
        self._lab.equal(self._vm.run('systemctl list-units --plain --no-legend --state=failed'), '',
                        'the units that have failed')
