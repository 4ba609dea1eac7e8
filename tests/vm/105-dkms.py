# SPDX-License-Identifier: MIT
"""DKMS builds the driver as on a user's machine, and refuses an unsuitable kernel."""

import lzma
import re
import shutil
import tempfile
from pathlib import Path

from vmlab.debian import release
from vmlab.host import process

# DKMS builds only for the machine that it runs on.
ARCHITECTURES = ('amd64',)
# The scenario tests the headers of Debian's kernels.
WATCHERS = ()


def run(lab):
    version = release.version(lab.tree)
    # The workshop sees only the folder for temporary files.
    with tempfile.TemporaryDirectory(prefix='vmclock.') as folder:
        dkms = Dkms(lab, Path(folder), f'vmclock/{version}')
        check_kernel_without_ptp(lab, dkms)
        module = dkms.build()
        vm = lab.boot('vmclock', driver=module)
        vm.load()
        vm.run('test -c /dev/vmclock0')
        lab.equal(vm.run('cat /sys/module/vmclock/version'), version, "the module's version")


def check_kernel_without_ptp(lab, dkms):
    config = lab.kernel.workshop.run(('cat', f'/lib/modules/{lab.kernel.release}/build/.config'),
                                     'cat')
    lacking = dkms.folder / 'config'
    lacking.write_text(re.sub('^CONFIG_PTP_1588_CLOCK=.*', '', config,
                              flags=re.MULTILINE))
    output = dkms.run('build', '--config', str(lacking))
    lab.check('BUILD_EXCLUSIVE' in output, f'DKMS does not say why not: {output!r}')
    lab.check(not dkms.modules(), 'DKMS built it for a kernel without PTP')


class Dkms:
    """DKMS in the workshop, with its own trees, which are removed afterwards."""

    def __init__(self, lab, folder, name):
        self.lab = lab
        self.folder = folder
        self.name = name
        source = folder / 'source' / name.replace('/', '-')
        for part in ('calc', 'driver', 'include'):
            shutil.copytree(lab.tree / part, source / part)
        shutil.copy(lab.tree / 'dkms.conf', source)
        (folder / 'dkms').mkdir()
        self.run('add', kernel=False)

    def run(self, action, *options, kernel=True):
        command = ['dkms', action, self.name, '--dkmstree', str(self.folder / 'dkms'),
                   '--sourcetree', str(self.folder / 'source'), *options]
        if kernel:
            command += ['-k', self.lab.kernel.release]
        try:
            return self.lab.kernel.workshop.run(command, f'dkms {action}',
                                                self.lab.logs / 'dkms.log')
        except process.CommandError:
            return (self.lab.logs / 'dkms.log').read_text()

    def modules(self):
        return list((self.folder / 'dkms').glob('**/module/vmclock.ko*'))

    def build(self):
        output = self.run('build')
        self.lab.check(len(self.modules()) == 1, f'DKMS built no module: {output}')
        module = self.modules()[0]
        if module.suffix == '.xz':
            unpacked = self.folder / 'vmclock.ko'
            unpacked.write_bytes(lzma.decompress(module.read_bytes()))
            module = unpacked
        return module
