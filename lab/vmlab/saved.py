# SPDX-License-Identifier: MIT
"""Guests that have just booted, saved so that others go on from there instead of booting."""

import fcntl

from . import cache


class Saved:
    """A saved guest: the files of a folder."""

    def __init__(self, folder):
        self.initrd = folder / 'initrd'
        self.memory = folder / 'memory'
        self.devices = folder / 'devices'
        self.log = folder / 'console.log'


class Shelf:
    """A folder of saved guests, for one run: what is in them may be other in the next one."""

    def __init__(self, folder):
        self._folder = folder

    def get(self, name, boot):
        """The Saved of that name; the first one to ask has it made from boot(its initrd)."""
        place = self._folder / name
        with open(self._folder / f'{name}.lock', 'w', encoding='ascii') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not place.exists():
                with cache.made_whole(place) as unfinished:
                    saved = Saved(unfinished)
                    with boot(saved.initrd) as machine:
                        machine.check_log()
                        machine.save(saved)
        return Saved(place)
