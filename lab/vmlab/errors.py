# SPDX-License-Identifier: MIT
"""Errors that end laboratory work early, and the exit statuses of commands."""

import errno
import os
import signal
import sys

from . import report


class LabError(Exception):
    """The laboratory itself cannot work here; the text gives the reason and the way out."""


class Failed(Exception):
    """The tested program or driver did something wrong."""


class Skipped(Exception):
    """This machine cannot run the test; the text says why."""


def _on_signals(action):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, action)


def _interrupted(*_):
    # Ignore further signals: the laboratory is tidying up.
    _on_signals(signal.SIG_IGN)
    raise KeyboardInterrupt


def guarded(main):
    """Call main() and return the exit status; a signal raises, so that everything is tidied up."""
    _on_signals(_interrupted)
    try:
        return main()
    except KeyboardInterrupt:
        report.line('interrupted')
        return 130
    except Failed as failure:
        report.line(f'failed: {failure}')
        return 1
    except LabError as error:
        report.line(f'lab: {error}')
        return 2
    except BrokenPipeError:
        # Whoever read the output has left; what is flushed at the end must not fail as well.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        way_out = '; make room, or choose another folder in VMCLOCK_CACHE'
        report.line(f'lab: {error}{way_out if error.errno == errno.ENOSPC else ""}')
        return 2
