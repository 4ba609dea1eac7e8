# SPDX-License-Identifier: MIT
"""A uevent for which there is no memory is sent later, and it has the last state."""

KERNELS = ()
WATCHERS = ('debug',)
FAILURES = '/sys/kernel/debug/failslab'
# At most this many allocations fail; so many are never tried.
MANY = 1000


def run(lab):
    vm = lab.boot('sim', programs=['uevent-record'])
    vm.run('uevent-record >/tmp/uevents 2>&1 &')
    vm.wait_for('grep -qx listening /tmp/uevents')
    # Nothing but the failure itself can make the driver try again.
    vm.load('interval_ms=0')
    let_fail(vm)
    for number in (1, 2):
        vm.page.disrupt(vm_generation_counter=number)
        vm.notify()
        vm.wait_for(f'test $(cat {FAILURES}/times) -lt {MANY}')
    lab.check(vm.shell('grep VMCLOCK_ /tmp/uevents').status != 0, 'a uevent was sent nevertheless')
    vm.run(f'echo 0 >{FAILURES}/probability')
    kinds = [event['VMCLOCK_EVENT'] for event in vm.wait_uevents(2)]
    lab.equal(kinds, ['disruption', 'generation'], 'the uevents')
    for event in vm.wait_uevents(2):
        lab.equal(event['VMCLOCK_DISRUPTION_MARKER'], '2', 'the marker told')
        lab.equal(event['VMCLOCK_VM_GENERATION_COUNTER'], '2', 'the generation told')


def let_fail(vm):
    """Let all allocations fail that the driver causes."""
    vm.run('mount -t debugfs debugfs /sys/kernel/debug')
    _, size, _, _, _, start, *_ = vm.run('grep "^vmclock " /proc/modules').split()
    settings = {'verbose': 0, 'ignore-gfp-wait': 'N', 'task-filter': 'N', 'interval': 1,
                'times': MANY, 'stacktrace-depth': 32, 'require-start': start,
                'require-end': hex(int(start, 16) + int(size)), 'probability': 100}
    for name, value in settings.items():
        vm.run(f'echo {value} >{FAILURES}/{name}')
