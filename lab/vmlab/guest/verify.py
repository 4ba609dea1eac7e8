# SPDX-License-Identifier: MIT
"""vmclock-verify in a guest, which has that program."""

import json

_PATIENCE = 120


def watch(vm, expect, act):
    """Its report of an event of the machine, which act() causes."""
    vm.run('rm -f /tmp/verdict /tmp/said')
    vm.run(f'(vmclock-verify --gentle --json --expect {expect} --for {_PATIENCE}s >/tmp/new '
           '2>/tmp/said; mv /tmp/new /tmp/verdict) &')
    # It says so when it has read the page.
    vm.wait_for('grep -q waiting /tmp/said')
    act()
    vm.wait_for('test -e /tmp/verdict', timeout=_PATIENCE + 60)
    return json.loads(vm.run('cat /tmp/verdict'))
