# SPDX-License-Identifier: MIT
"""The demonstration behind scripts/demo: a live migration, a refusal, and a healed clock."""

import re
import sys
import textwrap
import time
from pathlib import Path

from vmlab import report
from vmlab.debian.workshop import Workshop
from vmlab.errors import guarded
from vmlab.guest.healing import Healing
from vmlab.host import cache
from vmlab.kernels.kernel import prepare_kernels
from vmlab.kernels.matrix import series_named
from vmlab.lab import default_builddir, lab_for

KERNEL = '6.1'
EVENTS = 3
# The second host's clock is ahead by this many ns, and its counter has another rate.
STEP = 10_000_000
PPM = -50
# A clock within this many ns of true time is right.
RIGHT = 10_000


def said(title, text):
    report.line(f'\n{title}')
    report.line(textwrap.indent(text.rstrip(), '    '))


def demonstrate(lab):
    with report.step(f'boot of {lab.kernel.release} with a VMClock page; driver loaded'):
        healing = Healing(lab, programs=['stamp-events', 'vmclock-check'])
        vm = healing.vm
    with report.step('vmclockd trusts the clock; stamp-events runs as an unprivileged user'):
        healing.start(record_ms=5)
        healing.wait_trusted()
        vm.run('stamp-events 0 20 >/tmp/events 2>&1 &', user='nobody')
        vm.wait_for(f'test $(grep -c " at " /tmp/events) -ge {EVENTS}')
    with report.step('live migration into a second QEMU process'):
        healing.migrate(STEP, PPM)
    with report.step('the clock is healed there, and the application goes on'):
        vm.wait_for('grep -q REFUSED /tmp/events')
        vm.wait_for(f'test $(sed 1,/trusted/d /tmp/events | grep -c " at ") -ge {EVENTS}')

    driver = vm.run('dmesg | grep -o "vmclock-guest .*"')
    events = vm.run('cat /tmp/events').splitlines()
    check = vm.shell('vmclock-check', user='nobody')
    lab.check(check.status == 0, f'vmclock-check ended with status {check.status}')
    daemon = re.search('^vmclockd: disruption marker.*', healing.said(),
                       re.MULTILINE | re.DOTALL)[0]
    healed, = healing.healed(RIGHT)
    return driver, events, daemon, healed, check.output


def shortened(events):
    """The lines around the refusal."""
    refused = next(i for i, line in enumerate(events) if 'REFUSED' in line)
    return ['...', *events[max(1, refused - EVENTS):refused + 2 + EVENTS], '...']


def transcript(kernel, driver, events, daemon, healed, check):
    report.line('\n' + '=' * 78)
    said(f'A guest with Debian\'s kernel {kernel.release} loaded the driver:', driver)
    said('In it, stamp-events read the system clock only while it could be trusted.\n'
         'The machine was migrated live to a host whose clock is 10 ms ahead. The next\n'
         'stamp was refused, until vmclockd said that the clock was right again:',
         '\n'.join(shortened(events)))
    said('Meanwhile, vmclockd:', daemon)
    said('Then, the end of what vmclock-check says in the guest:', check[check.index('Usable'):])
    report.line(f'\nRefused; healed {healed:.1f} ms after the guest ran again, by the true time '
                f'that the lab knows\n(within {RIGHT // 1000} us of it from then on); trusted.')


def main(tree):
    began = time.monotonic()
    kernel, = prepare_kernels(Workshop(cache.folder()), [series_named(KERNEL)])
    with lab_for(kernel, tree, default_builddir(tree)) as lab:
        found = demonstrate(lab)
    transcript(kernel, *found)
    report.line(f'\nDone in {time.monotonic() - began:.0f} s; nothing is left running.')
    return 0


if __name__ == '__main__':
    sys.exit(guarded(lambda: main(Path(sys.argv[1]))))
