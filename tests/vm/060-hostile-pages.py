# SPDX-License-Identifier: MIT
"""Impossible pages and resources are refused at probe, each with its own line in the log."""

import json

from vmlab.guest.device import Simulation

REFUSED = (
    ({'magic': 0}, 'magic 0x00000000 at .* is not'),
    ({'magic': 0x56434c4b}, 'magic 0x56434c4b at .* is not'),
    ({'version': 0}, 'version 0,'),
    ({'version': 2}, 'version 2,'),
    ({'version': 0xffff}, 'version 65535,'),
    ({'size': 0}, 'size 0x0 '),
    ({'size': 0x1f}, 'size 0x1f '),
    ({'size': 0x1001}, 'size 0x1001 '),
    ({'size': 0xffffffff}, 'size 0xffffffff '),
)
GOOD = {'magic': 0x4b4c4356, 'version': 1, 'size': 0x1000}
DRIVER = '/sys/bus/platform/drivers/vmclock-guest'


def run(lab):
    vm = lab.boot(Simulation({'magic': 0}),
                  programs=['device-read', 'device-map', 'device-nowait', 'device-uring',
                            'vmclock-check'])
    vm.load()
    device = vm.device
    bind = f'echo {device} >{DRIVER}/bind'

    for fields, line in REFUSED:
        vm.page.set(**{**GOOD, **fields})
        lab.check(vm.shell(bind).status != 0, f'a page with {fields} was accepted')
        vm.wait_log(f'vmclock-guest {device}: refused: .*{line}')
        vm.run('test ! -e /dev/vmclock0')
    check_told(lab, vm, 'refused: page size 0xffffffff ')

    small_pages(lab, vm, device)
    stuck_count(lab, vm, device)


def check_told(lab, vm, line):
    """vmclock-check knows why no driver serves the device."""
    report = json.loads(vm.shell('vmclock-check --json').output)
    lab.check(line in report['summary'], report['summary'])
    lab.check('whoever runs the hypervisor' in report['next_step'], report['next_step'])


def small_pages(lab, vm, device):
    """The smallest possible page: marker and flags, and nothing after them."""
    vm.page.set(**{**GOOD, 'size': 0x20})
    vm.run(f'echo {device} >{DRIVER}/bind')
    lab.equal(vm.run('cd /sys/class/misc/vmclock0 && echo *_*'),
              'counter_id disruption_marker notification_count seq_count time_type',
              'what sysfs shows')
    vm.run(f'echo {device} >{DRIVER}/unbind')


def stuck_count(lab, vm, device):
    """A host that does not finish an update: an error, not a hang, until the update ends."""
    vm.page.set(**GOOD, seq_count=5)
    vm.run(f'echo {device} >{DRIVER}/bind')
    for what in ('dd if=/dev/vmclock0 bs=4 count=1', 'cat /sys/class/misc/vmclock0/clock_status'):
        lab.check('timed out' in vm.shell(what, timeout=10).output, f'{what} does not time out')
    vm.run(f'echo {device} >{DRIVER}/unbind')
    vm.run(f'echo {device} >{DRIVER}/bind')
    vm.page.set(seq_count=6)
    lab.equal(vm.run('device-read'), 'ok', 'device-read')
    lab.equal(vm.run('device-map'), 'ok', 'device-map')
    stuck_in_use(lab, vm, device)


def stuck_in_use(lab, vm, device):
    """The log has one line for a stuck update, one for its end; non-blocking reads never sleep."""
    vm.run(f'echo {device} >{DRIVER}/unbind')
    vm.run(f'echo {device} >{DRIVER}/bind')
    stuck = 'vmclock0: the host does not finish an update of the page: seq_count is stuck at'
    vm.page.set(seq_count=7)
    vm.notify()
    vm.wait_log(f'{stuck} 7')
    lab.equal(vm.run('device-nowait'), 'ok', 'device-nowait')
    vm.run('device-uring >/tmp/uring 2>&1 &')
    vm.wait_for('grep -qxE "reading|missing" /tmp/uring')
    vm.page.set(seq_count=8)
    vm.notify()
    vm.wait_log('vmclock0: the host goes on')
    vm.wait_for('grep -qxE "64|missing" /tmp/uring')
    # Repeated stuck updates do not each get a line.
    vm.page.set(seq_count=9)
    vm.run('sleep 2')
    vm.page.set(seq_count=10)
    lab.check(f'{stuck} 9' not in vm.console(), 'the log is full of it')
