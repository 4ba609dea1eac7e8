# SPDX-License-Identifier: MIT
"""A guest that sleeps: nobody vouches for its clock when it wakes, until chronyd has measured anew."""

import time

from vmlab import chrony
from vmlab.healing import Healing

ARCHITECTURES = ('amd64',)
ALONE = True
# It has not run often enough to judge others.
ON_REQUEST = True

SLEPT = '/sys/power/suspend_stats/success'
ATTEMPTS = 5
# Seconds until it is right again.
HEALED = 60


def run(lab):
    healing = Healing(lab, notify=True, time=False, files=chrony.files(lab), network=True,
                      append='no_console_suspend')
    vm = healing.vm
    server = chrony.Server(lab)
    healing.start_chrony(server.settings())
    healing.start(f'chronyc = {chrony.CHRONYC}', 'ntp = chrony')
    healing.wait_trusted(90)
    before = healing.state()

    # Woken too early, the guest does not sleep at all.
    for attempt in range(1, ATTEMPTS + 1):
        sleep_once(vm, attempt)
        if vm.run(f'cat {SLEPT}') != '0':
            break
    lab.equal(vm.run(f'cat {SLEPT}'), '1', 'how often the guest slept')
    vm.wait_for('grep -q "the machine has slept: the system clock is not trusted" /tmp/vmclockd')
    lab.wait_for(lambda: healing.state()['last_duration'] != before['last_duration'],
                 f'the end of a reaction: {healing.said()}', HEALED)
    healing.wait_trusted(HEALED)
    lab.check(vm.run('time-read').split('utc ')[1].split()[0].isdigit(), 'there is no time')

    after = healing.state()
    lab.equal(after['disruptions'], before['disruptions'], 'the disruptions')
    lab.check(after['reactions'] > before['reactions'], 'no reaction is counted')
    lab.log(healing.said())


def sleep_once(vm, attempt):
    # It may sleep before it has answered.
    # Not "freeze": where the processor has no deeper idle state, clocks go on meanwhile.
    vm.begin('echo deep >/sys/power/mem_sleep; echo mem >/sys/power/state')
    vm.wait_log(r'(?s)(PM: suspend entry.*){%d}' % attempt)
    time.sleep(2)
    vm.qmp('system_wakeup')
    vm.wait_log(r'(?s)(PM: suspend exit.*){%d}' % attempt)
