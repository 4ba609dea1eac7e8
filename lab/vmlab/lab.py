# SPDX-License-Identifier: MIT
"""The interface of the laboratory, for scenarios and the demonstration."""

import contextlib
import dataclasses
import itertools
import os
import shutil
import tarfile
import tempfile
import time
from pathlib import Path

from . import report
from .deadline import wait_for
from .debian.release import Packager, programs_for
from .debian.system import System
from .errors import Failed, LabError, Skipped
from .guest import boards, console
from .guest.device import USUAL, Simulation
from .guest.image import Image, is_elf
from .guest.machine import SYSTEM_SETUP, BootFiles, Machine, Saved, Setup
from .host import cache, process
from .host.bare import Bare, Watch
from .kernels import bzimage
from .kernels.driver import build_driver

_PROGRAM_FOLDERS = ('tools', 'vmclockd', 'examples', 'bench', 'tests/vm/guest', 'tests/vm/host',
                    'tests/stress', 'tests/unit')
# Programs that every guest has: all of these folders, and one of the examples.
_USUAL_FOLDERS = ('tools', 'tests/vm/guest')
_USUAL_EXAMPLE = 'stamp-events'
# What a system on a disk does first: its luggage is on the second one, which may be found later.
_UNPACK_AND_START = 'until test -b /dev/vdb; do sleep 0.1; done; ' \
                    'tar -xf /dev/vdb -C / && exec /sbin/init'
# Socket paths are limited to 107 bytes; the longest below the run folder takes 20.
_LONGEST_FOLDER = 80


def default_builddir(tree):
    """The folder where make was run for the tree, unless the caller names one."""
    if os.environ.get('VMCLOCK_BUILDDIR'):
        return Path(os.environ['VMCLOCK_BUILDDIR']).absolute()
    return tree if (tree / 'config.status').exists() else tree / 'build'


def add_builddir(parser, tree):
    """Let a command's user say where make was run; options.builddir."""
    parser.add_argument('--builddir', type=lambda name: Path(name).absolute(), metavar='DIR',
                        default=default_builddir(tree), help='where make has built the tree')


@contextlib.contextmanager
def lab_for(kernel, tree, builddir, emulator=None):
    """A Lab for one piece of work; its logs stay only if something goes wrong."""
    with Lab(kernel, tree, builddir, emulator=emulator) as lab:
        yield lab
        lab.check_logs()
    shutil.rmtree(lab.logs)


class Lab:
    """A place to boot machines of one kernel; leaving the with statement ends them all.

    `logs` must be below the cache folder, for only there can QEMU write. With a Shelf, guests
    without special needs do not boot, but start from a saved one. `emulator` is the Chroot whose
    QEMU runs the guests, the workshop unless it is given.
    """

    def __init__(self, kernel, tree, builddir, logs=None, verbose=False, shelf=None,
                 thorough=False, emulator=None):
        self.kernel = kernel
        self._emulator = emulator or kernel.workshop
        self.board = boards.of(kernel.architecture)
        self.tree = Path(tree)
        self.builddir = Path(builddir)
        self.logs = logs or cache.new_log_folder()
        self.machines = []
        self._recipes = {}
        self._numbers = itertools.count(1)
        self._open = contextlib.ExitStack()
        self._verbose = verbose
        self._shelf = shelf
        self._thorough = thorough
        self._folder = None
        self._began = time.monotonic()

    def __enter__(self):
        folder = tempfile.mkdtemp(prefix='vmclock.')
        self._folder = Path(folder)
        self._open.callback(shutil.rmtree, folder)
        if len(folder) > _LONGEST_FOLDER:
            self._open.close()
            raise LabError(f'{folder} is too long a name for sockets; choose a shorter TMPDIR')
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_):
        self._open.close()

    def boot(self, device, *, programs=(), modules=(), files=None, driver=True, setup=Setup()):
        """Boot a guest and return its Machine.

        device    'vmclock': QEMU's own; 'vmclock-shared': the same, which the host can write,
                  with memory in which counters can be compared; 'sim': a simulated page that
                  notifies; 'sim-silent': one that does not; another Simulation; None: no page
        programs  names of programs of the build, put on the guest's PATH
        modules   modules of the kernel's own to have in the guest
        files     {path in the guest: path on the host}
        driver    have the driver under test in the guest (load it with machine.load()), or
                  the module with this path
        setup     a Setup: how it is booted
        """
        device = USUAL.get(device, device)
        if self._shelf and isinstance(device, Simulation) and device.announced_as_usual and \
                driver and not (modules or files) and setup == Setup() and \
                set(programs) <= set(self._usual_programs()):
            return self._go_on(device, driver)
        number = next(self._numbers)
        initrd = self._folder / f'{number}.initrd'
        self._write_image(initrd, driver, modules, programs, files or {})
        return self._machine(number, self.kernel, initrd, device, setup)

    def _go_on(self, page, driver):
        """A guest with all programs, from the shelf."""
        kind = 'sim' if page.notify else 'sim-silent'

        def boot(folder):
            saved = Saved(folder)
            self._write_image(saved.initrd, driver, (), self._usual_programs(), {})
            with self._machine(next(self._numbers), self.kernel, saved.initrd, USUAL[kind],
                               Setup()) as machine:
                machine.check_log()
                machine.save(saved)

        name = f'{self.kernel.name}-{kind}'
        if driver is not True:
            name += f'-{driver.stem}'
        saved = Saved(self._shelf.folder(name, boot))
        return self._machine(next(self._numbers), self.kernel, saved.initrd, page, Setup(), saved)

    def _write_image(self, path, driver, modules, programs, files):
        image = Image(self.kernel, f'{self.board.tty}1')
        builddir = programs_for(self.kernel, self.builddir)
        image.search_libraries_in(builddir / 'lib/.libs')
        if driver is True:
            driver = build_driver(self.tree, self.kernel).module
        if driver:
            image.add_own_module(driver)
        for module in modules:
            image.add_module(module)
        for name in programs:
            image.add_program(self._program(name, builddir))
        for inside, file in files.items():
            image.add_file(inside, file)
        image.write(path)

    def _machine(self, number, kernel, initrd, device, setup, saved=None):
        machine = Machine(kernel, initrd, self._folder / str(number), self.logs / str(number),
                          device, setup, self._emulator, saved=saved,
                          transcript=lambda text: self.log(f'machine {number}: {text}'))
        self._open.callback(machine.close)
        self.machines.append(machine)
        self._recipes[machine] = initrd, device, setup
        return machine

    def bare(self, receives=False, machine=None, emulator=None):
        """QEMU's own device without a guest, a Bare; by default, of the lab's QEMU and machine."""
        bare = Bare(emulator or self._emulator, self._folder / f'bare-{next(self._numbers)}',
                    machine or self.board.type, receives)
        self._open.callback(bare.close)
        return bare

    def watch(self, bare, expect=None):
        """vmclock-verify on the page of a Bare, a Watch."""
        watch = Watch(self.program('vmclock-verify'), bare.page, expect)
        self._open.callback(watch.close)
        return watch

    def save(self, machine):
        """Save a booted guest with a simulated page as a Saved for clone(); the guest ends."""
        folder = self.logs / f'saved-{next(self._numbers)}'
        folder.mkdir()
        saved = Saved(folder)
        machine.save(saved)
        machine.check_log()
        self.dismiss(machine)
        self._recipes[saved] = self._recipes[machine]
        return saved

    def clone(self, saved):
        """A machine that continues a saved guest; there may be several."""
        return self._machine(next(self._numbers), self.kernel, *self._recipes[saved], saved)

    def boot_system(self, system, device, *, programs=(), files=(), added=None,
                    setup=SYSTEM_SETUP):
        """Boot a whole Debian, a System, on a disk of its own, and return its Machine.

        device    as in boot()
        programs  names of programs that make has built for guests
        files     paths on the host that are in the guest's /root
        added     an archive of files to add before the boot
        setup     a Setup, such as one that begins as SYSTEM_SETUP
        """
        number = next(self._numbers)
        disk = self._folder / f'{number}.qcow2'
        system.overlay(disk)
        luggage = self._folder / f'{number}.tar'
        with tarfile.open(luggage, 'w') as archive:
            for path in files:
                archive.add(path, f'root/{Path(path).name}')
            for name in programs:
                archive.add(self.program(name), f'usr/local/bin/{name}')
            if added:
                with tarfile.open(added) as more:
                    for member in more:
                        content = more.extractfile(member) if member.isreg() else None
                        archive.addfile(member, content)
        boot = system.root / 'boot'
        release = system.releases()[-1]
        image = self._folder / f'{number}.kernel'
        bzimage.unpack(system.workshop, boot / f'vmlinuz-{release}', image)
        kernel = BootFiles(release, image, system.workshop)
        setup = dataclasses.replace(
            setup,
            append=f'root=/dev/vda rw {setup.append} init=/bin/sh -- -c "{_UNPACK_AND_START}"',
            qemu=('-drive', f'if=virtio,format=qcow2,file={disk}',
                  '-drive', f'if=virtio,format=raw,readonly=on,file={luggage}', *setup.qemu))
        return self._machine(number, kernel, boot / f'initrd.img-{release}',
                             USUAL.get(device, device), setup)

    def system(self, suite):
        """Debian `suite` for guests, made at its first use."""
        with cache.lock(cache.folder()):
            system = System(cache.folder(), suite, self.kernel.workshop)
            system.prepare()
        return system

    def packages(self, suite):
        """The Packager of Debian `suite`, and the folder of the packages built in it."""
        packager = Packager(cache.folder(), suite)

        def build():
            with cache.lock(cache.folder()):
                packager.prepare()
                return packager.built(self.builddir, self.logs / 'packages.log')
        # Finding out whether the source has changed takes a release of it.
        return packager, self._shelf.path(f'packages-{suite}', build) if self._shelf else build()

    @staticmethod
    def locked():
        """In a with statement, nobody else changes the cache or makes a release."""
        return cache.lock(cache.folder())

    def module(self, name):
        """The path of a module of tests/vm/module, built for the kernel."""
        return build_driver(self.tree, self.kernel, sparse=False, folder='tests/vm/module',
                            name=name).module

    def dismiss(self, machine):
        """End a machine whose kernel was made to complain."""
        machine.close()
        self.machines.remove(machine)

    def start(self, argv, **options):
        """Start a program on the host, as Popen does; it ends with the Lab at the latest."""
        program = process.start(argv, **options)
        self._open.callback(process.stop, program)
        return program

    def program(self, name):
        """The path of a program for the host that make has built."""
        return self._program(name, self.builddir)

    def _usual_programs(self):
        """The programs that are made for guests, of those that have been built."""
        builddir = programs_for(self.kernel, self.builddir)
        paths = [path for folder in _USUAL_FOLDERS for path in (builddir / folder).iterdir()]
        return sorted(path.name for path in (*paths, builddir / 'examples' / _USUAL_EXAMPLE)
                      if path.is_file() and os.access(path, os.X_OK))

    @staticmethod
    def _program(name, builddir):
        for folder in _PROGRAM_FOLDERS:
            # Beside a libtool program there is a script of the same name, which works only here.
            for path in (builddir / folder / '.libs' / name, builddir / folder / name):
                if path.is_file() and is_elf(path):
                    return path
        raise LabError(f'{name} has not been built in {builddir}: '
                       f'run make -C {builddir} all guest-programs, or say --builddir')

    def log(self, text):
        """Add to the record that is kept when a scenario fails."""
        text = f'[{time.monotonic() - self._began:7.2f}] {text}'.replace('\0', '\\0')
        with open(self.logs / 'scenario.log', 'a', encoding='utf-8',
                  errors='backslashreplace') as file:
            file.write(text + '\n')
        show = report.line if self._verbose else report.passing
        show(text.encode(errors='backslashreplace').decode())

    @staticmethod
    def check(condition, message):
        if not condition:
            raise Failed(message)

    @staticmethod
    def equal(actual, expected, what):
        if actual != expected:
            raise Failed(f'{what} is {actual!r}, not {expected!r}')

    @staticmethod
    def skip(reason):
        raise Skipped(reason)

    def wait_for(self, probe, what, timeout=30):
        """Call probe() until its answer is true, and return that answer."""
        return wait_for(probe, what, timeout * self.kernel.needs.patience)

    def rounds(self, usual, thorough):
        """How often to repeat something: more often on a watching kernel that --kernel names."""
        wanted = os.environ.get('VMCLOCK_ROUNDS')
        if wanted and wanted != 'usual':
            return int(wanted)
        return thorough if self._thorough and not wanted else usual

    def check_logs(self):
        for machine in self.machines:
            machine.check_log()
            if self.kernel.watches and not machine.closed:
                machine.check_leaks()
                machine.check_log()

    def complaints(self):
        """Complaints of kernels, also of guests that never came up."""
        logs = (path.read_text(encoding='utf-8', errors='replace')
                for path in sorted(self.logs.glob('*/console.log')))
        return [text for text in map(console.complaint, logs) if text]
