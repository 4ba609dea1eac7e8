# SPDX-License-Identifier: MIT
"""vmclock-verify compares a page with a PTP clock, of which the user tells scale and error."""

import json
import struct

from vmlab.guest.device import Simulation
from vmlab.host.clock import Publisher, calibrate
from vmlab.host.page import COUNTER_X86_TSC, FIELDS, STATUS_SYNCHRONIZED

# The host publishes its own time, so the guest must have the host's counter.
ARCHITECTURES = ('amd64',)
KERNELS = ('5.10', '6.12', '7.3')
ALONE = True

UNRELIABLE = 4
RULE = 'time-untrue'
# A copy of the page whose time is ten seconds ahead of the PTP clock's.
AHEAD = '/tmp/page'
SOURCE = '/sys/devices/system/clocksource/clocksource0/current_clocksource'


def run(lab):
    vm = lab.boot(Simulation({'counter_id': COUNTER_X86_TSC}, notify=False),
                  programs=['time-spin', 'vmclock-verify'])
    with Publisher(lab, vm, calibrate(lab, vm)):
        pass
    vm.load()
    copy_ahead(vm)
    clock = Clock(lab, vm)

    clock.expect_kept('/dev/vmclock0')
    clock.expect_broken('/dev/vmclock0', '37 s behind the reference clock', 'utc')
    clock.expect_broken(AHEAD, '10 s ahead of the reference clock')
    # Without an exact pair, samples give the time.
    vm.run(f'echo hpet >{SOURCE} && grep -qx hpet {SOURCE}')
    clock.expect_kept('/dev/vmclock0')
    clock.expect_broken(AHEAD, '10 s ahead of the reference clock')
    vm.run(f'echo tsc >{SOURCE} && grep -qx tsc {SOURCE}')

    vm.page.update(clock_status=UNRELIABLE)
    answer = clock.verify(AHEAD)
    lab.equal(answer.status, 3, 'the exit status without an answer of the clock')
    lab.check(f'--reference: {clock.path} cannot be read: Resource temporarily unavailable'
              in answer.output, answer.output)
    vm.page.update(clock_status=STATUS_SYNCHRONIZED)
    clock.expect_broken(AHEAD, '10 s ahead of the reference clock')


def copy_ahead(vm):
    offset, kind = FIELDS['time_sec']
    later = struct.pack(f'<{kind}', vm.page.get('time_sec') + 10)
    octal = ''.join(f'\\{byte:03o}' for byte in later)
    vm.run(f'head -c 4096 /dev/vmclock0 >{AHEAD}')
    vm.run(f"printf '{octal}' | dd of={AHEAD} bs=1 seek={offset} conv=notrunc 2>/dev/null")


class Clock:
    """The PTP clock of vmclock0, as the reference of vmclock-verify."""

    def __init__(self, lab, vm):
        self.lab = lab
        self.vm = vm
        self.path = vm.ptp_clock()

    def verify(self, page, scale='tai'):
        # Nobody updates the page any more.
        return self.vm.shell(f'vmclock-verify --gentle --json --for 2s --max-age 1000s '
                             f'--reference {self.path} --reference-scale {scale} '
                             f'--reference-error 1us {page}')

    def judge(self, page, scale):
        answer = self.verify(page, scale)
        self.lab.check(answer.status < 3, answer.output)
        result, = (rule for rule in json.loads(answer.output)['rules'] if rule['rule'] == RULE)
        self.lab.log(f'{page}, {scale}: judged {result["judged"]} times, '
                     f'{result.get("text", "kept")}')
        self.lab.check(result['judged'] > 0, f'{RULE} was never judged')
        return result

    def expect_kept(self, page):
        self.lab.equal(self.judge(page, 'tai')['result'], 'kept', f'{RULE} by the same time')

    def expect_broken(self, page, text, scale='tai'):
        result = self.judge(page, scale)
        self.lab.equal(result['result'], 'broken', RULE)
        self.lab.check(text in result['text'], result['text'])
