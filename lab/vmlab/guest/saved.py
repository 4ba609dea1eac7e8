# SPDX-License-Identifier: MIT
"""What one run makes once: guests that have just booted, from which others go on, and packages."""

import contextlib
import fcntl
from pathlib import Path

from ..host import cache


class Saved:
    """A saved guest: the files of a folder."""

    def __init__(self, folder):
        self.initrd = folder / 'initrd'
        self.memory = folder / 'memory'
        self.devices = folder / 'devices'
        self.log = folder / 'console.log'


class Shelf:
    """A folder for one run: what is in it may be other in the next one."""

    def __init__(self, folder):
        self._folder = folder

    @contextlib.contextmanager
    def _place(self, name):
        with open(self._folder / f'{name}.lock', 'w', encoding='ascii') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield self._folder / name

    def path(self, name, make):
        """A Path of that name; the first one to ask has it from make()."""
        with self._place(name) as place:
            if not place.exists():
                cache.write_whole(place, str(make()))
            return Path(place.read_text(encoding='utf-8'))

    def get(self, name, boot):
        """The Saved of that name; the first one to ask has it made from boot(its initrd)."""
        with self._place(name) as place:
            if not place.exists():
                with cache.made_whole(place) as unfinished:
                    saved = Saved(unfinished)
                    with boot(saved.initrd) as machine:
                        machine.check_log()
                        machine.save(saved)
            return Saved(place)
