# SPDX-License-Identifier: MIT
"""examples/event-loop sleeps until the driver wakes it, and ends when the device is gone."""

# Other scenarios test the driver's poll on all kernels.
KERNELS = ('6.12',)


def switches(vm):
    return int(vm.run("sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' "
                      '/proc/$(pidof event-loop)/status'))


def check_sleeps(lab, vm):
    """Count wake-ups: in two seconds, the timer for devices without poll would expire 20 times."""
    before = switches(vm)
    vm.run('sleep 2')
    woken = switches(vm) - before
    lab.check(woken < 5, f'it woke {woken} times while it should sleep')


def run(lab):
    vm = lab.boot('sim', programs=['event-loop'])
    vm.load()
    # The input never ends, and stays empty.
    vm.run('sleep 1000 | event-loop >/tmp/seen 2>&1 &')
    vm.wait_for('grep -qx "watching, marker 0" /tmp/seen')
    check_sleeps(lab, vm)

    vm.page.disrupt()
    vm.notify()
    vm.wait_for('grep -qx "disrupted: marker 0 -> 1" /tmp/seen')
    vm.wait_for('grep -qx "the clock is trusted, marker 1" /tmp/seen')
    check_sleeps(lab, vm)

    vm.run(f'echo {vm.device} >/sys/bus/platform/drivers/vmclock-guest/unbind')
    vm.wait_for('grep -qx "event-loop: cannot go on: there is no device, or it is gone" /tmp/seen')
