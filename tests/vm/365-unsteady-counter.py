# SPDX-License-Identifier: MIT
"""If the kernel does not rely on the counter, no page is completed, but the clock is trusted."""

from vmlab.guest.healing import Healing
from vmlab.guest.machine import Setup
from vmlab.host.judge import CLOCK

ARCHITECTURES = ('amd64',)
ALONE = True
DEFAULT_KERNELS = ('6.12',)

# Seconds until the clock is right again.
HEALED = 60
SYNCHRONIZED = 2
STATUS_OFFSET = 34


def run(lab):
    healing = Healing(lab, source='ntp', setup=Setup(append='tsc=unstable'), clocksource='hpet')
    vm = healing.vm
    healing.start_by_ntp()
    check(lab, healing)

    vm.run('date -s "$(date -d @$(($(date +%s) - 3600)) "+%F %T")"')
    healing.mark()
    vm.wait_for('adjtimex | grep -q "maxerror: *16"')
    healing.wait_trusted(HEALED)
    check(lab, healing)
    lab.log(healing.said())


def check(lab, healing):
    lab.check('no page is completed' in healing.said(), 'it says nothing of the counter')
    status = healing.vm.run(f'od -An -v -tu1 -j{STATUS_OFFSET} -N1 /run/vmclock/vmclock0')
    lab.check(int(status) != SYNCHRONIZED, 'a page is completed')
    answer = healing.vm.run('time-read')
    lab.check('utc EOPNOTSUPP' in answer or 'utc ENODATA' in answer, f'there is time: {answer}')
    check_readers(lab, healing)
    bound = healing.state()['bound']
    lab.check(0 < bound < 100_000_000, f'the bound is {bound} ns')


def check_readers(lab, healing):
    """Reading the kernel's clocks takes long here, but not too long to tell that none was set."""
    healing.read_flat_out()
    healing.vm.run('sleep 2')
    readings = healing.readings()
    refused = sum(one.refused for one in readings.of[CLOCK])
    lab.log(f'{readings.count(CLOCK)} readings of the clock, {refused} refused')
    lab.check(readings.count(CLOCK) > 9 * refused, 'readers of the trusted clock are refused')
