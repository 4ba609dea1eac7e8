# SPDX-License-Identifier: MIT
"""QEMU's own device, migrated live and restored later: vmclockd completes its page each time."""

import time

from vmlab.guest.healing import Healing
from vmlab.host import ntp
from vmlab.host.clock import NSEC, TAI_OFFSET, HostClock, calibrate
from vmlab.host.judge import CLOCK, NOW

KERNELS = ('5.10', '6.12', '7.3')
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

# Seconds between saving and restoring the machine.
SAVED = 60
# The kernel knows that its clock is wrong, and the clock is right again, this soon after the start.
UNSYNCHRONISED_MS = 100
HEALED_MS = 10_000
BURST = 20, 2000
# Half the width of a reading, divided by chronyd's own bound.
RATIO = 1.2
SAMPLES = 20
# Seconds until vmclockd notices that chronyd has measured.
LEARNT = 2
# Ticks that QEMU may move the counter by between a migration and the comparison after it.
MOVED = 50_000


def run(lab):
    healing = Healing(lab, 'vmclock-shared', 'ntp')
    vm = healing.vm
    server = ntp.Server(lab)
    daemon = healing.start_chrony(server.settings())
    healing.start(record_ms=0)
    marker = int(vm.run('cat /sys/class/misc/vmclock0/disruption_marker'))
    healing.wait_trusted(90, marker)
    vm.run('time-sync >/tmp/sync 2>&1 &')

    offsets, began = {}, calibrate(lab, vm)
    with HostClock(lab) as host:
        healing.read_flat_out(*BURST)
        for move in (vm.migrate, lambda: vm.restore_after(SAVED)):
            check_widths(lab, vm, daemon)
            offsets[marker] = began.until(calibrate(lab, vm))
            move()
            marker += 1
            healing.wait_trusted(60, marker)
            began = calibrate(lab, vm)
            began.uncertainty += MOVED
        check_widths(lab, vm, daemon)
        offsets[marker] = began.until(calibrate(lab, vm))
        readings = healing.readings()
    vm.run('killall time-sync')
    vm.wait_for('! pidof time-sync')

    def truth(marker, counter):
        return host.time_at(counter, offsets[marker]) - TAI_OFFSET * NSEC

    uncertainty = max(offset.uncertainty for offset in offsets.values())
    for kind in (NOW, CLOCK):
        readings.check_truth(kind, truth, round((host.width + uncertainty) * host.tick))
    check_times(lab, vm.run('cat /tmp/sync'), readings, list(offsets)[1:], host.tick)


def check_times(lab, watched, readings, markers, tick):
    """All of the times are the guest's own: from the first look under the new marker.

    Before it the emulator had to translate what the looks are made of, which takes it 50 ms.
    """
    rows = [line.split() for line in watched.splitlines()]
    for marker in markers:
        before, ran = next(map(int, row[2:]) for row in rows if int(row[0]) == marker)
        lab.log(f'marker {marker}: seen {(ran - before) * tick / 1e6:.1f} ms after the last look '
                'before')
        told = next(int(row[3]) for row in rows
                    if int(row[0]) == marker and row[1] == 'unsynchronised')
        events = {'the kernel says unsynchronised': (told, UNSYNCHRONISED_MS),
                  'vmclock_now() has time': (readings.first(NOW, marker), HEALED_MS),
                  'the system clock is right': (readings.first(CLOCK, marker), HEALED_MS)}
        for what, (counter, limit) in events.items():
            lab.check(counter, f'marker {marker}: never was it so that {what}')
            ms = (counter - ran) * tick / 1e6
            lab.log(f'marker {marker}: {what} after {ms:.1f} ms')
            lab.check(ms <= limit, f'marker {marker}: {what} after {ms:.1f} ms')


def check_widths(lab, vm, daemon):
    """Readings are not much wider than chronyd's own bound."""
    ratios = []
    while len(ratios) < SAMPLES:
        before, tracking, after = half_width(vm), daemon.ask('tracking')[0], half_width(vm)
        distance = (float(tracking[10]) / 2 + float(tracking[11])) * NSEC
        if time.time() - float(tracking[3]) > LEARNT:
            ratios.append(max(before, after) / distance)
        vm.run('usleep 500000')
    ratios.sort()
    lab.log(f'half the width is {ratios[len(ratios) // 2]:.3f} times root delay / 2 + root '
            f'dispersion in the median, {ratios[-1]:.3f} times at most')
    lab.check(ratios[-1] <= RATIO, f'half the width is {ratios[-1]:.3f} times chronyd\'s own bound')


def half_width(vm):
    line, = (line for line in vm.run('time-read').splitlines() if line.startswith('utc'))
    _, _, _, earliest, latest, _ = line.split()
    return (int(latest) - int(earliest)) / 2
