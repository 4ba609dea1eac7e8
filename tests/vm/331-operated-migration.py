# SPDX-License-Identifier: MIT
"""A whole Debian with chronyd is migrated live, and restored later, as its operator sees it."""

from vmlab.guest.operated import WholeSystem
from vmlab.host.judge import Truth

# Each guest boots the kernel of its own system, Debian 12 or 13.
KERNELS = ('6.1', '6.12')
ALONE = True
LONG = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

SETTINGS = {'/etc/chrony/chrony.conf': '''server 10.0.2.2 iburst minpoll 4 maxpoll 4
driftfile /var/lib/chrony/chrony.drift
makestep 1 3
rtcsync
leapsectz right/UTC'''}
# Seconds between saving and restoring the machine.
SAVED = 30


def run(lab):
    guest = WholeSystem(lab, 'chrony', SETTINGS, device='vmclock-shared')
    vm = guest.vm
    guest.wait_trusted(180)
    check_truth(lab, guest)
    for move in (vm.migrate, lambda: vm.restore_after(SAVED)):
        marker = guest.marker()
        move()
        lab.equal(guest.marker(), marker + 1, "the marker of QEMU's page")
        said = vm.run('vmclock-check --wait=60', timeout=180).splitlines()
        lab.equal(said[-1], f'trusted, disruption marker {marker + 1}', 'what vmclock-check says')
        vm.wait_for('test "$(timedatectl show -p NTPSynchronized --value)" = yes')
        lab.check(guest.is_right(), 'the system clock is not right')
        check_journal(lab, guest, marker + 1)
        check_truth(lab, guest)
    lab.equal(guest.state()['disruptions'], 2, 'the disruptions')


def check_truth(lab, guest):
    with Truth(lab, guest.vm) as truth:
        truth.read(1)


def check_journal(lab, guest, marker):
    """The log says first that the clock is not trusted, then that it is right again."""
    journal = guest.said()
    lab.log(journal)
    _, found, reaction = journal.partition(
        f'disruption marker {marker:#x}: the system clock is not trusted')
    lab.check(found and 'the system clock is right within' in reaction, f'not healed: {journal}')
