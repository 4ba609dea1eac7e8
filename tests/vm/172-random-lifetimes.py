# SPDX-License-Identifier: MIT
"""Random operations on all kinds of open files, while the driver is bound and unbound."""

LONG = True
WATCHERS = ('debug', 'kcsan')


def run(lab):
    vm = lab.boot('sim-silent', programs=['device-lifetime', 'device-read'],
                  fields={'time_type': 1, 'clock_status': 2, 'counter_id': lab.board.counter_id,
                          'counter_period_frac_sec': 1 << 34})
    vm.load('interval_ms=5 wait_interval_ms=2')
    operations = lab.rounds(4000, 100000)
    lab.log(vm.run(f'device-lifetime {operations} 1 {vm.device}', timeout=1800))
    lab.equal(vm.run('device-read'), 'ok', 'device-read after all of it')
    # Nothing holds the module any more.
    vm.run('rmmod vmclock')
