# SPDX-License-Identifier: MIT
"""vmclock-check tells a served device from an unbound one."""

import json

from vmlab.guest.device import Simulation

KERNELS = ('5.10', '6.12', '7.3', '6.12-arm64')
WATCHERS = ('debug',)
DRIVER = '/sys/bus/platform/drivers/vmclock-guest'


def check(lab, vm, status, verdict):
    """Runs the tool as a user would, in both forms; returns the JSON."""
    result = vm.shell('vmclock-check', user='nobody')
    lab.equal(result.status, status, 'the exit status')
    report = json.loads(vm.shell('vmclock-check --json', user='nobody').output)
    lab.equal(report['verdict'], verdict, 'the verdict')
    lab.check(report['next_step'] in ' '.join(result.output.split()),
              'text and JSON give another next step')
    return report


def run(lab):
    vm = lab.boot(lab.board.own_device or Simulation({'disruption_marker': 1}),
                  programs=['vmclock-check'])
    report = check(lab, vm, 2, 'unusable')
    lab.check('modprobe vmclock' in report['next_step'], report['next_step'])

    vm.load()
    report = check(lab, vm, 0, 'ok')
    ours = next(m for m in report['modules'] if m['name'] == 'vmclock')
    lab.equal((ours['state'], ours['bound']), ('loaded', True), 'our module')
    lab.equal(report['page']['disruption_marker']['value'], 1, 'the marker')
    lab.equal(report['usable']['time']['usable'], False, 'usable time on a marker-only page')

    vm.run(f'echo {vm.device} >{DRIVER}/unbind')
    report = check(lab, vm, 2, 'unusable')
    lab.check('loaded, but did not take the device' in report['next_step'], report['next_step'])
