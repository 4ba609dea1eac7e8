# SPDX-License-Identifier: MIT
"""The watching kernels find faults: a module commits them on purpose, and each is reported."""

import re

from vmlab.errors import Failed
from vmlab.guest import console

KERNELS = ()
WATCHERS = ('debug', 'kcsan')
# Faults, and the kernel's words for them. These can follow each other in one guest...
TOLD_ALWAYS = (
    # After the others, the kernel no longer checks its locks.
    ('rcu-outside', r'WARNING: suspicious RCU usage'),
    ('use-after-free', r'BUG: KASAN: slab-use-after-free in use_after_free'),
    ('beyond-vmalloc', r'BUG: KASAN: vmalloc-out-of-bounds in beyond_vmalloc'),
    ('beyond-stack', r'BUG: KASAN: stack-out-of-bounds in beyond_stack'),
    ('shift', r'UBSAN: shift-out-of-bounds'),
    ('beyond-array', r'UBSAN: array-index-out-of-bounds'),
    ('sleep-in-atomic', r'BUG: sleeping function called from invalid context'),
    ('free-timer', r'ODEBUG: free active .*timer_list'),
    ('free-work', r'ODEBUG: free active .*timer_list'),
    ('refcount', r'refcount_t: addition on 0'),
    ('list', r'list_del corruption'),
    ('warn', r'WARNING: .*warn'),
)
# ... but each of these needs a kernel that still checks its locks, or kills the kernel.
TOLD_ONCE = (
    ('circular-locking', r'WARNING: possible circular locking dependency detected'),
    ('unlock-twice', r'WARNING: bad unlock balance detected'),
    ('lock-without-key', r'INFO: trying to register non-static key'),
    ('free-mapped-page', r'kernel BUG at mm/page_table_check'),
)


def run(lab):
    {'debug': debug, 'kcsan': kcsan}[lab.kernel.name](lab)


def boot(lab):
    # The page is not used, but with it the guest starts from the saved one.
    return lab.boot('sim', driver=lab.module('vmclock_faults'))


def commit(vm, fault):
    return vm.shell(f'modprobe vmclock_faults fault={fault}')


def told(lab, vm, fault, pattern, before):
    lab.wait_for(lambda: re.search(pattern, vm.console()[before:]), f'{pattern!r} in the log')
    complaint = console.complaint(vm.console()[before:])
    lab.check(complaint, f'the laboratory overlooks what the kernel says of {fault}')
    lab.log(f'{fault}: {complaint.splitlines()[0]}')


def debug(lab):
    vm = boot(lab)
    leak(lab, vm)
    for fault, pattern in TOLD_ALWAYS:
        before = len(vm.console())
        commit(vm, fault)
        told(lab, vm, fault, pattern, before)
    lab.dismiss(vm)
    for fault, pattern in TOLD_ONCE:
        vm = boot(lab)
        vm.check_log()
        try:
            commit(vm, fault)
        except Failed:
            lab.check(fault == 'free-mapped-page', f'the guest died of {fault}')
        told(lab, vm, fault, pattern, 0)
        lab.dismiss(vm)


def leak(lab, vm):
    vm.check_leaks()
    commit(vm, 'leak')
    try:
        vm.check_leaks()
    except Failed as found:
        lab.log(str(found))
        lab.check('backtrace' in str(found), f'another thing than a leak was found: {found}')
    else:
        raise Failed('a leak was overlooked')
    vm.wait_log('kmemleak: .* new suspected memory leaks')
    lab.check(console.complaint(vm.console()), 'the laboratory overlooks the leak in the log')


RACE = r'''
==================================================================
BUG: KCSAN: data-race in enqueue_timer / {who}

write to 0xffff88803ec1d6f0 of 8 bytes by interrupt on cpu 1:
 enqueue_timer+0x2e/0x1a0
{meanwhile}
read to 0xffff88803ec1d6f0 of 8 bytes by task 90 on cpu 0:
 {who}
 vfs_read+0xc1/0x200

Reported by Kernel Concurrency Sanitizer on:
CPU: 0 UID: 0 PID: 90 Comm: vmclock-test Tainted: G O
==================================================================
'''
OURS, ANOTHERS = 'vmclock_poll+0x2e/0x1a0 [vmclock]', 'tick_nohz_irq_exit+0x2e/0x1a0'
WARNING = 'WARNING: CPU: 1 PID: 91 at lib/refcount.c:25'


def kcsan(lab):
    judge_races(lab)
    vm = boot(lab)
    vm.check_log()
    commit(vm, 'race')
    told(lab, vm, 'race', r'BUG: KCSAN: data-race in race_thread', 0)
    lab.dismiss(vm)


def judge_races(lab):
    """Races count only if they are the driver's; other messages in between count as always."""
    for who, meanwhile, counts in ((OURS, '', 'KCSAN'), (ANOTHERS, '', ''),
                                   (ANOTHERS, WARNING, 'WARNING')):
        complaint = console.complaint(RACE.format(who=who, meanwhile=meanwhile))
        first, *_ = complaint.splitlines() or ('',)
        lab.check(counts in first and bool(counts) == bool(first),
                  f'of a race in {who}, {meanwhile!r}, the laboratory makes {first!r}')
    report = RACE.format(who=ANOTHERS, meanwhile='')
    for cut, unfinished in ((len(report), False), (len(report) // 2, True), (20, False)):
        lab.equal(console.is_unfinished(report[:cut]), unfinished, f'unfinished at {cut}')
