# SPDX-License-Identifier: MIT
"""A program that waits on an isolated processor causes no looks at the page there."""

import re

from vmlab.guest.machine import Setup
from vmlab.guest.wakeup import Sleeper

# The kernels that the lab builds cannot isolate processors.
KERNELS = ('5.10', '7.3')
TRACE = '/sys/kernel/tracing'
EVENT = f'{TRACE}/events/workqueue/workqueue_execute_start/enable'
LOOKS = 100


def run(lab):
    vm = lab.boot('sim-silent', programs=['device-wait'], setup=Setup(append='isolcpus=1'))
    vm.load('interval_ms=0')
    vm.run(f'mount -t tracefs tracefs {TRACE}')
    with Sleeper(vm, 'epoll', command='taskset 2') as sleeper:
        vm.run(f'echo >{TRACE}/trace; echo 1 >{EVENT}')
        for _ in range(5):
            sleeper.woken_by(vm.page.disrupt, 'a silent host')
        vm.wait_for(f'test $(grep -c vmclock_look {TRACE}/trace) -ge {LOOKS}')
        lab.check('1' in vm.run('grep Cpus_allowed_list /proc/$(cat /tmp/sleeper.pid)/status'),
                  'the sleeper is not where it should be')
    lines = vm.run(f'grep vmclock_look {TRACE}/trace').splitlines()
    processors = [int(re.search(r'\[(\d+)\]', line)[1]) for line in lines]
    lab.log(f'{len(lines)} looks, {processors.count(1)} of them on the isolated processor')
    lab.equal(processors.count(1), 0, 'how often it looked on the isolated processor')
