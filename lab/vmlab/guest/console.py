# SPDX-License-Identifier: MIT
"""Finding faults in a guest kernel's log."""

import re

_ENOUGH = 30

# The start of a message: "<6>", the time stamp, and perhaps the caller.
_START = r'^(?:<\d+>)?(?:\[[^\]]*\]\s*)*'

# Some kernels report CPU bugs as "RETBleed: WARNING: ...", with a name in front;
# the kernel's own alarms are at the start of the message.
_ALARM = re.compile('|'.join((
    _START + r'WARNING: ',
    _START + r'(?:watchdog: )?BUG: ',
    r'\[ BUG: ',
    r'kernel BUG at ',
    r'\bOops\b',
    # The head of a report: "invalid opcode: 0000 [#1] SMP".
    r': [0-9a-f]{4} \[#\d+\]',
    r'\bBUG \S+ \(',
    r'Unable to handle kernel ',
    r'Kernel panic',
    r'\bUBSAN: ',
    r'\bK[ACM]SAN: ',
    r'\bKFENCE: ',
    r'refcount_t: ',
    r'\bODEBUG: (?!selftest passed)',
    # The first is a leak; with the others the kernel stops looking for leaks.
    r'\bkmemleak: \d+ new suspected memory leaks',
    r'\bkmemleak: (?:Cannot allocate (?!a scan area)|Kernel memory leak detector disabled)',
    r'INFO: lockdep is turned off',
    r'INFO: trying to register non-static key',
    r'\birq \d+: nobody cared',
    r'possible recursive locking',
    r'inconsistent lock state',
    r'circular locking dependency',
    r'INFO: task .* blocked for more than',
    r'rcu: INFO: ',
    r'INFO: rcu_',
    r'scheduling while atomic',
    r'list_(?:add|del) corruption',
    r'cannot create duplicate filename',
    r'Trying to free already-free IRQ',
    r'Call Trace:',
)))


# A rare slip of QEMU's emulation with several threads: a processor runs the breakpoint that
# another one's kernel has just replaced, as it patches itself.
_SLIP = re.compile(r'\bint3: [0-9a-f]{4} \[#1\]')


# A report of the sanitizer of concurrency, from its title on: two stacks of calls, a line each. The
# kernel has races of its own: those in which none of these calls is a module's of ours, and these,
# of its timers, whoever sleeps by them.
_RACES_OF_OTHERS = re.compile(r'data-race in hrtimer_wakeup / schedule_hrtimeout_range_clock')
_RACE = re.compile(r'\bBUG: KCSAN: ')
_RACE_ENDS = re.compile(r'={30,}$')
_OURS = '[vmclock'


def is_emulator_slip(text):
    """Is the emulator the cause of a complaint?"""
    return bool(_SLIP.search(text))


def complaint(log):
    """The part of a console log from the kernel's first complaint on, or nothing."""
    lines = list(_without_races_of_others(log.splitlines()))
    for number, text in enumerate(lines):
        if _ALARM.search(text):
            return '\n'.join(lines[number:number + _ENOUGH])
    return ''


def is_unfinished(log):
    """Does a log end within a report of a race? Only the rest says whose race it is."""
    _, title, report = log.rpartition('BUG: KCSAN: ')
    return bool(title) and not any(map(_RACE_ENDS.search, report.splitlines()))


def _without_races_of_others(lines):
    report = []
    for text in lines:
        if report or _RACE.search(text):
            report.append(text)
            if not _RACE_ENDS.search(text):
                continue
            ours = any(_OURS in part for part in report) and not _RACES_OF_OTHERS.search(report[0])
            # Keep other processors' messages in between, whatever the report is about.
            yield from report if ours else report[1:]
            report = []
        else:
            yield text
    # A report that is cut off may be about our driver.
    yield from report
