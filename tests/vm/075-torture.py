# SPDX-License-Identifier: MIT
"""Every use of the device at once, under unbinding, unloading and a host that disrupts."""

import contextlib
import threading

from vmlab.host.qemu import Closed

KERNELS = ('5.10', '6.12', '7.3', '6.12-arm64')
WATCHERS = ('debug', 'kcsan')
DRIVER = '/sys/bus/platform/drivers/vmclock-guest'
# Rounds for each of two devices; the second number is for a watching kernel that --kernel names.
ROUNDS, THOROUGH = 12, 60
# $device is the name of the device. Before those who use it: there are many more than processors,
# and a round would take minutes on a kernel that watches.
TAKE_AND_GIVE = f'''sh -c '
renice -n -20 -p $$
for round in $(seq $rounds); do
    echo $device >{DRIVER}/unbind
    usleep 20000
    echo $device >{DRIVER}/bind
    usleep 50000
    # rmmod fails while somebody has the device open.
    if rmmod vmclock 2>/dev/null; then modprobe vmclock interval_ms=5 wait_interval_ms=2; fi
done
touch /tmp/stop'
'''


def disrupt(vm, notify, stop):
    """The host; it ends with the guest, and leaves reporting the guest's death to others."""
    number = 0
    while not stop.wait(0.003):
        number += 1
        vm.page.disrupt(vm_generation_counter=number // 3)
        if notify:
            with contextlib.suppress(Closed):
                vm.notify()
        if number % 50 == 0:
            with vm.page.updating():
                stop.wait(0.12)


def torture(lab, device):
    vm = lab.boot(device, programs=['device-torture'])
    vm.load('interval_ms=5 wait_interval_ms=2')
    stop = threading.Event()
    host = threading.Thread(target=disrupt, args=(vm, device == 'sim', stop))
    host.start()
    try:
        vm.run('device-torture /tmp/stop >/tmp/use 2>&1 &')
        vm.run('device-torture --kill /tmp/stop >/tmp/kill 2>&1 &')
        rounds = lab.rounds(ROUNDS, THOROUGH)
        vm.run(f'rounds={rounds} device={vm.device} {TAKE_AND_GIVE}', timeout=10 * rounds)
        vm.wait_for('! pidof device-torture', timeout=60)
    finally:
        stop.set()
        host.join()
    for name in ('use', 'kill'):
        result = vm.run(f'tail -n 1 /tmp/{name}')
        lab.check(result.startswith('ok'), f'{name}: {result}')
    vm.run('rmmod vmclock')


def run(lab):
    torture(lab, 'sim')
    torture(lab, 'sim-silent')
