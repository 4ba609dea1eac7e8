# SPDX-License-Identifier: MIT
"""chronyd is killed in a reaction, and begins anew with samples from before the disruption."""

from vmlab.guest import toolbox
from vmlab.guest.healing import Healing
from vmlab.host import ntp
from vmlab.host.clock import NSEC, TAI_OFFSET, HostClock, calibrate
from vmlab.host.judge import CLOCK, NOW

KERNELS = ('5.10', '6.12', '7.3')
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

DUMPS = '/tmp/dumps'
# Seconds by which the clock is wrong after the disruption.
STEP = 3600
# Fewer of a kind would judge nothing.
READINGS = 10000
# -r: load the dumps, if there are any.
START = '{chronyd} -d -r -u root -f /etc/chrony.conf >/tmp/chronyd.{number} 2>&1 &'


def run(lab):
    healing = Healing(lab, source='ntp')
    vm = healing.vm
    server = ntp.Server(lab)
    vm.run(f'mkdir {DUMPS}')
    daemon = healing.start_chrony(f'{server.settings("minpoll 0 maxpoll 0")}\ndumpdir {DUMPS}')
    healing.start(f'step_back_max = {2 * STEP}s', record_ms=0)
    healing.wait_trusted(90)

    began = calibrate(lab, vm)
    with HostClock(lab) as host:
        healing.read_flat_out(500, 500)
        for number, when in enumerate(('in the reaction', 'after it')):
            check_restart(lab, healing, daemon, number, when)
        readings = healing.readings()
    offset = began.until(calibrate(lab, vm))

    def truth(_, counter):
        return host.time_at(counter, offset) - TAI_OFFSET * NSEC

    # Readings of the system clock, too, while it is set and vmclockd has not run yet.
    for kind in (NOW, CLOCK):
        lab.check(readings.count(kind) > READINGS, f'{readings.count(kind)} readings ({kind})')
        readings.check_truth(kind, truth, round((host.width + offset.uncertainty) * host.tick))


def check_restart(lab, healing, daemon, number, when):
    """chronyd, killed then, has samples from before; vmclockd has it drop them."""
    vm = healing.vm
    vm.wait_for(f'rm -f {DUMPS}/*; {toolbox.command("chronyc")} -h /run/chrony/chronyd.sock dump; '
                f'ls {DUMPS}/*')
    vm.run(f'cp -r {DUMPS} {DUMPS}.kept; date -s @$(($(date +%s) + {STEP}))')
    healing.mark()
    if when == 'after it':
        healing.wait_trusted(60)
    else:
        healing.wait_seen()
        vm.wait_for('grep -q "Reset all sources" /tmp/chronyd*')
    # Its clean end would leave new dumps behind. Another one refuses to run beside it.
    vm.run('kill -9 $(cat /run/chrony/chronyd.pid)')
    vm.wait_for('! kill -0 $(cat /run/chrony/chronyd.pid)')
    vm.run(f'cp {DUMPS}.kept/* {DUMPS}; '
           + START.format(chronyd=toolbox.command('chronyd'), number=number))
    vm.wait_for(f'grep -q "Loaded dump file" /tmp/chronyd.{number}', 30)
    vm.wait_for(f'grep -q "Reset all sources" /tmp/chronyd.{number}', 30)
    lab.check('has to drop them' in healing.said(), healing.said())
    healing.wait_trusted(60)
    vm.run(f'rm -r {DUMPS}.kept')
    lab.log(f'killed {when}: {vm.run(f"cat /tmp/chronyd.{number}")}')
