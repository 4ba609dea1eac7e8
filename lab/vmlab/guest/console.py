# SPDX-License-Identifier: MIT
"""Reading a guest kernel's log for what must never be there."""

import re

_ENOUGH = 30

# How a message starts: after "<6>" and the time stamp, and perhaps the caller.
_START = r'^(?:<\d+>)?(?:\[[^\]]*\]\s*)*'

# Some kernels speak of CPU bugs as "RETBleed: WARNING: ..."; those carry a name in front,
# while the kernel's own alarms are the start of their message.
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
    # The first is a find; with the others the kernel stops to look.
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
    """Whether a complaint is the fault of the emulator."""
    return bool(_SLIP.search(text))


def complaint(log):
    """The part of a console log where the kernel begins to tell of trouble, or nothing."""
    lines = list(_without_races_of_others(log.splitlines()))
    for number, text in enumerate(lines):
        if _ALARM.search(text):
            return '\n'.join(lines[number:number + _ENOUGH])
    return ''


def is_unfinished(log):
    """Whether a log ends within a report of a race: its rest tells whose that is."""
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
            # What another processor said meanwhile stays, whatever the report is of.
            yield from report if ours else report[1:]
            report = []
        else:
            yield text
    # What was cut off cannot be told from one of ours.
    yield from report
