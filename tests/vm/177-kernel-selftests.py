# SPDX-License-Identifier: MIT
"""The kernel's own tests of PTP clocks: testptp reads it, and phc.sh cannot set it."""

import re

from vmlab.guest import toolbox
from vmlab.guest.device import Simulation
from vmlab.host.page import ticking

KERNELS = ()
WATCHERS = ('debug',)

TIME_SEC = 1_800_000_000
# What testptp asks for, and what it must print. It ends with 0 whatever happens.
READINGS = {
    '-c': r'\b1 cross timestamping\b',
    '-g': r'^clock time: 18\d{8}\.\d{9} or ',
    '-k 5': r'^system and phc clock time offset request okay\n',
    '-x 5': r'^extended timestamp request returned 5 samples\n',
    '-x 5 -y monotonic-raw': r'^extended timestamp request returned 5 samples\n',
    '-X': r'^system and phc crosstimestamping request okay\ndevice time: 18\d{8}\.\d{9}\n',
}
REFUSALS = {
    '-s': 'clock_settime: Operation not supported',
    '-T 1000': 'clock_settime: Operation not supported',
    '-t 10': 'clock_adjtime: Operation not supported',
    '-n 10': 'clock_adjtime: Operation not supported',
    '-o 10': 'clock_adjtime: Operation not supported',
    '-P 1': 'PTP_ENABLE_PPS: Operation not supported',
    # Answers of the PTP core itself: the limit of a change, and the number of channels.
    '-f 1000': 'clock_adjtime: Numerical result out of range',
    '-e 1': 'PTP_EXTTS_REQUEST: Invalid argument',
    '-p 1000000000': 'PTP_PEROUT_REQUEST: Invalid argument',
}
PHC_TESTS = ('settime', 'adjtime', 'adjfreq')
PHC_CTL = f'#!/bin/sh\nexec {toolbox.command("phc_ctl")} "$@"\n'


def run(lab):
    tests = lab.kernel.folder / 'build/tools/testing/selftests/ptp'
    testptp = lab.logs / 'testptp'
    headers = '/' + str((lab.kernel.folder / 'build/usr/include').relative_to(
        lab.kernel.workshop.root))
    source = '/' + str((tests / 'testptp.c').relative_to(lab.kernel.workshop.root))
    lab.kernel.workshop.run((lab.kernel.series.cc, '-static', '-I', headers, '-o', str(testptp),
                             source), 'testptp', lab.logs / 'testptp.log')
    vm = lab.boot(Simulation({**ticking(lab.board.counter_id), 'time_sec': TIME_SEC}),
                  files={**toolbox.files(lab, '/usr/sbin/phc_ctl', '/usr/bin/bash'),
                         '/usr/local/bin/testptp': testptp, '/root/phc.sh': tests / 'phc.sh'})
    toolbox.unpack(vm)
    vm.run(f"printf '%s' '{PHC_CTL}' >/usr/local/bin/phc_ctl && chmod +x /usr/local/bin/phc_ctl")
    vm.load()
    clock = vm.ptp_clock()

    for option, pattern in READINGS.items():
        answer = vm.run(f'testptp -d {clock} {option}')
        lab.check(re.search(pattern, answer, re.MULTILINE), f'testptp {option} says {answer!r}')
    for option, refusal in REFUSALS.items():
        answer = vm.shell(f'testptp -d {clock} {option}').output
        lab.check(refusal in answer, f'testptp {option} says {answer!r}')
    check_phc(lab, vm, clock)


def check_phc(lab, vm, clock):
    """Each test of phc.sh sets the clock, but the clock is the host's, and does not change."""
    before = time_of(lab, vm, clock)
    status, answer = vm.shell(f'{toolbox.command("bash")} /root/phc.sh {clock}', timeout=300)
    lab.check('SKIP' not in answer, f'phc.sh says {answer!r}')
    results = dict(re.findall(r'^TEST: (\w+) +\[ *(\w+) *\]$', answer, re.MULTILINE))
    lab.equal(results, dict.fromkeys(PHC_TESTS, 'FAIL'), 'what phc.sh found')
    lab.equal(status, 1, 'the status of phc.sh')
    after = time_of(lab, vm, clock)
    lab.check(before < after < before + 1000, f'the clock went from {before} to {after} s')


def time_of(lab, vm, clock):
    answer = vm.run(f'testptp -d {clock} -g')
    found = re.match(r'clock time: (\d+)\.', answer)
    lab.check(found, f'testptp -g says {answer!r}')
    return int(found[1])
