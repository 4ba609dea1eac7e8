# SPDX-License-Identifier: MIT
"""While nothing happens, vmclockd wakes a few times a second, whatever the host does.

`make bench-idle` measures the cost on a real processor; an emulated one takes ten times as long.
"""

from vmlab.guest.healing import Healing

ARCHITECTURES = ('amd64',)
# Not run often enough yet to be part of every run.
ON_REQUEST = True

SECONDS = 30
# vmclockd looks ten times a second at a page that a host renews.
WAKES = 15
RESIDENT_KIB = 8192


def run(lab):
    for notify in (True, False):
        healing = Healing(lab, 'sim' if notify else 'sim-silent')
        healing.start()
        healing.wait_trusted()
        # time-record makes the driver look at the page all the time.
        healing.vm.run('killall time-record')
        check_idle(lab, healing.vm, notify)


def check_idle(lab, vm, notify):
    before = status(vm)
    vm.run(f'sleep {SECONDS}')
    after = status(vm)
    wakes = (after['voluntary_ctxt_switches'] - before['voluntary_ctxt_switches']) / SECONDS
    lab.log(f'the host {"notifies" if notify else "is silent"}: {wakes:.1f} wakes a second, '
            f'{after["VmRSS"]} KiB resident')
    lab.check(wakes <= WAKES, f'vmclockd wakes {wakes:.1f} times a second')
    lab.check(after['VmRSS'] <= RESIDENT_KIB, f'vmclockd has {after["VmRSS"]} KiB resident')


def status(vm):
    """The numbers in /proc/PID/status of all threads of vmclockd."""
    found = {}
    for line in vm.run('cat /proc/$(pidof vmclockd)/task/*/status').splitlines():
        name, _, value = line.partition(':')
        word = value.split()[0] if value.split() else ''
        if word.isdigit():
            found[name] = found.get(name, 0) + int(word) if name.endswith('switches') else int(word)
    return found
