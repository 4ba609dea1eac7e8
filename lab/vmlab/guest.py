# SPDX-License-Identifier: MIT
"""What is inside a guest: an initramfs of busybox, modules and the programs under test."""

import lzma
import os
import re
import subprocess
from pathlib import Path

from . import cpio, elf
from .errors import Failed, LabError

_BUSYBOX = '/usr/bin/busybox'
_INIT = Path(__file__).with_name('guest-init.sh')
_SHELL = Path(__file__).with_name('guest-shell.sh')
_INITTAB = 'ttyS1::once:/etc/shell\n'
_PASSWD = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n'
_GROUP = 'root:x:0:\nnogroup:x:65534:\n'


class Image:
    """The files of a guest for one kernel."""

    def __init__(self, kernel):
        self._kernel = kernel
        self._archive = cpio.Archive()
        self._library_folders = []
        self._own_modules = {}
        self._kernels_modules = []
        self._applets = self._add_busybox()
        for folder in ('proc', 'sys', 'dev', 'run', 'tmp', 'root'):
            self._archive.folder(folder)
        # The kernel opens it for the first process before devtmpfs is there.
        self._archive.character_device('dev/console', 5, 1, 0o600)
        self._archive.file('init', _INIT.read_bytes(), 0o755)
        self._archive.file('etc/inittab', _INITTAB.encode())
        self._archive.file('etc/shell', _SHELL.read_bytes(), 0o755)
        self._archive.file('etc/passwd', _PASSWD.encode())
        self._archive.file('etc/group', _GROUP.encode())

    def _add_busybox(self):
        busybox = self._kernel.workshop.path(_BUSYBOX)
        self._archive.file('bin/busybox', busybox.read_bytes(), 0o755)
        applets = subprocess.run((busybox, '--list'), check=True, stdout=subprocess.PIPE,
                                 text=True).stdout.split()
        applets.remove('busybox')
        for applet in applets:
            # The kernel looks for modprobe in /sbin.
            place = 'sbin' if applet in ('modprobe', 'insmod', 'rmmod', 'lsmod') else 'bin'
            self._archive.link(f'{place}/{applet}', '/bin/busybox')
        return applets

    def search_libraries_in(self, folder):
        """Look here first for the shared libraries that programs need."""
        self._library_folders.append(folder)

    def add_file(self, inside, path):
        """A file, and if it is a program also the libraries that it needs."""
        path = Path(path)
        if not path.is_file():
            raise LabError(f'{path}, wanted in the guest as {inside}, is not there')
        # busybox's shell takes its own applets before looking for a program.
        name = os.path.basename(inside)
        if inside.startswith('/usr/local/bin/') and name in self._applets:
            raise LabError(f'{inside} would never run: busybox has an applet {name}')
        self._archive.file(inside, path.read_bytes(), 0o755 if os.access(path, os.X_OK) else 0o644)
        if elf.is_elf(path) and path.suffix != '.ko':
            self._add_libraries(path)

    def add_program(self, path):
        """A program, found through PATH in the guest."""
        self.add_file(f'/usr/local/bin/{Path(path).name}', path)

    def _add_libraries(self, path):
        for library in elf.libraries(path, self._library_folders):
            # The loader has its fixed place; it searches /lib for all others.
            loader = library.name.startswith('ld-linux')
            inside = f'/lib64/{library.name}' if loader else f'/lib/{library.name}'
            self._archive.file(inside, library.read_bytes(), 0o755)

    def add_module(self, name):
        """A module of the kernel's own, with those it depends on."""
        self._kernels_modules.append(name)

    def add_own_module(self, path):
        """A module from outside the kernel, found by modprobe as if it had been installed."""
        self._own_modules[path.stem] = path

    def write(self, path):
        self._write_modules()
        self._archive.write(path)

    def _write_modules(self):
        tree = self._kernel.modules
        inside = f'lib/modules/{self._kernel.release}'
        known = _dependencies(tree)
        files = dict(known)
        aliases = []
        wanted = list(self._kernels_modules)
        for name, path in self._own_modules.items():
            info = elf.modinfo(path)
            needs = [need for need in info.get('depends', [''])[0].split(',') if need]
            wanted += needs
            files[name] = (f'updates/{name}.ko', needs)
            aliases += [f'alias {alias} {name}\n' for alias in info.get('alias', [])]
            self._archive.file(f'{inside}/updates/{name}.ko', path.read_bytes())
        chosen = self._with_dependencies(wanted, known)
        for name in chosen:
            self._archive.file(f'{inside}/{known[name][0].removesuffix(".xz")}',
                               _unpacked(tree / known[name][0]))
        dep = ''
        for name in (*self._own_modules, *chosen):
            dep += ' '.join([f'{files[name][0]}:', *(files[need][0] for need in files[name][1]
                                                     if need in files)]).replace('.ko.xz', '.ko')
            dep += '\n'
        for line in (tree / 'modules.alias').read_text(encoding='utf-8').splitlines(True):
            if line.split()[-1] in chosen:
                aliases.append(line)
        self._archive.file(f'{inside}/modules.dep', dep.encode())
        self._archive.file(f'{inside}/modules.alias', ''.join(aliases).encode())
        for same in ('modules.builtin', 'modules.builtin.modinfo', 'modules.symbols'):
            self._archive.file(f'{inside}/{same}', (tree / same).read_bytes())

    def _with_dependencies(self, names, known):
        builtin = {_plain(line) for line in
                   (self._kernel.modules / 'modules.builtin').read_text().splitlines()}
        chosen, waiting = {}, [_plain(name) for name in names]
        while waiting:
            name = waiting.pop()
            if name in builtin or name in chosen:
                continue
            if name not in known:
                raise Failed(f'kernel {self._kernel.name} has no module {name}')
            chosen[name] = True
            waiting += known[name][1]
        return chosen


def _plain(path):
    """A module's name from the path of its file."""
    return re.sub(r'\.ko(\.xz)?$', '', os.path.basename(path)).replace('-', '_')


def _dependencies(tree):
    """{module: (its file, [modules it needs])} as depmod found them."""
    found = {}
    for line in (tree / 'modules.dep').read_text(encoding='utf-8').splitlines():
        path, _, needs = line.partition(':')
        found[_plain(path)] = (path, [_plain(need) for need in needs.split()])
    return found


def _unpacked(path):
    # So that it does not matter what the guest's modprobe can unpack.
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == '.xz' else data
