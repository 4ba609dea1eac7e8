# SPDX-License-Identifier: MIT
"""Beside the kernel's own driver: one serves, and vmclock(4)'s commands hand the device over."""

import json
import re

from vmlab.guest import toolbox
from vmlab.guest.device import Simulation
from vmlab.host.page import WITH_TIME

KERNELS = ('6.18', '7.3')
OURS, KERNELS_OWN = 'vmclock', 'ptp_vmclock'
# The names of the modules' drivers.
DRIVERS = {OURS: 'vmclock-guest', KERNELS_OWN: 'vmclock'}
DEVICE = '/sys/bus/platform/devices/AMZNC10C:00'
MODPROBE = '/usr/sbin/modprobe'


def run(lab):
    vm = lab.boot(Simulation(WITH_TIME), modules=[KERNELS_OWN],
                  programs=['device-hold', 'lib-wait', 'stamp-events', 'time-read',
                            'vmclock-check'], files=toolbox.files(lab, MODPROBE))
    toolbox.unpack(vm)
    vm.run('mkdir /etc/modprobe.d')
    guest = Guest(lab, vm)
    check_orders(guest)
    check_modprobe_d(guest)
    check_driver_override(guest)
    lab.equal(re.findall('^<[0-4]>.*vmclock(?!: loading out-of-tree).*', vm.run('dmesg -r'),
                         re.MULTILINE), [], 'what the kernel has to complain of')


class Guest:
    """A guest that has both modules, and the manual."""

    def __init__(self, lab, vm):
        self.lab = lab
        self.vm = vm
        page = (lab.tree / 'man/vmclock.4').read_text(encoding='utf-8')
        self.manual = {text.partition('\n')[0]: re.findall(
            r'^\.Bd -literal.*\n((?:[^.].*\n)+)\.Ed$', text, re.MULTILINE)
            for text in page.split('\n.Ss ')}

    def modprobe(self, arguments):
        """Run kmod's modprobe, because busybox's supports little of modprobe.d."""
        return self.vm.run(f'{toolbox.command("modprobe")} {arguments}')

    def follow(self, heading, number):
        """Do what the manual says below a heading."""
        commands = self.manual[heading][number]
        self.vm.run('set -e\n' + re.sub('^modprobe', toolbox.command('modprobe'), commands,
                                        flags=re.MULTILINE))

    def find(self):
        """Do what udev does when it finds the device, with no module loaded yet."""
        self.modprobe(f'-r {OURS} {KERNELS_OWN}')
        self.modprobe(f'-b "$(cat {DEVICE}/modalias)"')

    def check_serves(self, module, beside=None):
        """Check that `module` serves the device, `beside` is idle, and programs work."""
        lab, vm = self.lab, self.vm
        report = json.loads(vm.shell('vmclock-check --json').output)
        # The page's clock is made up, and the verdict on it of no interest.
        lab.equal(report['usable']['marker']['usable'], True, 'whether the page can be read')
        lab.equal([(offer['module'], offer['driver'], offer['serves'])
                   for offer in report['hypervisor']['offers']],
                  [(module, DRIVERS[module], 'vmclock0')], 'who serves the device')
        lab.equal({m['name']: m['bound'] for m in report['modules'] if m['state'] == 'loaded'},
                  {name: name == module for name in DRIVERS if name in (module, beside)},
                  'the modules that are loaded, and serve')
        text = vm.shell('vmclock-check').output
        lab.check(f'; driver {DRIVERS[module]} serves it as vmclock0\n' in text,
                  'vmclock-check does not tell the driver')
        lab.equal(re.findall('^  (.*?)  .*, serves the device', text, re.MULTILINE), [module],
                  'what vmclock-check tells of the modules')
        self.check_programs()

    def check_programs(self):
        lab, vm = self.lab, self.vm
        clock, *times = vm.run('cat /sys/class/ptp/*/clock_name; time-read').splitlines()
        lab.equal(clock, 'vmclock0', 'the PTP clock')
        lab.equal([len(line.split()) for line in times], [6, 6, 6],
                  'the words about the time in each scale')
        marker = vm.page.get('disruption_marker')
        vm.run('rm -f /tmp/wait; lib-wait >/tmp/wait 2>&1 & '
               'until grep -qx waiting /tmp/wait; do usleep 10000; done')
        vm.page.disrupt()
        vm.notify()
        vm.wait_for(f'grep -qx "disrupted {marker} -> {marker + 1}" /tmp/wait')


def check_orders(guest):
    for first, second in ((OURS, KERNELS_OWN), (KERNELS_OWN, OURS)):
        guest.modprobe(first)
        guest.check_serves(first)
        guest.modprobe(second)
        guest.check_serves(first, beside=second)
        guest.modprobe(f'-r {second} {first}')


def check_modprobe_d(guest):
    heading = 'Permanently: modprobe.d'
    guest.find()
    guest.check_serves(KERNELS_OWN, beside=OURS)

    # At once, and when udev finds the device again.
    guest.follow(heading, 0)
    guest.follow(heading, 1)
    guest.check_serves(OURS)
    guest.find()
    guest.check_serves(OURS)

    guest.follow(heading, 2)
    guest.check_serves(KERNELS_OWN)
    guest.find()
    guest.check_serves(KERNELS_OWN, beside=OURS)
    guest.follow(heading, 3)
    guest.find()
    guest.check_serves(KERNELS_OWN)

    # An open file keeps the driver.
    guest.vm.run('sleep 1000 </dev/vmclock0 & echo $! >/tmp/sleep')
    guest.lab.check(guest.vm.shell(f'rmmod {KERNELS_OWN}').status != 0, 'a module in use can go')
    guest.vm.run('kill $(cat /tmp/sleep); rm /etc/modprobe.d/vmclock-driver.conf')


def check_driver_override(guest):
    lab, vm = guest.lab, guest.vm
    heading = 'Until the next boot: driver_override'
    guest.follow(heading, 0)
    guest.check_serves(OURS, beside=KERNELS_OWN)

    # Programs that have the device open.
    vm.run('mkfifo /tmp/release && sleep 1000 >/tmp/release &')
    vm.run('device-hold </tmp/release >/tmp/hold 2>&1 &')
    vm.run('lib-wait >/tmp/open 2>&1 &')
    vm.run('stamp-events 0 20 >/tmp/stamps 2>&1 &')
    vm.wait_for('grep -qx holding /tmp/hold && grep -qx waiting /tmp/open && '
                'grep -q "event 3 at" /tmp/stamps')
    guest.follow(heading, 1)
    vm.wait_for('grep -qx ok /tmp/hold && grep -q "^No such device" /tmp/open')
    lab.equal(vm.run('grep -c REFUSED /tmp/stamps; true'), '0', 'stamps refused so far')
    # This disrupts the clock, and an old mapping of the page shows that.
    guest.check_serves(KERNELS_OWN, beside=OURS)
    vm.wait_for('grep -q REFUSED /tmp/stamps')
    lab.check(vm.shell(f'rmmod {OURS}').status != 0, 'a module in use can go')
    vm.run('killall sleep stamp-events')
    vm.wait_for('! pidof device-hold')
    lab.equal(vm.run('cat /tmp/hold'), 'holding\nok', 'what the open device gave')

    # The override stays, until it is removed.
    guest.modprobe(f'-r {OURS} {KERNELS_OWN}')
    guest.modprobe(OURS)
    guest.modprobe(KERNELS_OWN)
    guest.check_serves(KERNELS_OWN, beside=OURS)
    guest.follow(heading, 2)
    guest.modprobe(f'-r {OURS} {KERNELS_OWN}')
    guest.modprobe(OURS)
    guest.check_serves(OURS)
