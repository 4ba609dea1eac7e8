# SPDX-License-Identifier: MIT
"""A hundred disruptions are counted as a hundred; of a storm the last one counts."""

import random

from vmlab.guest.healing import Healing
from vmlab.host import ntp

KERNELS = ('5.10', '6.12', '7.3')
ALONE = True
# It has not run often enough to judge others.
ON_REQUEST = True

DISRUPTIONS = 100
# Seconds of the guest between two of them.
APART = 1
STEP_MAX = 50_000_000
PPM_MAX = 50
# A storm: so many disruptions in so many seconds, and what they may cost.
STORM, SECONDS = 1000, 10
REACTIONS = 30
REQUESTS = 40


def run(lab):
    healing = Healing(lab)
    healing.start()
    healing.wait_trusted()
    for _ in range(DISRUPTIONS):
        healing.disrupt(random.randint(-STEP_MAX, STEP_MAX), random.uniform(-PPM_MAX, PPM_MAX), APART)
    healing.wait_trusted()
    state = healing.state()
    for counter in ('disruptions', 'reactions'):
        lab.equal(state[counter], DISRUPTIONS, f'the {counter} that vmclockd has counted')
    storm(lab, healing)
    by_servers(lab)


def storm(lab, healing):
    before = healing.state()
    healing.storm(STORM, SECONDS)
    # Under the last marker.
    healing.wait_trusted(180)
    after = healing.state()
    seen, reactions = (after[name] - before[name] for name in ('disruptions', 'reactions'))
    lab.log(f'a storm of {STORM}: {seen} disruptions were seen, {reactions} reactions')
    lab.check(1 < seen <= STORM, f'{seen} disruptions in a storm of {STORM}')
    lab.check(1 <= reactions <= REACTIONS, f'{reactions} reactions to a storm of {STORM}')


def by_servers(lab):
    """Servers are spared, too, where the time is theirs."""
    healing = Healing(lab, source='ntp')
    server = ntp.Server(lab)
    healing.start_chrony(server.settings())
    healing.start(record_ms=0)
    healing.wait_trusted(90)
    before = server.requests()
    storm(lab, healing)
    asked = server.requests() - before
    lab.log(f'a storm of {STORM}: {asked} requests to the server')
    lab.check(asked <= REQUESTS, f'{asked} requests to the server in a storm')
