# SPDX-License-Identifier: MIT
"""The effect of a disruption on a guest's clocks, with and without vmclockd: for the figures.

Rows are (time, {name: ns}): true seconds since the guest last ran on its old host, and the values
at that time; None if there was no time.
"""

from ..errors import Failed
from ..host import ntp
from ..host.clock import NSEC, TAI_OFFSET, HostClock, calibrate
from .healing import Healing

# The counter of the first host is too fast for the guest, that of the second too slow; and
# there it is behind as well, as if the hypervisors' own clocks disagreed.
PPM_BEFORE = 50
PPM_AFTER = -50
STEP = 10_000_000
# Seconds for which the guest with a marker-only page is paused.
PAUSE = 5


def migrated(lab, before, after, vmclockd=False, record_ms=100):
    """Errors of three clocks on a page with time: `alone`, `system` with chronyd, `libvmclock`.

    All of it is recorded for so many seconds `before` the migration, from when chronyd holds the
    system clock, and `after` it.
    """
    healing = Healing(lab, source='ptp', ppm=PPM_BEFORE)
    daemon = healing.start_chrony()
    daemon.wait_selected()
    _begin(healing, vmclockd, record_ms)
    healing.wait(before)
    lab.log(f'chronyd before: {daemon.tracking()}')
    healing.migrate(STEP, PPM_AFTER)
    healing.wait(after)
    lab.log(f'chronyd after: {daemon.tracking()}')
    records = healing.records()
    widths = sorted(healing.ns(record.width) for record in records)
    lab.log(f'a reading took {widths[len(widths) // 2]} ns, {widths[-1]} ns at worst')
    if vmclockd:
        lab.log(healing.said())
    return _judged(healing, records)


def _begin(healing, vmclockd, record_ms):
    if vmclockd:
        healing.start(record_ms=None)
        healing.wait_trusted(90)
    # Start the record now, so that vmclock_open() finds the files of vmclockd.
    healing.record(record_ms)


def _judged(healing, records):
    first = healing.first
    # The system clock without corrections: the raw clock, corrected once at the start.
    raw_is_behind = first.realtime - first.raw - healing.ns(first.counter - first.raw_counter)
    _, arrived = healing.lines.values()
    for record in records:
        line = healing.lines[record.marker]

        def error(counter, time, line=line):
            return time + TAI_OFFSET * NSEC - (line.at(counter) * NSEC >> 64)

        yield (line.at(record.counter) - arrived.time) / 2**64, {
            'alone': error(record.raw_counter, record.raw + raw_is_behind),
            'system': error(record.counter, record.realtime),
            'libvmclock': None if record.library is None else
                          error(record.library_counter, record.library)}


def interrupted(lab, before, after, vmclockd=False, record_ms=20):
    """A marker-only page, an NTP server, and a guest that is paused for some seconds.

    The `error` of the system clock, the kernel's own bound of it (`claimed`), and half
    the `width` between the bounds of vmclock_now(). They are recorded for so many seconds `before`
    the interruption, from when the guest has the time, and `after` it.
    """
    healing = Healing(lab, source='ntp')
    server = ntp.Server(lab)
    daemon = healing.start_chrony(server.settings())
    daemon.wait_selected(ntp.HOST)
    with HostClock(lab) as host:
        began = calibrate(lab, healing.vm)
        _begin(healing, vmclockd, record_ms)
        healing.wait(before)
        old = began.until(calibrate(lab, healing.vm))
        healing.interrupt(PAUSE)
        healing.wait(after)
        new = calibrate(lab, healing.vm)
        records = healing.records()
    if vmclockd:
        lab.log(healing.said())
    return _compared(lab, host, (old, new), records, vmclockd)


def _compared(lab, host, offsets, records, vmclockd):
    *_, last = (record for record in records if record.marker == records[0].marker)
    readings = 0
    for record in records:
        offset = offsets[record.marker != records[0].marker]
        slack = host.slack(offset)
        found = {'error': _utc(host, record.counter, offset, record.realtime),
                 'claimed': record.max_error, 'width': None}
        if record.earliest is not None:
            readings += 1
            found['width'] = (record.latest - record.earliest) // 2
            early, late = (_utc(host, record.library_counter, offset, bound)
                           for bound in (record.earliest, record.latest))
            if early > slack or late < -slack:
                raise Failed(f'the truth is not within {early}..{late} ns of it, under marker '
                             f'{record.marker}')
        yield (record.counter - last.counter) * host.tick / NSEC, found
    lab.log(f'{readings} of {len(records)} readings of vmclock_now() hold the truth, others gave '
            'no time')
    lab.check(readings > 0 or not vmclockd, 'vmclock_now() never gave the time')


def _utc(host, counter, offset, time):
    """How far a time in UTC is ahead of true time."""
    return time + TAI_OFFSET * NSEC - host.time_at(counter, offset)
