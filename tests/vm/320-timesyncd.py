# SPDX-License-Identifier: MIT
"""A page with a marker only: vmclockd completes it from systemd-timesyncd, after disruptions as well."""

import time

from vmlab import chrony, packaged, toolbox
from vmlab.healing import Healing
from vmlab.truth import Truth

ARCHITECTURES = ('amd64',)
ALONE = True
# It has not run often enough to judge others.
ON_REQUEST = True

PACKAGES = 'systemd-timesyncd dbus socat'
PROGRAMS = ('/lib/systemd/systemd-timesyncd', '/usr/bin/dbus-daemon', '/usr/bin/busctl',
            '/usr/bin/socat')
# As systemd would: its user, its folders and its bus. NTP's own port is that of the lab's server.
START = r'''
echo 'systemd-timesync:x:997:997::/:/bin/false' >>/etc/passwd
echo 'systemd-timesync:x:997:' >>/etc/group
mkdir -p /run/systemd/timesync /var/lib/systemd/timesync /etc/systemd /run/dbus
chown 997:997 /run/systemd/timesync /var/lib/systemd/timesync
printf '[Time]\nNTP=127.0.0.1\nFallbackNTP=\n' >/etc/systemd/timesyncd.conf
cat >/etc/bus.conf <<'END'
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>
<auth>EXTERNAL</auth><policy context="default"><allow user="*"/><allow own="*"/>
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/></policy></busconfig>
END
ip link set lo up
%(socat)s -T 3 UDP-LISTEN:123,bind=127.0.0.1,fork UDP:%(host)s:%(port)d >/tmp/socat 2>&1 &
%(dbus-daemon)s --config-file=/etc/bus.conf --nofork --nopidfile >/tmp/dbus 2>&1 &
'''
RUN = 'SYSTEMD_LOG_LEVEL=debug {} >>/tmp/timesyncd 2>&1 & echo $! >/run/timesyncd.pid'
HOUR = 3600
# Nobody gives the time back meanwhile.
SILENCE = 12
# Seconds until it is right again, with a server; and after one that was silent.
HEALED, LATE = 30, 120


def run(lab):
    healing = Healing(lab, notify=True, time=False, network=True,
                      files=packaged.files(lab, PACKAGES, *PROGRAMS))
    vm = healing.vm
    server = chrony.Server(lab)
    toolbox.unpack(vm)
    commands = {name.rpartition('/')[2]: toolbox.command(name.rpartition('/')[2]) for name in PROGRAMS}
    vm.run(START % {**commands, 'host': chrony.HOST, 'port': server.port})
    vm.wait_for('test -S /run/dbus/system_bus_socket')
    timesyncd = RUN.format(commands['systemd-timesyncd'])
    # What restarts it in the place of systemctl.
    vm.run("cat >/run/systemctl <<'END'\n#!/bin/sh\n"
           f'echo "$@" >>/tmp/systemctl; kill $(cat /run/timesyncd.pid); {timesyncd}\n'
           'END\nchmod +x /run/systemctl')
    vm.run(timesyncd)
    healing.start(f'busctl = {packaged.script(vm, "busctl")}', 'systemctl = /run/systemctl')
    try:
        check(lab, healing, server)
    finally:
        for name in ('vmclockd', 'timesyncd', 'socat', 'dbus'):
            lab.log(f'{name}: {vm.run(f"tail -n 60 /tmp/{name}")}')


def check(lab, healing, server):
    vm = healing.vm
    healing.wait_trusted(60)
    lab.check('kept by timesyncd' in healing.said(), 'vmclockd has found another daemon')
    with Truth(lab, vm) as truth:
        truth.read(1)
        for seconds in (HOUR, -HOUR):
            disrupt(healing, seconds)
            healing.wait_trusted(HEALED)
            truth.read(1)
            lab.check(is_right(vm), 'the system clock is not right')

        server.stop()
        disrupt(healing, HOUR)
        vm.run(f'sleep {SILENCE}')
        lab.check(healing.state()['trust'] != healing.TRUSTED, 'trusted without a server')
        server.start()
        healing.wait_trusted(LATE)
        lab.check(is_right(vm), 'the system clock is not right')
        truth.read(1)


def disrupt(healing, seconds):
    healing.vm.run(f'date -s @$(($(date +%s) + {seconds}))')
    healing.mark()


def is_right(vm):
    return abs(int(vm.run('date +%s')) - time.time()) <= 1
