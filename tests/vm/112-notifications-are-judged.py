# SPDX-License-Identifier: MIT
"""vmclock-verify finds notifications that are missing, late or unannounced, and only these."""

import json
import time

from vmlab.guest.device import Simulation
from vmlab.host.page import FLAG_NOTIFICATION_PRESENT

KERNELS = ('5.10', '6.12', '6.18', '7.3')
# Not run often enough yet on the others to be part of every run.
DEFAULT_KERNELS = ('6.12',)
ALONE = True
# They have ptp_vmclock, which does not count notifications.
IN_TREE = ('6.18', '7.3')

MISSING, LATE, UNANNOUNCED = ('notification-missing', 'notification-late',
                              'notification-unannounced')
# Seconds; see judge/judge.h. A change that waits longer for its notification waits in vain.
IN_VAIN = 0.7
TOO_LATE = 0.3
# Several such changes are seen, and may share a notification.
QUICK = 0.01
CHANGES = 8


def run(lab):
    vm = lab.boot(Simulation(), programs=['vmclock-verify'])
    vm.load()
    host = Host(vm)
    check_kept(lab, host)
    check_missing(lab, host)
    check_late(lab, host)
    check_unannounced(lab, host)
    if lab.kernel.name in IN_TREE:
        check_in_tree(lab)


class Host:
    """What a hypervisor does while vmclock-verify watches its page in the guest."""

    def __init__(self, vm):
        self.vm = vm

    def change(self, rest=0.0):
        self.vm.page.update()
        time.sleep(rest)

    def notify(self, rest=0.0):
        self.vm.notify()
        time.sleep(rest)

    def judged(self, act):
        """The report of vmclock-verify on what happens in act()."""
        vm = self.vm
        vm.run('vmclock-verify --gentle --json --for 100s >/tmp/report 2>&1 & echo $! >/tmp/pid')
        # It sleeps after each look, and it begins to look after it has mapped the page.
        vm.wait_for('grep -q /dev/vmclock0 /proc/$(cat /tmp/pid)/maps')
        sleeps = "awk '/^voluntary/ { print $2 }' /proc/$(cat /tmp/pid)/status"
        vm.wait_for(f'test $({sleeps}) -gt {int(vm.run(sleeps)) + 10}')
        act()
        vm.run('kill -INT $(cat /tmp/pid); '
               'while kill -0 $(cat /tmp/pid) 2>/dev/null; do sleep 0.1; done')
        return json.loads(vm.run('cat /tmp/report'))


def broken(report):
    return [rule['rule'] for rule in report['rules'] if rule['result'] == 'broken']


def text(report, name):
    return ''.join(rule.get('text', '') for rule in report['rules'] if rule['rule'] == name)


def result(report, name):
    return ''.join(rule['result'] for rule in report['rules'] if rule['rule'] == name)


def check_kept(lab, host):
    def one_each():
        for _ in range(CHANGES):
            host.change()
            host.notify(TOO_LATE)

    def one_for_all():
        for _ in range(CHANGES):
            host.change(QUICK)
        host.notify(TOO_LATE)

    for act in (one_each, one_for_all):
        report = host.judged(act)
        seen = report['notifications']
        lab.log(f'{act.__name__}: {seen}')
        updates = report['watch']['updates']
        # A busy guest may see two quick ones as one.
        lab.check(2 <= updates <= CHANGES, f'{updates} updates were seen')
        lab.equal((seen['followed'], seen['missing']), (updates, 0), f'{act.__name__}: {seen}')
        lab.equal(result(report, MISSING), 'kept', MISSING)
        # On a busy machine some may be late.
        lab.check(seen['late'] <= CHANGES // 4 and set(broken(report)) <= {LATE}, f'{seen}')


def check_missing(lab, host):
    def silent():
        for _ in range(2):
            host.change(IN_VAIN)

    def forgets_one():
        for notifies in (True, False, True):
            host.change()
            if notifies:
                host.notify()
            time.sleep(IN_VAIN)

    def forgets_the_last():
        host.change()
        host.notify(TOO_LATE)
        host.change(IN_VAIN)

    for act, words in ((silent, 'none followed a change within 500 ms; changes: 2'),
                       (forgets_one, 'no notification followed 1 of 3 changes'),
                       (forgets_the_last, 'no notification followed 1 of 2 changes')):
        report = host.judged(act)
        lab.log(f'{act.__name__}: {text(report, MISSING)}')
        # On a busy machine those that come may be late.
        found = set(broken(report)) - ({LATE} if report['notifications']['heard'] else set())
        lab.equal((found, report['exit_status']), ({MISSING}, 2), act.__name__)
        lab.check(words in text(report, MISSING), text(report, MISSING))


def check_late(lab, host):
    def late():
        for _ in range(2):
            host.change(TOO_LATE)
            host.notify(TOO_LATE)

    report = host.judged(late)
    said = text(report, LATE)
    lab.log(said)
    lab.equal((broken(report), report['exit_status']), ([LATE], 1), 'late')
    lab.check('of the notifications, 2 came more than 100 ms after a change' in said, said)
    took = report['notifications']['longest_ns'] / 1e9
    lab.check(TOO_LATE / 2 < took < 10 * TOO_LATE, f'the longest took {took:.3f} s')


def check_unannounced(lab, host):
    page = host.vm.page
    page.update(flags=page.get('flags') & ~FLAG_NOTIFICATION_PRESENT)

    def unannounced():
        host.change()
        host.notify(TOO_LATE)

    report = host.judged(unannounced)
    lab.equal((broken(report), report['exit_status']), ([UNANNOUNCED], 0), 'unannounced')
    lab.equal((result(report, MISSING), result(report, LATE)), ('not-judged', 'not-judged'),
              'what nobody promised')
    # Nobody promises anything, and nothing comes.
    report = host.judged(lambda: host.change(TOO_LATE))
    lab.equal(broken(report), [], 'the rules that a silent host breaks')


def check_in_tree(lab):
    vm = lab.boot(Simulation(), driver=False, modules=['ptp_vmclock'], programs=['vmclock-verify'])
    vm.run('modprobe ptp_vmclock')
    host = Host(vm)
    report = host.judged(lambda: host.change(IN_VAIN))
    lab.equal(report['notifications'], None, "the count of the kernel's own driver")
    lab.equal([result(report, name) for name in (MISSING, LATE, UNANNOUNCED)],
              3 * ['not-judged'], 'the rules for notifications')
    said = vm.shell('vmclock-verify --gentle --for 1s').output
    lab.check('Not judged whether they follow changes: the driver gives no count of notifications.'
              in said, said)
    said = vm.shell('vmclock-verify --gentle --tap --for 1s').output
    lab.check(f'{MISSING} # SKIP not judged: the driver gives no count of notifications' in said,
              said)
