# SPDX-License-Identifier: MIT
"""A guest that hibernates: nobody vouches for its clock when it is back, until chronyd has measured anew."""

from vmlab.guest import hibernation
from vmlab.guest.healing import Healing
from vmlab.host import ntp

ARCHITECTURES = ('amd64',)
ALONE = True
# It has not run often enough to judge others.
ON_REQUEST = True

# Seconds until it is right again.
HEALED = 60


def run(lab):
    healing = Healing(lab, source='ntp', **hibernation.options(lab))
    vm = healing.vm
    server = ntp.Server(lab)
    healing.start_chrony(server.settings())
    healing.start()
    healing.wait_trusted(90)
    before = healing.state()

    hibernation.prepare(vm)
    hibernation.hibernate(vm)
    # A kernel that counts its sleep by the RTC, in seconds, may count none: then the counter tells.
    vm.wait_for('grep -qE "(has slept|raw clock): the system clock is not trusted" /tmp/vmclockd')
    lab.wait_for(lambda: healing.state()['reactions'] > before['reactions'], 'a reaction')
    healing.wait_trusted(HEALED)
    lab.check(vm.run('time-read').split('utc ')[1].split()[0].isdigit(), 'there is no time')

    after = healing.state()
    lab.equal(after['disruptions'], before['disruptions'], 'the disruptions')
    lab.log(healing.said())
