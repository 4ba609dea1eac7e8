# SPDX-License-Identifier: MIT
"""After hibernation, the clock is not trusted until chronyd has measured anew."""

from vmlab.guest import hibernation
from vmlab.guest.healing import Healing

ARCHITECTURES = ('amd64',)
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

# Seconds until the clock is right again.
HEALED = 60


def run(lab):
    healing = Healing(lab, source='ntp', **hibernation.options(lab))
    vm = healing.vm
    healing.start_by_ntp()
    before = healing.state()

    hibernation.prepare(vm)
    hibernation.hibernate(vm)
    # The kernel measures sleep by the RTC, in seconds, and may miss it: then the counter shows it.
    vm.wait_for('grep -qE "(has slept|raw clock): the system clock is not trusted" /tmp/vmclockd')
    lab.wait_for(lambda: healing.state()['reactions'] > before['reactions'], 'a reaction')
    healing.wait_trusted(HEALED)
    lab.check(vm.run('time-read').split('utc ')[1].split()[0].isdigit(), 'there is no time')

    after = healing.state()
    lab.equal(after['disruptions'], before['disruptions'], 'the disruptions')
    lab.log(healing.said())
