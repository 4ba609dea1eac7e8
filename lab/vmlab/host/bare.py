# SPDX-License-Identifier: MIT
"""QEMU with its own VMClock device and no guest, judged by vmclock-verify from the host's side."""

import json
import signal
import subprocess

from ..errors import Failed
from . import process
from .qemu import DEVICE_MEMORY, Qemu

# Seconds for an event that vmclock-verify waits for, and for its report.
_PATIENCE = 60


class Bare:
    """A machine without a kernel. Its page is in memory that others can map: the file `page`.

    It runs, unless it `receives` another one.
    """

    def __init__(self, home, folder, machine, receives=False):
        command = ('qemu-system-x86_64', '-M', f'{machine},aux-ram-share=on', '-accel', 'tcg',
                   '-nodefaults', '-no-user-config', '-display', 'none', '-device', 'vmclock',
                   *(('-S', '-incoming', 'defer') if receives else ()))
        self._folder = folder
        self._qemu = Qemu(home, command, folder, folder.with_suffix('.log'))
        self.qmp = self._qemu.qmp
        self.close = self._qemu.quit
        try:
            self.page = self._qemu.own_memory(DEVICE_MEMORY)
        except BaseException:
            self.close()
            raise

    def migrate_to(self, target):
        """Move live into a Bare that receives."""
        channel = f'unix:{self._folder}/migration'
        target.qmp('migrate-incoming', uri=channel)
        self._qemu.migrate(channel, 'the migration', _PATIENCE)
        target.go_on()

    def restore_to(self, target):
        """Save the machine, end it, and restore it into a Bare that receives."""
        saved = f'file:{self._folder}/saved'
        self._qemu.migrate(saved, 'the machine being saved', _PATIENCE)
        self.close()
        target.qmp('migrate-incoming', uri=saved)
        target.go_on()

    def go_on(self):
        """Run the machine that was received."""
        self._qemu.wait_until_there(_PATIENCE)
        self.qmp('cont')


class Watch:
    """vmclock-verify on the page of a Bare, until an event or until report()."""

    def __init__(self, program, page, expect):
        self._expect = expect
        self._process = process.start(
            (program, '--gentle', '--json', '--for', f'{_PATIENCE}s', '--at', '0',
             *(('--expect', expect) if expect else ()), page),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if expect:
            line = self._process.stderr.readline()
            if 'waiting' not in line:
                self.close()
                raise Failed(f'vmclock-verify: {line.strip() or "no word"}')

    def close(self):
        process.stop(self._process)
        for pipe in (self._process.stdout, self._process.stderr):
            pipe.close()

    def report(self):
        """Its JSON report, of an expected event or of all until now."""
        if not self._expect:
            self._process.send_signal(signal.SIGINT)
        return json.loads(self._process.communicate(timeout=_PATIENCE + 10)[0])
