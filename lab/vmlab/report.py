# SPDX-License-Identifier: MIT
"""The laboratory's messages on standard output."""

import contextlib
import shutil
import sys
import time

_ON_A_TERMINAL = sys.stdout.isatty()
_ERASE = '\r\033[K'


def line(text):
    print((_ERASE if _ON_A_TERMINAL else '') + text, flush=True)


def passing(text):
    """Show text until the next output replaces it; does nothing without a terminal."""
    if _ON_A_TERMINAL:
        width = shutil.get_terminal_size().columns - 1
        first = text.partition('\n')[0]
        shown = ''.join(c for c in first if c.isprintable())[:width]
        print(_ERASE + shown, end='', flush=True)


@contextlib.contextmanager
def step(title):
    """Announce a long step and, when it is done, how long it took."""
    began = time.monotonic()
    if _ON_A_TERMINAL:
        passing(f'{title} ...')
    else:
        line(f'{title} ...')
    yield
    line(f'{title}: {time.monotonic() - began:.0f} s')
