# SPDX-License-Identifier: MIT
"""The demonstration behind scripts/demo: a live migration, and an application that notices."""

import re
import shutil
import sys
import textwrap
import time
from pathlib import Path

from vmlab import cache, cli, kernels, report
from vmlab.lab import Lab
from vmlab.workshop import Workshop

KERNEL = '6.1'
EVENTS_BEFORE = 5
EVENTS_AFTER = 3


def said(title, text):
    report.line(f'\n{title}')
    report.line(textwrap.indent(text.rstrip(), '    '))


def demonstrate(lab):
    with report.step(f'boot of {lab.kernel.release} with "-device vmclock"'):
        vm = lab.boot('vmclock', programs=['stamp-events', 'vmclock-check'])
    with report.step('driver loaded, stamp-events running as an unprivileged user'):
        vm.load()
        vm.run('stamp-events 0 200 >/tmp/events 2>&1 &', user='nobody')
        vm.wait_for(f'test $(grep -c " at " /tmp/events) -ge {EVENTS_BEFORE}')
    with report.step('live migration into a second QEMU process'):
        vm.migrate()
    with report.step('the application goes on there'):
        vm.wait_for('grep -q REFUSED /tmp/events')
        vm.wait_for(f'test $(sed 1,/REFUSED/d /tmp/events | wc -l) -ge {EVENTS_AFTER}')

    driver = vm.run('dmesg | grep -o "vmclock-guest .*"')
    events = vm.run('cat /tmp/events').splitlines()
    check = vm.shell('vmclock-check', user='nobody')
    lab.check(check.status == 0, f'vmclock-check ended with status {check.status}')
    return driver, events, check.output


def shortened(events):
    """The lines around the refusal."""
    refused = next(i for i, line in enumerate(events) if 'REFUSED' in line)
    before = events[max(1, refused - 3):refused]
    return [events[0], '...', *before, events[refused], *events[refused + 1:][:EVENTS_AFTER]]


def transcript(kernel, driver, events, check):
    report.line('\n' + '=' * 78)
    said(f'A guest with Debian\'s kernel {kernel.release} loaded the driver:', driver)
    said('In it, stamp-events read the system clock only while it could be trusted.\n'
         'The machine was migrated live, and the very next stamp was refused:',
         '\n'.join(shortened(events)))
    before, after = re.search(r'marker (\d+) -> (\d+)', '\n'.join(events)).groups()
    said('What happened: the hypervisor changed the disruption marker '
         f'from {before} to {after}.\nThen, in the guest, vmclock-check:', check)


def main(tree):
    began = time.monotonic()
    kernel, = kernels.prepare(Workshop(cache.folder()), [kernels.series_named(KERNEL)])
    with Lab(kernel, tree) as lab:
        driver, events, check = demonstrate(lab)
        lab.check_logs()
    # They stay only if something goes wrong.
    shutil.rmtree(lab.logs)
    transcript(kernel, driver, events, check)
    report.line(f'\nDone in {time.monotonic() - began:.0f} s; nothing is left running.')
    return 0


if __name__ == '__main__':
    sys.exit(cli.guarded(lambda: main(Path(sys.argv[1]))))
