# SPDX-License-Identifier: MIT
"""One QEMU process and the lines into it: QMP, qtest, and the guest's serial shell."""

import functools
import json
import os
import re
import subprocess

from ..deadline import Deadline
from ..errors import Failed, LabError
from . import process
from .channel import Channel, Closed, TimedOut

_START = 60
_ANSWER = 60
_GOODBYE = 5
_OLDEST = 10


@functools.cache
def own_binary():
    """The QEMU that VMCLOCK_QEMU names, once it is known to be new enough; else None."""
    binary = os.environ.get('VMCLOCK_QEMU')
    if not binary:
        return None
    try:
        said = subprocess.run((binary, '--version'), stdin=subprocess.DEVNULL, check=True,
                              stdout=subprocess.PIPE, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(f'VMCLOCK_QEMU: {error}') from None
    version = re.search(r'QEMU emulator version (\d+).*', said)
    if not version or int(version[1]) < _OLDEST:
        raise LabError(f'VMCLOCK_QEMU: {binary} is {version[0] if version else "no QEMU"}; '
                       f'version {_OLDEST} or newer is needed')
    return binary


class Qemu:
    """A running QEMU. `command` is complete except for the sockets added here."""

    def __init__(self, workshop, command, folder, log, pass_fds=()):
        folder.mkdir()
        self._log = log
        sockets = ('-chardev', f'socket,id=shell,path={folder}/shell,server=on,wait=off',
                   '-serial', 'chardev:shell',
                   '-qmp', f'unix:{folder}/qmp,server=on,wait=off',
                   '-qtest', f'unix:{folder}/qtest,server=on,wait=off', '-qtest-log', os.devnull)
        self._channels = []
        program, *arguments = (*command, *sockets)
        own = own_binary() if program == 'qemu-system-x86_64' else None
        command = (own, *arguments) if own else workshop.argv((program, *arguments))
        with open(log, 'a', encoding='utf-8') as output:
            self._process = process.start(command, stdout=output, stderr=output,
                                          pass_fds=pass_fds, env=workshop.environment())
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
        """The last line of what it has said."""
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
        """Have commands run, one after the other; the function returned waits for the last answer.

        It has to be called before the next command is given.
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

    def quit(self):
        """End the process, politely as long as it listens."""
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
