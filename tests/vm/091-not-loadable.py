# SPDX-License-Identifier: MIT
"""vmclock-check says why the kernel refuses the module, and modprobe agrees."""

import json

from vmlab.guest.machine import Setup
from vmlab.kernels.driver import build_driver

KERNELS = ('6.1', '7.3')


def run(lab):
    built = build_driver(lab.tree, lab.kernel).module
    vm = lab.boot('vmclock', programs=['vmclock-check'],
                  setup=Setup(append='module.sig_enforce=1'))
    check(lab, vm, 'unsigned', 'is not signed', 'module.sig_enforce')

    content = built.read_bytes()
    release = lab.kernel.release
    other = release[:-1] + '~'
    altered = {
        'other': content.replace(f'vermagic={release} '.encode(), f'vermagic={other} '.encode()),
        'lacking': content.replace(b'\0misc_register\0', b'\0misc_registeR\0'),
    }
    files = {}
    for name, data in altered.items():
        lab.check(data != content, f'nothing to alter for {name}')
        path = lab.logs / f'{name}.ko'
        path.write_bytes(data)
        files[f'/root/{name}.ko'] = path
    vm = lab.boot('vmclock', files=files, programs=['vmclock-check'])
    # Nothing prevents loading the unchanged module.
    report = told(lab, vm)
    lab.equal((ours(report)['obstacle'], report['next_step']), (None, 'as root: modprobe vmclock'),
              'the obstacle of the real module')
    module = vm.run('ls /lib/modules/*/updates/vmclock.ko')
    vm.run(f'cp /root/other.ko {module}')
    if vm.shell('modprobe vmclock').status:
        check(lab, vm, 'other-kernel', f'is built for kernel {other}', release)
    else:
        # This kernel compares checksums of symbols, and these are right.
        vm.run('rmmod vmclock')
        report = told(lab, vm)
        lab.equal(ours(report)['obstacle'], None, 'the obstacle of a module that can be loaded')
        lab.check(f'is built for kernel {other}' in report['next_step'], report['next_step'])
    vm.run(f'cp /root/lacking.ko {module}')
    check(lab, vm, 'no-symbol', 'needs misc_registeR', '')
    vm.run(f'head -c 5000 /root/other.ko >{module}')
    check(lab, vm, 'damaged', 'is damaged', '')


def ours(report):
    return next(m for m in report['modules'] if m['name'] == 'vmclock')


def told(lab, vm):
    """The tool's report to an ordinary user, as JSON."""
    result = vm.shell('vmclock-check --json', user='nobody')
    lab.equal(result.status, 2, 'the exit status')
    return json.loads(result.output)


def check(lab, vm, obstacle, reason, detail):
    report = told(lab, vm)
    lab.equal(ours(report)['obstacle'], obstacle, 'the obstacle')
    for text in (reason, detail):
        lab.check(text in report['summary'], f'{text!r} is not in {report["summary"]!r}')
    lab.check('modprobe' not in report['next_step'], report['next_step'])
    lab.check(vm.shell('modprobe vmclock').status != 0, f'modprobe did well: {obstacle}')
