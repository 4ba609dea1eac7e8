# SPDX-License-Identifier: MIT
"""Live migration between two QEMU processes: every kind of reader sees it exactly once."""

READERS = {
    'poll': 'device-poll',
    'epoll': 'device-poll --epoll',
    'map': 'device-watch',
    'wait': 'lib-wait',
}

# QEMU has a VMClock device of its own for PCs.
ARCHITECTURES = ('amd64',)


def run(lab):
    vm = lab.boot('vmclock', programs=['device-poll', 'device-watch', 'lib-wait', 'stamp-events'])
    vm.listen_for_uevents()
    vm.load()
    for name, command in READERS.items():
        vm.run(f'{command} >/tmp/{name} 2>&1 &')
    vm.run('stamp-events 0 20 >/tmp/stamps 2>&1 &')
    for name in READERS:
        vm.wait_for(f'grep -q -e waiting -e "marker 1" /tmp/{name}')
    vm.wait_for('grep -q "event 5 at" /tmp/stamps')

    vm.migrate()

    for name, line in {'poll': 'marker 2', 'epoll': 'marker 2', 'map': 'marker 2',
                       'wait': 'disrupted 1 -> 2'}.items():
        vm.wait_for(f'grep -qx "{line}" /tmp/{name}')
    vm.wait_for('grep -q "REFUSED: clock disrupted, marker 1 -> 2" /tmp/stamps')
    # After the refusal the program goes on with the new marker.
    vm.wait_for('grep -A1 REFUSED /tmp/stamps | grep -q " at "')
    lab.equal(vm.wait_uevents(1),
              [{'VMCLOCK_EVENT': 'disruption', 'VMCLOCK_DISRUPTION_MARKER': '2'}],
              'what udev was told')
    lab.equal(vm.run('grep -c REFUSED /tmp/stamps'), '1', 'the number of refused stamps')
