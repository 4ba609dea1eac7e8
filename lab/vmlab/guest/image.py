# SPDX-License-Identifier: MIT
"""The content of a guest: an initramfs of busybox, modules and the programs under test."""

import lzma
import os
import re
import stat
import tempfile
from pathlib import Path

from ..errors import Failed, LabError
from ..host import process

_BUSYBOX = '/usr/bin/busybox'
_INIT = Path(__file__).with_name('init.sh')
# Programs look for this loader in /lib64, and for other loaders in /lib.
_LOADER_ELSEWHERE = 'ld-linux-x86-64.so.2'
_SHELL = Path(__file__).with_name('shell.sh')
_PASSWD = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n'
_GROUP = 'root:x:0:\nnogroup:x:65534:\n'


class _Archive:
    """A cpio archive in the "newc" format, in memory; parent folders come by themselves."""

    def __init__(self):
        self._entries = {}

    def folder(self, path, mode=0o755):
        self._add(path, stat.S_IFDIR | mode, b'')

    def file(self, path, content, mode=0o644):
        self._add(path, stat.S_IFREG | mode, content)

    def link(self, path, target):
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, path, major, minor, mode):
        self._add(path, stat.S_IFCHR | mode, b'', (major, minor))

    def _add(self, path, mode, content, device=(0, 0)):
        path = path.strip('/')
        parent = path.rpartition('/')[0]
        if parent and parent not in self._entries:
            self.folder(parent)
        self._entries[path] = (mode, content, device)

    def write(self, path):
        with open(path, 'wb') as out:
            for inode, (name, entry) in enumerate(self._entries.items(), 1):
                self._write_entry(out, inode, name, *entry)
            self._write_entry(out, 0, 'TRAILER!!!', 0, b'', (0, 0))

    @staticmethod
    def _write_entry(out, inode, name, mode, content, device):
        name = name.encode() + b'\0'
        # Inode, mode, uid, gid, links, mtime, size, device of the file, the file as a device,
        # length of the name, checksum.
        fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0)
        head = b'070701' + b''.join(b'%08x' % field for field in fields) + name
        out.write(head + bytes(-len(head) % 4))
        out.write(content + bytes(-len(content) % 4))


class Image:
    """The files of a guest for one kernel; its shell is on the serial line `tty`."""

    def __init__(self, kernel, tty):
        self._kernel = kernel
        self._archive = _Archive()
        self._library_folders = []
        self._own_modules = []
        self._kernels_modules = []
        self._applets = self._add_busybox()
        for folder in ('proc', 'sys', 'dev', 'run', 'tmp', 'root'):
            self._archive.folder(folder)
        # The kernel opens it for the first process before devtmpfs exists.
        self._archive.character_device('dev/console', 5, 1, 0o600)
        self._archive.file('init', _INIT.read_bytes(), 0o755)
        self._archive.file('etc/inittab', f'{tty}::once:/etc/shell\n'.encode())
        self._archive.file('etc/shell', _SHELL.read_bytes(), 0o755)
        self._archive.file('etc/passwd', _PASSWD.encode())
        self._archive.file('etc/group', _GROUP.encode())

    def _add_busybox(self):
        busybox = self._kernel.workshop.path(_BUSYBOX)
        own = Path(f'{self._kernel.folder}{_BUSYBOX}') if self._kernel.architecture.foreign \
            else busybox
        self._archive.file('bin/busybox', own.read_bytes(), 0o755)
        # The same version as in the guest, so the same applets.
        applets = process.output(str(busybox), '--list').split()
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
        """Add a file and, if it is a program, the libraries that it needs."""
        path = Path(path)
        if not path.is_file():
            raise LabError(f'{path}, wanted in the guest as {inside}, is not there')
        # busybox's shell prefers its own applets to programs.
        name = os.path.basename(inside)
        if inside.startswith('/usr/local/bin/') and name in self._applets:
            raise LabError(f'{inside} would never run: busybox has an applet {name}')
        self._archive.file(inside, path.read_bytes(), 0o755 if os.access(path, os.X_OK) else 0o644)
        if is_elf(path) and path.suffix != '.ko':
            self._add_libraries(path)

    def add_program(self, path):
        """A program, found through PATH in the guest."""
        self.add_file(f'/usr/local/bin/{Path(path).name}', path)

    def _add_libraries(self, path):
        gnu = self._kernel.architecture.gnu
        root = self._kernel.workshop.root if self._kernel.architecture.foreign else Path('/')
        system = [root / folder / gnu for folder in ('usr/lib', 'lib')]
        for library in _libraries(path, [*self._library_folders, *system]):
            # The loader has its fixed place; it searches /lib for all others.
            self._archive.file(f'/lib/{library.name}', library.read_bytes(), 0o755)
            if library.name == _LOADER_ELSEWHERE:
                self._archive.link(f'/lib64/{library.name}', f'/lib/{library.name}')

    def add_module(self, name):
        """Add a module of the kernel's own, with its dependencies."""
        self._kernels_modules.append(name)

    def add_own_module(self, path):
        """Add a module from outside the kernel, which modprobe finds like an installed one."""
        self._own_modules.append(path)

    def write(self, path):
        self._write_modules()
        self._archive.write(path)

    def _write_modules(self):
        """Lay the modules out as on a real system, so that depmod can index them."""
        tree = self._kernel.modules
        known = _dependencies(tree)
        with tempfile.TemporaryDirectory(prefix='vmclock.') as root:
            base = Path(root, 'lib/modules', self._kernel.release)
            wanted = list(self._kernels_modules)
            for path in self._own_modules:
                _place(base / 'updates' / path.name, path.read_bytes())
                depends = process.output('modinfo', '--field', 'depends', str(path)).strip()
                wanted += [name for name in depends.split(',') if name]
            for name in self._with_dependencies(wanted, known):
                _place(base / known[name][0].removesuffix('.xz'), _unpacked(tree / known[name][0]))
            for same in ('modules.builtin', 'modules.builtin.modinfo', 'modules.order'):
                _place(base / same, (tree / same).read_bytes())
            self._kernel.workshop.run(('depmod', '-b', root, self._kernel.release), 'depmod')
            for path in sorted(base.rglob('*')):
                if path.is_file():
                    self._archive.file(str(path.relative_to(root)), path.read_bytes())

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


def _place(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _unpacked(path):
    # The guest's modprobe may not be able to unpack it.
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == '.xz' else data


def is_elf(path):
    with open(path, 'rb') as file:
        return file.read(4) == b'\x7fELF'


def _libraries(path, search):
    """The shared libraries and the loader that a program needs, found in the folders `search`.

    Works also for programs that do not run here.
    """
    found, waiting = {}, [Path(path)]
    while waiting:
        for name in _needed(waiting.pop()):
            if name in found:
                continue
            places = [place for place in (folder / name for folder in search) if place.exists()]
            if not places:
                raise LabError(f'{path} needs {name}, which is not there')
            found[name] = places[0]
            waiting.append(places[0])
    return list(found.values())


def _needed(path):
    """The names of the libraries that an ELF file itself needs."""
    listing = process.output('readelf', '--wide', '--dynamic', '--program-headers', str(path))
    return re.findall(r'\(NEEDED\) .*\[(.*)\]', listing) + \
        re.findall(r'interpreter: .*/(.*)\]', listing)
