# SPDX-License-Identifier: MIT
"""A page that goes back to a state that the driver knows wakes those who know another one."""

# The driver looks at the page later than the scenario needs to change it twice.
LATE_MS = 5000
KERNELS = ('6.12',)


def run(lab):
    vm = lab.boot('sim-silent', programs=['device-poll'])
    # The driver knows the marker 0, and nobody makes it look again.
    vm.load(f'interval_ms=0 wait_interval_ms={LATE_MS}')
    for name in ('poll', 'epoll'):
        vm.page.set(disruption_marker=99)
        way = '--epoll' if name == 'epoll' else ''
        vm.run(f'device-poll {way} 1 >/tmp/{name} 2>&1 &')
        vm.wait_for(f'grep -qx waiting /tmp/{name}')
        vm.page.set(disruption_marker=0)
        vm.wait_for(f'grep -qx "marker 0" /tmp/{name}')
