# SPDX-License-Identifier: MIT
"""What is expensive to make and is kept: in a folder for long, or on a shelf for one run."""

import contextlib
import fcntl
import os
import shutil
import time
from pathlib import Path

from .. import report
from ..deadline import wait_for
from ..errors import Failed, LabError

_RUNS_LOGGED = 10
# Longer than any run: younger folders may be in use.
_KEPT_FOR = 24 * 3600
# Seconds of waiting that need no message.
_SOON = 5


def folder():
    """The cache folder, made if necessary."""
    base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    path = Path(os.environ.get('VMCLOCK_CACHE') or Path(base, 'vmclock')).absolute()
    # Neither kbuild nor QEMU's option syntax can take these.
    if any(c in ' \t\n:,"\'' for c in str(path)):
        raise LabError(f'cache folder {str(path)!r}: blanks, quotes, colons and commas in its name '
                       'do not work; choose another in VMCLOCK_CACHE')
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(f'cache folder: {error}; choose another in VMCLOCK_CACHE') from None
    return path


@contextlib.contextmanager
def lock(path):
    """Only one process at a time changes the cache."""
    with open(path / 'lock', 'w', encoding='ascii') as file:
        try:
            wait_for(lambda: _locked(file), 'the lock', _SOON, interval=0.02)
        except Failed:
            report.line(f'waiting for another process that is filling {path}')
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _locked(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


@contextlib.contextmanager
def made_whole(path):
    """Yield an empty folder to fill; it gets the name `path` only if nothing goes wrong."""
    unfinished = path.with_name(path.name + '.tmp')
    for old in (unfinished, path):
        if old.exists():
            shutil.rmtree(old)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        unfinished.rename(path)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def made_once(path, title, fill):
    """The folder `path`, which fill(folder) fills in a step of that title if it is not there.

    Those beside it make room. The caller holds a lock.
    """
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        forget_old(path.parent.iterdir())
        with report.step(title), made_whole(path) as unfinished:
            fill(unfinished)
    return path


def new_log_folder():
    """The folder for a run's logs; removes the oldest runs' logs."""
    parent = folder() / 'logs'
    parent.mkdir(exist_ok=True)
    forget_old(sorted(parent.iterdir())[:-_RUNS_LOGGED])
    return parent / f'{time.strftime("%Y%m%d-%H%M%S")}-{os.getpid()}'


def forget_old(paths):
    """Remove the folders that no run can be using any more."""
    for old in paths:
        # Another run may do the same at the same time.
        with contextlib.suppress(FileNotFoundError):
            if old.is_dir() and time.time() - old.stat().st_mtime > _KEPT_FOR:
                shutil.rmtree(old, ignore_errors=True)


def write_whole(path, text):
    """Write a file that either exists in full or not at all, whoever else is writing it."""
    unfinished = path.with_name(f'{path.name}.{os.getpid()}.tmp')
    unfinished.write_text(text, encoding='utf-8')
    unfinished.rename(path)


class Shelf:
    """A folder for one run: the next run may need other content."""

    def __init__(self, path):
        self._path = path

    @contextlib.contextmanager
    def _place(self, name):
        with open(self._path / f'{name}.lock', 'w', encoding='ascii') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield self._path / name

    def path(self, name, make):
        """The Path of this name; the first caller has it made by make()."""
        with self._place(name) as place:
            if not place.exists():
                write_whole(place, str(make()))
            return Path(place.read_text(encoding='utf-8'))

    def folder(self, name, fill):
        """The folder of that name; the first one to ask has fill(folder) fill it."""
        with self._place(name) as place:
            if not place.exists():
                with made_whole(place) as unfinished:
                    fill(unfinished)
            return place
