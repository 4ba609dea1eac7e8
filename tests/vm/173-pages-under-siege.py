# SPDX-License-Identifier: MIT
"""A host writes random bytes while everything is in use: any answer is right if it comes soon."""

from vmlab.guest.device import Simulation
from vmlab.host.page import ticking

LIMIT_MS = 150
LONG = True
WATCHERS = ('debug', 'kcsan')
GOOD = {'magic': 0x4b4c4356, 'version': 1, 'size': 0x1000}


def run(lab):
    fields = ticking(lab.board.counter_id)
    vm = lab.boot(Simulation(fields, notify=False),
                  programs=['device-besieged', 'device-read', 'device-map'])
    vm.load('interval_ms=5 wait_interval_ms=2')
    vm.run(f'device-besieged /tmp/stop {LIMIT_MS} {vm.ptp_clock()} >/tmp/siege 2>&1 &')
    vm.wait_for('grep -qx besieged /tmp/siege')

    pages = lab.rounds(100000, 1000000)
    host = lab.start([lab.program('hostile-host'), vm.ram_path, str(vm.page.offset), str(pages)])
    lab.wait_for(lambda: host.poll() is not None, f'{pages} hostile pages', timeout=1800)
    lab.equal(host.returncode, 0, 'the status of hostile-host')
    vm.run('touch /tmp/stop')
    vm.wait_for('! pidof device-besieged', timeout=60)
    result = vm.run('cat /tmp/siege')
    lab.log(result)
    lab.check(result.splitlines()[-1].startswith('ok'), result)

    # When the host behaves again, the driver works again.
    vm.page.set(**GOOD, **fields)
    vm.page.update()
    lab.equal(vm.run('device-read'), 'ok', 'device-read after all of it')
    lab.equal(vm.run('device-map'), 'ok', 'device-map after all of it')
    vm.run('rmmod vmclock')
