# SPDX-License-Identifier: MIT
"""A page with a marker only: vmclockd completes it from ntpd, which it restarts after disruptions."""

import time

from vmlab import chrony, packaged, toolbox
from vmlab.healing import Healing
from vmlab.truth import Truth

ARCHITECTURES = ('amd64',)
ALONE = True
# It has not run often enough to judge others.
ON_REQUEST = True

PACKAGES = 'ntpsec socat'
PROGRAMS = ('/usr/sbin/ntpd', '/usr/bin/socat')
# NTP's own port is that of the lab's server. Without a drift file ntpd measures for 5 minutes.
START = r'''
mkdir -p /var/lib
echo 0.000 >/var/lib/ntp.drift
printf 'driftfile /var/lib/ntp.drift\ntos minclock 1 minsane 1\n' >/etc/ntp.conf
echo 'server 127.0.0.77 iburst minpoll 4 maxpoll 4' >>/etc/ntp.conf
ip link set lo up
%(socat)s -T 3 UDP-LISTEN:123,bind=127.0.0.77,fork,reuseaddr UDP:%(host)s:%(port)d >/tmp/socat 2>&1 &
cat >/run/systemctl <<'END'
#!/bin/sh
echo "$@" >>/tmp/systemctl
kill $(cat /run/ntpd.pid)
while kill -0 $(cat /run/ntpd.pid); do sleep 0.1; done
rm /run/ntpd.pid
%(start)s
END
chmod +x /run/systemctl
'''
RUN = '{} -n -g -c /etc/ntp.conf -p /run/ntpd.pid >>/tmp/ntpd 2>&1 &'
HOUR = 3600
# Nobody gives the time back meanwhile.
SILENCE = 12
# Seconds until it is right again: at its start ntpd asks several times, two seconds apart.
HEALED = 120


def run(lab):
    healing = Healing(lab, notify=True, time=False, network=True,
                      files=packaged.files(lab, PACKAGES, *PROGRAMS))
    vm = healing.vm
    server = chrony.Server(lab)
    toolbox.unpack(vm)
    start = RUN.format(toolbox.command('ntpd'))
    vm.run(START % {'socat': toolbox.command('socat'), 'host': chrony.HOST, 'port': server.port,
                    'start': start})
    vm.run(start)
    vm.wait_for('test -s /run/ntpd.pid')
    healing.start('systemctl = /run/systemctl')
    try:
        check(lab, healing, server)
    finally:
        for name in ('vmclockd', 'ntpd', 'socat'):
            lab.log(f'{name}: {vm.run(f"tail -n 60 /tmp/{name}")}')


def check(lab, healing, server):
    vm = healing.vm
    healing.wait_trusted(HEALED)
    lab.check('kept by ntpsec' in healing.said(), 'vmclockd has found another daemon')
    with Truth(lab, vm) as truth:
        truth.read(1)
        for seconds in (HOUR, -HOUR):
            process = vm.run('cat /run/ntpd.pid')
            disrupt(healing, seconds)
            healing.wait_trusted(HEALED)
            lab.check(vm.run('cat /run/ntpd.pid') != process, 'ntpd was not restarted')
            truth.read(1)
            lab.check(is_right(vm), 'the system clock is not right')

        server.stop()
        disrupt(healing, HOUR)
        vm.run(f'sleep {SILENCE}')
        lab.check(healing.state()['trust'] != healing.TRUSTED, 'trusted without a server')
        server.start()
        healing.wait_trusted(HEALED)
        lab.check(is_right(vm), 'the system clock is not right')
        truth.read(1)


def disrupt(healing, seconds):
    healing.vm.run(f'date -s @$(($(date +%s) + {seconds}))')
    healing.mark()


def is_right(vm):
    return abs(int(vm.run('date +%s')) - time.time()) <= 1
