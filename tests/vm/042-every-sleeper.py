# SPDX-License-Identifier: MIT
"""Every kind of wait is woken, on every kind of host, even while the host changes its kind."""

from vmlab.guest.wakeup import Sleeper, ways
from vmlab.host.page import FLAG_NOTIFICATION_PRESENT, FLAG_VM_GEN_COUNTER_PRESENT

KERNELS = ('5.10', '6.12', '7.3', '6.12-arm64')
WATCHERS = ('debug',)
SILENT = FLAG_VM_GEN_COUNTER_PRESENT
NOTIFYING = SILENT | FLAG_NOTIFICATION_PRESENT
# What the host does, the flags that it sets, and whether it notifies.
WENT_SILENT = ('a host that goes silent without a pulse', SILENT, False)
WENT_SILENT_PULSE = ('a host that goes silent with a last pulse', SILENT, True)
IS_SILENT = ('a silent host', SILENT, False)
BEGAN = ('a host that begins to notify without a pulse', NOTIFYING, False)
BEGAN_PULSE = ('a host that begins to notify with a pulse', NOTIFYING, True)
NOTIFIES = ('a host that notifies', NOTIFYING, True)
# The host's flags when the sleeper comes, and what the host does then.
HOSTS = (
    (NOTIFYING, (WENT_SILENT, IS_SILENT, BEGAN, NOTIFIES, WENT_SILENT_PULSE, IS_SILENT)),
    (SILENT, (IS_SILENT, BEGAN_PULSE, NOTIFIES)),
)
PARAMETERS = '/sys/module/vmclock/parameters'


def run(lab):
    vm = lab.boot('sim', programs=['device-wait'])
    # Only the sleeper makes the driver look at the page.
    vm.load('interval_ms=0')
    took = {}
    missing = set()
    for way, state in ways(vm):
        for flags, steps in HOSTS:
            vm.page.update(flags=flags)
            with Sleeper(vm, way, state) as sleeper:
                if sleeper.missing:
                    missing.add(way)
                    continue
                for step in steps:
                    took.setdefault(step[0], []).append(wake(vm, sleeper, step))
    for name, seconds in took.items():
        seconds.sort()
        lab.log(f'{name}: {1000 * seconds[len(seconds) // 2]:.1f} ms in the median, at most '
                f'{1000 * seconds[-1]:.0f} ms')
    lab.check(missing <= {'io_uring', 'io_uring-multi', 'aio'}, f'missing ways: {missing}')
    lab.log(f'ways that this kernel has not: {", ".join(sorted(missing)) or "none"}')

    check_wait_interval(lab, vm)
    check_udev(lab, vm)


def wake(vm, sleeper, step):
    name, flags, notify = step

    def change():
        vm.page.disrupt(flags=flags)
        return vm.begin_notify() if notify else None
    return sleeper.woken_by(change, name)


def check_wait_interval(lab, vm):
    """A parameter that is set at run time takes effect."""
    vm.page.update(flags=SILENT)
    took = []
    with Sleeper(vm, 'epoll') as sleeper:
        for interval in (1000, 20):
            vm.run(f'echo {interval} >{PARAMETERS}/wait_interval_ms')
            wake(vm, sleeper, IS_SILENT)
            took.append(sum(wake(vm, sleeper, IS_SILENT) for _ in range(5)))
    lab.log(f'five waits at 1000 ms took {took[0]:.2f} s, at 20 ms {took[1]:.2f} s')
    lab.check(took[0] > 3 * took[1], f'wait_interval_ms changes nothing: {took} s')


def check_udev(lab, vm):
    """udev gets a disruption while nobody waits, after interval_ms is set."""
    # The last sleeper may still be dying, and the kernel closes the files of its io_uring later.
    vm.wait_for('rmmod vmclock')
    vm.listen_for_uevents()
    vm.load('interval_ms=0')
    vm.page.disrupt(flags=SILENT)
    marker = vm.page.get('disruption_marker')
    lab.check(vm.shell(f'grep "MARKER={marker} " /tmp/uevents').status != 0,
              'udev is told although nobody is to look')
    vm.run(f'echo 100 >{PARAMETERS}/interval_ms')
    told(vm, 'interval_ms set at run time')

    for what, flags, notify in (IS_SILENT, BEGAN, NOTIFIES, WENT_SILENT, BEGAN_PULSE,
                                WENT_SILENT_PULSE):
        vm.page.disrupt(flags=flags)
        if notify:
            vm.notify()
        told(vm, what)
    for value in ('-1', 'x', '4294967296'):
        lab.check(vm.shell(f'echo {value} >{PARAMETERS}/interval_ms').status != 0,
                  f'interval_ms can be {value}')


def told(vm, what):
    marker = vm.page.get('disruption_marker')
    vm.wait_for(f': {what}; grep -q "VMCLOCK_DISRUPTION_MARKER={marker} " /tmp/uevents', 10)
