# SPDX-License-Identifier: MIT
"""A virtual machine: boot it, run commands in its shell, and move it to another process."""

import base64
import collections
import dataclasses
import functools
import os
import re
import secrets
import shlex
import shutil
import time

from ..deadline import Deadline, wait_for
from ..errors import Failed, LabError
from ..host.page import Memory
from ..host.qemu import DEVICE_MEMORY, Closed, Qemu, TimedOut
from ..kernels.kernel import USUAL_NEEDS
from ..kernels.matrix import AMD64
from . import boards, console
from .device import Simulation

# Words that turn off slow parts of the boot on an emulated processor.
_LIGHTER = ('cryptomgr.notests', 'init_on_alloc=0',
            'initcall_blacklist=crypto_kdf108_init,init_encrypted,jent_mod_init')
# QEMU waits for an incoming guest.
_PAUSED = ('-S', '-incoming', 'defer')
# Save a guest without its memory, which is a file already.
_MEMORY_APART = {'capabilities': [{'capability': 'x-ignore-shared', 'state': True}]}

_LEAKS = '/sys/kernel/debug/kmemleak'
_WATCHES_LEAKS = f'test -e {_LEAKS} || {{ mount -t debugfs debugfs /sys/kernel/debug && ' \
                 f'test -e {_LEAKS}; }}'
# Memory younger than 5 s may be referred to only from registers or stacks.
_LOOK_FOR_LEAKS = f'sleep 3; echo scan >{_LEAKS}'

Result = collections.namedtuple('Result', 'status output')
# Of a kernel, what Machine needs to know.
BootFiles = collections.namedtuple('BootFiles', 'release image workshop architecture needs',
                                   defaults=(AMD64, USUAL_NEEDS))


@dataclasses.dataclass(frozen=True)
class Setup:
    """How a guest is booted.

    append   words for its kernel's command line
    memory   in MiB; by default what its kernel needs
    cpus     how many processors
    qemu     more arguments for QEMU
    poison   have the kernel watch for late uses of freed memory, as its kind does
    timeout  seconds until it has to be up
    """

    append: str = ''
    memory: int = 0
    cpus: int = 2
    qemu: tuple = ()
    poison: bool = True
    timeout: int = 120


# For a whole Debian, which has more to start.
SYSTEM_SETUP = Setup(memory=1024, timeout=600)


class Saved:
    """A saved guest: the files of a folder."""

    def __init__(self, folder):
        self.initrd = folder / 'initrd'
        self.memory = folder / 'memory'
        self.devices = folder / 'devices'
        self.log = folder / 'console.log'


def _sendable(command):
    """A command in the form that the guest's shell expects, see shell.sh."""
    if command.isascii() and command.isprintable() and command == command.strip():
        return f'plain {command}'
    return 'base64 ' + base64.b64encode(command.encode(errors='surrogateescape')).decode()


class Machine:
    """A guest. It is up once constructed; close it, or use it in a with statement.

    board     what kind of machine it is
    page      the simulated page, None with another device
    device    'vmclock' (QEMU's own), a Simulation (also OwnDevice), or None
    emulator  the Chroot with its QEMU
    saved     the Saved of a machine like this one, to go on from instead of booting
    """

    def __init__(self, kernel, initrd, folder, logs, device, setup, emulator, *, saved=None,
                 transcript=lambda text: None):
        self.kernel = kernel
        self._emulator = emulator
        self._patience = kernel.needs.patience
        memory = setup.memory or kernel.needs.memory
        self.board = boards.of(kernel.architecture)
        self._simulation = device if isinstance(device, Simulation) else None
        self._folder = folder
        self._logs = logs
        self._console = logs / 'console.log'
        self._memory_size = memory << 20
        self._memory = None
        self._transcript = transcript
        self._moves = 0
        self.closed = False
        folder.mkdir()
        logs.mkdir(parents=True)
        self._arguments = self._fixed_arguments(initrd, memory, device, setup)
        self._qemu, self._memory = self._start(*(_PAUSED if saved else ()), saved=saved)
        try:
            if saved:
                self._go_on(saved, setup.timeout)
            else:
                self._wait_until_up(setup.timeout)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _fixed_arguments(self, initrd, memory, device, setup):
        # An oops ends the machine at once, with the reason as the last thing in its log.
        command_line = [f'console={self.board.tty}0', 'panic=-1', 'oops=panic',
                        *(self.kernel.needs.words if setup.poison else ()), *_LIGHTER,
                        *self.board.command_line]
        parts = ('-nodefaults', '-display', 'none', '-cpu', self.board.cpu, '-smp', str(setup.cpus),
                 '-m', str(memory))
        arguments = ['-no-user-config', '-no-reboot', '-vga', 'none', '-nic', 'none', *parts,
                     '-accel', os.environ.get('VMCLOCK_ACCEL') or 'tcg',
                     '-kernel', str(self.kernel.image), '-initrd', str(initrd),
                     '-chardev', f'file,id=console,append=on,path={self._console}',
                     '-serial', 'chardev:console']
        if self._simulation:
            options, words = self.board.announce(self.kernel.workshop, self._folder,
                                                 self._simulation, parts)
            arguments += options
            command_line += words
        elif device:
            if device != self.board.own_device:
                raise LabError(f'this machine has no device {device!r}')
            arguments += ['-device', device]
        arguments += ['-append', ' '.join([*command_line, setup.append]).strip()]
        return [*arguments, *setup.qemu]

    def _start(self, *arguments, saved=None):
        """A QEMU and, for a simulated page, the memory shared with it."""
        folder = self._folder / str(self._moves)
        qemu_log = self._logs / 'qemu.log'
        start = [self.board.program, '-M', self.board.type, *self._arguments, *arguments]
        if not self._simulation:
            return Qemu(self._emulator, start, folder, qemu_log), None
        memory = Memory(self._memory_size, self.board.PAGE_OFFSET, self._simulation.room,
                        saved and saved.memory)
        for offset in self._simulation.offsets:
            memory.page.at(offset).set(**self._simulation.fields)
        start[2] += ',memory-backend=ram'
        start += ['-object', f'memory-backend-file,id=ram,share=on,size={self._memory_size},'
                  f'mem-path=/proc/self/fd/{memory.fd}']
        try:
            return Qemu(self._emulator, start, folder, qemu_log, (memory.fd,)), memory
        except BaseException:
            memory.close()
            raise

    def _wait_until_up(self, timeout):
        self._transcript(f'booting {self.kernel.release}')
        deadline = Deadline(timeout * self._patience)
        try:
            while self._qemu.shell.line(deadline) != 'ready':
                pass
        except (Closed, TimedOut) as problem:
            raise Failed(f'the guest did not come up: {self._why(problem)}') from None
        self._transcript('the guest is up')

    def _go_on(self, saved, timeout):
        self._transcript(f'{self.kernel.release} goes on from where one has booted')
        # The guest does not run yet, and QEMU appends to the log.
        shutil.copyfile(saved.log, self._console)
        try:
            self.qmp('migrate-set-capabilities', **_MEMORY_APART)
            self.qmp('migrate-incoming', uri=f'file:{saved.devices}')
            self._qemu.wait_until_there(timeout * self._patience)
            self.qmp('cont')
        except Closed:
            raise LabError(f'a saved guest cannot go on: {self._qemu.last_words()}') from None
        # As if the guest had read the time at boot.
        self.run(f'date -s @{time.time():.0f}')

    def save(self, saved, timeout=60):
        """Save a guest with a simulated page as a Saved; afterwards the guest can only end."""
        self.qmp('migrate-set-capabilities', **_MEMORY_APART)
        self._qemu.migrate(f'file:{saved.devices}', 'the guest being saved', timeout)
        self._memory.save(saved.memory)
        shutil.copyfile(self._console, saved.log)

    def _why(self, problem):
        """The best explanation for a guest that does not answer."""
        complaint = self.complaint()
        if complaint:
            return f'{problem}; its kernel said: {complaint.splitlines()[0]}'
        lines = self.console().rstrip().splitlines()
        return f'{problem}; the end of its log: {lines[-1] if lines else "(empty)"}'

    def shell(self, command, timeout=60, user=None):
        """Run a shell command in the guest; Result(status, output) with stderr in the output.

        Bytes that are not UTF-8 are kept as surrogates.
        """
        if user:
            command = f'exec su -s /bin/sh {user} -c {shlex.quote(command)}'
        token = secrets.token_hex(4)
        timeout *= self._patience
        deadline = Deadline(timeout)
        try:
            self._qemu.shell.send(f'{token} {_sendable(command)}', deadline)
            # The answer to an earlier command that took too long may come first.
            while (answer := self._qemu.shell.line(deadline).split(' '))[0] != token:
                pass
        except Closed as problem:
            raise Failed(f'the guest died at {command!r}: {self._why(problem)}') from None
        except TimedOut as problem:
            raise Failed(f'{command!r} took longer than {timeout} s: {self._why(problem)}') \
                from None
        output = base64.b64decode(answer[2]).decode(errors='surrogateescape')
        self._transcript(f'$ {command}\n{output}[status {answer[1]}]')
        return Result(int(answer[1]), output)

    def begin(self, command):
        """Start a command, without its result; the next command waits for its end."""
        self._transcript(f'$ {command} ...')
        self._qemu.shell.send(f'{secrets.token_hex(4)} {_sendable(command)}',
                              Deadline(60 * self._patience))

    def run(self, command, timeout=60, user=None):
        """Run a shell command that must succeed; its output without the last newline."""
        status, output = self.shell(command, timeout, user)
        if status:
            raise Failed(f'{command!r} ended with status {status}: {output.strip()}')
        return output.removesuffix('\n')

    def wait_for(self, command, timeout=30, user=None):
        """Repeat a shell command until it succeeds; its output."""
        def attempt():
            result = self.shell(command, timeout, user)
            return result if result.status == 0 else None
        return wait_for(attempt, f'success of {command!r}',
                        timeout * self._patience).output.removesuffix('\n')

    @functools.cached_property
    def device(self):
        """The name of the page's platform device."""
        return self.run(f'basename /sys/bus/platform/devices/{self.board.devices}')

    def ptp_clock(self):
        """The path of the PTP clock of vmclock0, which there has to be."""
        return '/dev/' + self.run('grep -lx vmclock0 /sys/class/ptp/*/clock_name').split('/')[4]

    def load(self, parameters=''):
        """Load the driver under test."""
        self.run(f'modprobe vmclock {parameters}')

    def listen_for_uevents(self):
        """Record the uevents of VMClock devices from now on."""
        self.run("uevent sh -c 'echo $(env | grep ^VMCLOCK_) >>/tmp/uevents' >/dev/null 2>&1 &")
        # The recorder listens once it has received an event, which leaves an empty line.
        self.wait_for('echo change >/sys/class/mem/null/uevent; test -e /tmp/uevents')

    def wait_uevents(self, count, timeout=30):
        """Wait for this many uevents; returns all of them, as {variable: value}."""
        self.wait_for(f'test $(grep -c VMCLOCK_ /tmp/uevents) -ge {count}', timeout)
        return [dict(word.split('=') for word in line.split())
                for line in self.run('grep VMCLOCK_ /tmp/uevents').splitlines()]

    def console(self):
        """The log of the guest's kernel so far."""
        return self._console.read_text(encoding='utf-8', errors='replace') \
            if self._console.exists() else ''

    def wait_log(self, pattern, timeout=30):
        """Wait for a line of the kernel's log that matches; the match."""
        return wait_for(lambda: re.search(pattern, self.console(), re.MULTILINE),
                        f'{pattern!r} in the log of the kernel', timeout * self._patience)

    def complaint(self):
        """The beginning of the guest kernel's complaint, or nothing."""
        return console.complaint(self.console())

    def check_log(self):
        """Fail if the guest's kernel complained, or if the machine is gone."""
        if not self.closed:
            wait_for(lambda: not (console.is_unfinished(self.console()) and self._qemu.alive()),
                     'the end of what the kernel says', 30 * self._patience)
        complaint = self.complaint()
        if complaint:
            raise Failed(f'the kernel complained: {complaint.splitlines()[0]}')
        if not self.closed and not self._qemu.alive():
            raise Failed('the machine stopped by itself')

    def check_leaks(self):
        """Fail if the kernel looks for leaks, and has found one."""
        if self.shell(_WATCHES_LEAKS).status:
            return
        for _ in range(2):
            self.run(_LOOK_FOR_LEAKS)
        found = self.run(f'cat {_LEAKS}')
        if found:
            raise Failed(f'the kernel found a leak: {found}')

    def notify(self):
        """Pulse the notification line of a simulated page."""
        self.begin_notify()()

    def begin_notify(self):
        """The same without waiting; call the returned function to wait for QEMU's answer."""
        if not (self._simulation and self._simulation.notify):
            raise LabError('this machine has no notification line')
        return self._begin_pulse(self._qemu)

    def _begin_pulse(self, qemu):
        line = self.board.notify_line(qemu.qmp)
        return qemu.begin_qtest(*(f'set_irq_in {line} {level}' for level in (1, 0)))

    @property
    def page(self):
        """The simulated page, None with another device."""
        return self._memory.page if self._memory else None

    @property
    def ram_path(self):
        """The guest's RAM as a file; page.offset is the page's position in it."""
        return self._memory.path if self._memory else None

    @property
    def page_file(self):
        """(file, offset) of the page for other programs of the host."""
        if self._simulation.is_own:
            return self._qemu.own_memory(DEVICE_MEMORY), 0
        return self.ram_path, self.page.offset

    def qmp(self, command, **arguments):
        """Run a QMP command; its answer."""
        return self._qemu.qmp(command, **arguments)

    def qtest(self, command):
        """Run a qtest command, such as 'readq 0xfeffb010'; the words of its answer."""
        return self._qemu.qtest(command)

    def reboot(self, timeout=240):
        """Have the guest reboot itself; a simulated page begins anew."""
        self._qemu.shell.send(f'reboot {_sendable("reboot")}', Deadline(10))
        wait_for(lambda: not self._qemu.alive(), 'the end of the guest', timeout * self._patience)
        self._end()
        self._moves += 1
        self._qemu, self._memory = self._start()
        self._wait_until_up(timeout)

    def migrate(self, arrived=None, timeout=120, notify=False, emulator=None):
        """Move the running guest into a new QEMU process, with its shell and page.

        The process is of the same QEMU, or of that of another Chroot from now on.

        A simulated page moves unchanged: make a hypervisor's changes yourself. That can
        be done in arrived(page), which is called before the guest runs in its new process. With
        `notify`, the line is pulsed then, and the interrupt is the first thing the guest meets.
        """
        self._emulator = emulator or self._emulator
        source, old_memory = self._qemu, self._memory
        self._moves += 1
        line = f'unix:{self._folder}/{self._moves}.migration'
        target, memory = self._start('-S', '-incoming', line)
        try:
            source.qmp('migrate-set-parameters', **{'max-bandwidth': 1 << 32})
            source.migrate(line, 'the migration', timeout)
            self._resume(target, memory, arrived, timeout, notify)
        except BaseException:
            target.quit()
            if memory:
                memory.close()
            raise
        source.quit()
        if old_memory:
            old_memory.close()
        self._transcript('migrated')

    def restore_after(self, seconds, timeout=120):
        """Save and end the running guest; it continues later in a new QEMU process."""
        saved = self._logs / 'saved'
        self._moves += 1
        self._qemu.migrate(f'file:{saved}', 'the guest being saved', timeout)
        self._end()
        time.sleep(seconds)
        self._qemu, self._memory = self._start('-S', '-incoming', f'file:{saved}')
        self._resume(self._qemu, self._memory, None, timeout)
        saved.unlink()
        self._transcript(f'restored after {seconds} s')

    def _resume(self, target, memory, arrived, timeout, notify=False):
        target.wait_until_there(timeout)
        if arrived:
            arrived(memory.page)
        if notify:
            self._begin_pulse(target)()
        target.qmp('cont')
        self._qemu, self._memory = target, memory

    def _end(self):
        self._qemu.quit()
        if self._memory:
            self._memory.close()
            self._memory = None

    def close(self):
        self.closed = True
        self._end()
