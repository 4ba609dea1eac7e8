# SPDX-License-Identifier: MIT
"""A hundred disruptions are counted as a hundred; in a storm, the last one has its reaction."""

from vmlab.guest.healing import Healing

KERNELS = ('5.10', '6.12', '7.3')
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

DISRUPTIONS = 100
# Seconds of the guest between two disruptions.
APART = 1
# A storm: so many disruptions in so many seconds, and what they may cost.
STORM, SECONDS = 1000, 10
REACTIONS = 30
REQUESTS = 40


def run(lab):
    healing = Healing(lab)
    healing.start()
    healing.wait_trusted()
    for _ in range(DISRUPTIONS):
        healing.disrupt(*healing.at_random(), APART)
    healing.wait_trusted()
    state = healing.state()
    for counter in ('disruptions', 'reactions'):
        lab.equal(state[counter], DISRUPTIONS, f'the {counter} that vmclockd has counted')
    storm(lab, healing)
    by_servers(lab)


def storm(lab, healing):
    before = healing.state()
    healing.storm(STORM, SECONDS)
    # Trust must come under the last marker.
    healing.wait_trusted(180)
    after = healing.state()
    seen, reactions = (after[name] - before[name] for name in ('disruptions', 'reactions'))
    lab.log(f'a storm of {STORM}: {seen} disruptions were seen, {reactions} reactions')
    lab.check(1 < seen <= STORM, f'{seen} disruptions in a storm of {STORM}')
    lab.check(1 <= reactions <= REACTIONS, f'{reactions} reactions to a storm of {STORM}')


def by_servers(lab):
    """Servers are spared, too, where the time is theirs."""
    healing = Healing(lab, source='ntp')
    server = healing.start_by_ntp(record_ms=0)
    before = server.requests()
    storm(lab, healing)
    asked = server.requests() - before
    lab.log(f'a storm of {STORM}: {asked} requests to the server')
    lab.check(asked <= REQUESTS, f'{asked} requests to the server in a storm')
