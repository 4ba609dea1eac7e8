# SPDX-License-Identifier: MIT
"""One QEMU process, and the channels into it: QMP, qtest, and the guest's serial shell."""

import contextlib
import functools
import json
import os
import re
import socket
import subprocess
import time
from pathlib import Path

from ..deadline import Deadline, wait_for
from ..errors import Failed, LabError
from . import process

_START = 60
_ANSWER = 60
_GOODBYE = 5
_OLDEST = 10
# QEMU's name for the page of its own device.
DEVICE_MEMORY = 'vmclock_page'


class Closed(Failed):
    """The other end is gone."""


class TimedOut(Failed):
    """No whole line came in time."""


class Channel:
    """Lines of text over a unix socket; each wait for one has a deadline."""

    def __init__(self, path, alive, deadline):
        """Connect as soon as the other end listens, for as long as alive() says it may."""
        self._name = path.name
        self._buffer = bytearray()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        while True:
            try:
                self._socket.connect(str(path))
                return
            except (FileNotFoundError, ConnectionRefusedError):
                if not alive():
                    raise Closed(f'no one listens on {self._name}') from None
                if deadline.passed():
                    raise TimedOut(f'no one listens on {self._name}') from None
                time.sleep(0.02)

    def send(self, text, deadline):
        self._socket.settimeout(deadline.left() or 0.001)
        try:
            self._socket.sendall(text.encode() + b'\n')
        except TimeoutError:
            raise TimedOut(f'{self._name} takes no input') from None
        except OSError as error:
            raise Closed(f'{self._name}: {error}') from None

    def line(self, deadline):
        """The next line, without its end."""
        searched = 0
        while (end := self._buffer.find(b'\n', searched)) < 0:
            searched = len(self._buffer)
            self._socket.settimeout(deadline.left() or 0.001)
            try:
                data = self._socket.recv(1 << 16)
            except TimeoutError:
                raise TimedOut(f'no answer from {self._name}') from None
            except OSError as error:
                raise Closed(f'{self._name}: {error}') from None
            if not data:
                raise Closed(f'end of file from {self._name}')
            self._buffer += data
        text = self._buffer[:end].decode(errors='replace').rstrip('\r')
        del self._buffer[:end + 1]
        return text

    def close(self):
        self._socket.close()


@functools.cache
def own_binary():
    """The QEMU that VMCLOCK_QEMU names, once it is known to be new enough; else None."""
    binary = os.environ.get('VMCLOCK_QEMU')
    if not binary:
        return None
    try:
        said = process.output(binary, '--version')
    except LabError as error:
        raise LabError(f'VMCLOCK_QEMU: {error}') from None
    version = re.search(r'QEMU emulator version (\d+).*', said)
    if not version or int(version[1]) < _OLDEST:
        raise LabError(f'VMCLOCK_QEMU: {binary} is {version[0] if version else "no QEMU"}; '
                       f'version {_OLDEST} or newer is needed')
    return binary


class Qemu:
    """A running QEMU of the Chroot `home`.

    `command` is complete except for the sockets added here.
    """

    def __init__(self, home, command, folder, log, pass_fds=()):
        folder.mkdir()
        self._log = log
        sockets = ('-chardev', f'socket,id=shell,path={folder}/shell,server=on,wait=off',
                   '-serial', 'chardev:shell',
                   '-qmp', f'unix:{folder}/qmp,server=on,wait=off',
                   '-qtest', f'unix:{folder}/qtest,server=on,wait=off', '-qtest-log', os.devnull)
        self._channels = []
        program, *arguments = (*command, *sockets)
        own = own_binary() if program == 'qemu-system-x86_64' else None
        command = (own, *arguments) if own else home.argv((program, *arguments))
        with open(log, 'a', encoding='utf-8') as output:
            self._process = process.start(command, stdout=output, stderr=output,
                                          pass_fds=pass_fds, env=home.environment())
        try:
            self.shell = self._connect(folder / 'shell')
            self._qtest = self._connect(folder / 'qtest')
            self._qmp = self._connect(folder / 'qmp')
            self._qmp.line(Deadline(_ANSWER))
            self.qmp('qmp_capabilities')
        except (Closed, TimedOut) as problem:
            self.kill()
            raise LabError(f'QEMU did not start: {self.last_words() or problem}') from None
        except BaseException:
            self.kill()
            raise

    def _connect(self, path):
        channel = Channel(path, self.alive, Deadline(_START))
        self._channels.append(channel)
        return channel

    def last_words(self):
        """The last line of its output."""
        lines = self._log.read_text(encoding='utf-8', errors='replace').split('\n')
        return next((text for text in reversed(lines) if text), '')

    def alive(self):
        return self._process.poll() is None

    def qmp(self, command, **arguments):
        """Run a QMP command and return its answer."""
        deadline = Deadline(_ANSWER)
        self._qmp.send(json.dumps({'execute': command, 'arguments': arguments}), deadline)
        while True:
            answer = json.loads(self._qmp.line(deadline))
            if 'return' in answer:
                return answer['return']
            if 'error' in answer:
                raise Failed(f'QMP {command}: {answer["error"]["desc"]}')

    def qtest(self, command):
        """Run a command of QEMU's qtest protocol and return the words after its OK."""
        return self.begin_qtest(command)()

    def begin_qtest(self, *commands):
        """Run commands one after the other; the returned function waits for the last answer.

        Call it before giving the next command.
        """
        deadline = Deadline(_ANSWER)
        self._qtest.send('\n'.join(commands), deadline)

        def answer():
            return [self._qtest_answer(command, deadline) for command in commands][-1]
        return answer

    def _qtest_answer(self, command, deadline):
        while True:
            status, *words = self._qtest.line(deadline).split() or ['']
            if status == 'OK':
                return ' '.join(words)
            if status != 'IRQ':
                raise Failed(f'qtest {command}: {status} {" ".join(words)}')

    def migrate(self, uri, what, timeout):
        """Send the machine away, to another process or into a file; wait for its end."""
        self.qmp('migrate', uri=uri)
        wait_for(self._has_moved, what, timeout)

    def _has_moved(self):
        answer = self.qmp('query-migrate')
        if answer.get('status') in ('failed', 'cancelled'):
            raise Failed(f'the migration {answer["status"]}: {answer.get("error-desc", "")}')
        return answer.get('status') == 'completed'

    def wait_until_there(self, timeout):
        """Wait until a machine that was sent here, to a process with -S, has arrived."""
        wait_for(lambda: self.qmp('query-status')['status'] == 'paused',
                 'the guest in its new process', timeout)

    def own_memory(self, name):
        """The file behind memory of a device; the machine has aux-ram-share=on."""
        for pid in (self._process.pid, *process.children(self._process.pid)):
            for path in Path(f'/proc/{pid}/fd').iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if os.readlink(path).startswith(f'/memfd:{name} '):
                        return path
        raise LabError(f'QEMU shares no memory {name!r}')

    def quit(self):
        """End the process, by a command if it still listens."""
        try:
            if self.alive():
                self._qmp.send('{"execute": "quit"}', Deadline(1))
            self._process.wait(_GOODBYE)
        except (Closed, TimedOut, subprocess.TimeoutExpired):
            pass
        self.kill()

    def kill(self):
        process.stop(self._process)
        for channel in self._channels:
            channel.close()
