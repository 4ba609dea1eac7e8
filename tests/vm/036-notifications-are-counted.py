# SPDX-License-Identifier: MIT
"""The driver counts the notifications that it hears, also in a flood, and anew once bound."""

import time

WATCHERS = ('debug',)
DRIVER = '/sys/bus/platform/drivers/vmclock-guest'
COUNT = '/sys/class/misc/vmclock0/notification_count'
ONE_BY_ONE = 21
# Pulses that nobody waits for: the guest cannot handle all of them one by one.
FLOOD = 1000
# The names of the interrupt in /proc/interrupts, and whether each interrupt is a notification.
# ACPI evaluates a method of the table in a thread, once for all interrupts that came meanwhile.
LINES = {'acpi': ('ACPI:Ged', False), 'irq': ('vmclock0', True)}


def run(lab):
    vm = lab.boot('sim')
    vm.load()
    lab.equal(vm.run(f'stat -c %a {COUNT} && cat {COUNT}', user='nobody'), '444\n0',
              'mode and count at the beginning')
    one_by_one(vm)
    flood(lab, vm)
    bound_again(lab, vm)
    check_silent(lab)
    if lab.board.notifier == 'irq':
        check_deaf(lab)


def count(vm):
    return int(vm.run(f'cat {COUNT}'))


def wait_count(vm, wanted):
    vm.wait_for(f'test $(cat {COUNT}) -eq {wanted}')


def one_by_one(vm):
    """Those after a change, those without one, and those in the middle of an update."""
    for heard in range(1, ONE_BY_ONE, 3):
        vm.page.update()
        vm.notify()
        wait_count(vm, heard)
        vm.notify()
        wait_count(vm, heard + 1)
        with vm.page.updating():
            vm.notify()
            wait_count(vm, heard + 2)


def flood(lab, vm):
    line, exact = LINES[vm.board.notifier]
    interrupts = f"awk '/{line}/ {{ for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i }} " \
                 "END { print n }' /proc/interrupts"
    lab.equal(vm.run(interrupts), str(ONE_BY_ONE), 'the interrupts so far')
    began = time.monotonic()
    for _ in range(FLOOD):
        vm.page.update()
        vm.notify()
    took = time.monotonic() - began
    heard, came = settled(lab, vm), int(vm.run(interrupts))
    lab.log(f'{FLOOD} pulses in {took:.1f} s, {came - ONE_BY_ONE} interrupts, '
            f'{heard - ONE_BY_ONE} notifications')
    lab.check(ONE_BY_ONE < heard <= came <= ONE_BY_ONE + FLOOD,
              f'{heard} notifications of {came} interrupts')
    if exact:
        lab.equal(heard, came, 'the notifications of that many interrupts')
    one_more(lab, vm)


def settled(lab, vm):
    """The count, once it stays: no notification is on its way."""
    last = [None, count(vm)]

    def stays():
        last[:] = last[1], count(vm)
        return last[0] == last[1]
    lab.wait_for(stays, 'the count to stay')
    return last[1]


def one_more(lab, vm):
    before = settled(lab, vm)
    vm.notify()
    wait_count(vm, before + 1)


def bound_again(lab, vm):
    device = vm.device
    answer = vm.run(f'exec 3<{COUNT}; echo {device} >{DRIVER}/unbind; cat <&3 2>&1; '
                    f'test ! -e {COUNT} && echo away')
    lab.check('No such device' in answer and answer.endswith('away'), answer)
    vm.run(f'echo {device} >{DRIVER}/bind')
    lab.equal(count(vm), 0, 'the count of a driver that was bound again')
    one_more(lab, vm)


def check_silent(lab):
    vm = lab.boot('sim-silent')
    vm.load()
    vm.page.disrupt()
    vm.run('head -c 16 /dev/vmclock0 >/dev/null')
    lab.equal(count(vm), 0, 'the notifications of a silent host')


def check_deaf(lab):
    """Another module has taken the interrupt, so there is nothing to count."""
    module = '/vmclock_listener.ko'
    vm = lab.boot('sim', files={module: lab.module('vmclock_listener')})
    vm.run(f'insmod {module}')
    vm.load()
    vm.wait_log(r'vmclock-guest .*: no notifications: cannot listen to them \(error -16\)')
    vm.run(f'test -c /dev/vmclock0 && test ! -e {COUNT}')
    lab.equal(vm.run('cat /sys/class/misc/vmclock0/notification'), 'timer', 'the notification')
