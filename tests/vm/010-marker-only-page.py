# SPDX-License-Identifier: MIT
"""QEMU's own device: an unprivileged user can read, map and poll it, and nobody can write it."""

# QEMU has a VMClock device of its own for PCs.
ARCHITECTURES = ('amd64',)


def run(lab):
    vm = lab.boot('vmclock', programs=['device-read', 'device-map', 'lib-wait', 'stamp-events'])
    vm.load()

    lab.equal(vm.run('stat -c %a,%U,%F /dev/vmclock0'), '444,root,character special file',
              'the device node')
    for user in (None, 'nobody'):
        lab.equal(vm.run('device-read', user=user), 'ok', f'device-read as {user or "root"}')
        lab.equal(vm.run('device-map', user=user), 'ok', f'device-map as {user or "root"}')

    sysfs = '/sys/class/misc/vmclock0'
    for name, value in {
            'clock_status': 'unknown', 'counter_id': 'invalid', 'disruption_marker': '1',
            'notification': 'timer', 'notification_count': '0', 'flags': '0x0'}.items():
        lab.equal(vm.run(f'cat {sysfs}/{name}', user='nobody'), value, name)
    lab.check('No data' in vm.shell(f'cat {sysfs}/time_maxerror_nanosec').output,
              'an error bound is shown that the page does not have')

    lab.equal(vm.shell('grep -slx "vmclock[0-9]*" /sys/class/ptp/*/clock_name').output, '',
              'the PTP clocks of a page that never has time')

    # The clock is not disrupted here.
    lab.equal(vm.run('lib-wait 2', user='nobody').splitlines()[-1],
              'Connection timed out 1 -> 1', 'vmclock_wait_disrupted')
    lab.equal(vm.run('stamp-events 3 1 | grep -c " at "', user='nobody'), '3', 'the stamps given')
