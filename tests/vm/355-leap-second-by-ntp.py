# SPDX-License-Identifier: MIT
"""A completed page through a leap second: right if list and servers agree, else without time."""

import datetime

from vmlab.guest import chrony
from vmlab.guest.healing import Healing
from vmlab.host.clock import NSEC, HostClock, calibrate
from vmlab.host.ntp import LeapingServer

KERNELS = ('5.10', '6.12', '7.3')
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

MIDNIGHT = int(datetime.datetime(2017, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
TAI_OFFSET = 36
# Seconds before the leap second: the start, and the latest trust; and seconds after it.
BEGIN = 240
READY = 15
AFTER = 10
# The path of the list, and the line of this leap second.
LIST = '/usr/share/zoneinfo/leap-seconds.list'
LINE = '3692217600'
NOT_ANNOUNCED = 'leap-seconds.list has a leap second that is not announced'
NOT_LISTED = 'a leap second is announced, but leap-seconds.list does not have it'


def run(lab):
    healing = Healing(lab, source='ntp')
    vm = healing.vm
    vm.run('mkdir -p /usr/share/zoneinfo')
    server = LeapingServer(MIDNIGHT, BEGIN, TAI_OFFSET)
    daemon = healing.start_chrony(server.settings(), knows_leaps=False)

    refused(lab, healing, daemon, 'Normal', f'cp {chrony.LEAP_SECONDS} {LIST}', NOT_ANNOUNCED)
    server.leap = 1
    refused(lab, healing, daemon, 'Insert second', f'sed -i /^{LINE}/d {LIST}', NOT_LISTED)
    begin(healing, f'cp {chrony.LEAP_SECONDS} {LIST}')
    healing.wait_trusted(60)
    lab.check(server.left() > READY, f'trusted {server.left():.0f} s before midnight')
    vm.run(f'sleep {server.left() - READY:.0f}', timeout=BEGIN)
    through(lab, healing, server)
    healing.wait_trusted(60)


def begin(healing, command):
    healing.vm.run(f'{command}; killall vmclockd; >/tmp/vmclockd')
    healing.vm.wait_for('! pidof vmclockd')
    healing.start(record_ms=0)


def refused(lab, healing, daemon, leap, command, why):
    lab.wait_for(lambda: daemon.tracking()['leap'] == leap, f'chronyd saying {leap}', 60)
    begin(healing, command)
    healing.vm.wait_for(f'grep -q "{why}" /tmp/vmclockd', 60)
    lab.check(healing.state()['trust'] != healing.TRUSTED, f'trusted, although {why}')
    lab.equal(healing.vm.run('time-read').splitlines()[0], 'utc EAGAIN',
              f'the time, although {why}')


def through(lab, healing, server):
    """The bounds of each reading hold the true time, in the inserted second, too."""
    began = calibrate(lab, healing.vm)
    with HostClock(lab) as host:
        output = healing.vm.run(f'time-read {server.left() + AFTER:.1f}',
                                timeout=10 * (READY + AFTER))
    offset = began.until(calibrate(lab, healing.vm))
    slack = host.slack(offset)
    inserted = 0
    for line in output.splitlines():
        scale, *numbers = line.split()
        if scale != 'utc':
            continue
        lab.equal(len(numbers), 5, f'the numbers of {line}')
        counter, _, earliest, latest, leap = map(int, numbers)
        truth = server.utc(host.time_at(counter, offset))
        inserted += leap == 3
        lab.check(earliest - slack <= truth <= latest + slack,
                  f'{truth - MIDNIGHT * NSEC} is not within {earliest - MIDNIGHT * NSEC}..'
                  f'{latest - MIDNIGHT * NSEC}, ns from midnight')
    lab.log(f'{inserted} readings in the leap second')
    lab.check(inserted > 20, f'only {inserted} readings in the leap second')
