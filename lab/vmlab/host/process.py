# SPDX-License-Identifier: MIT
"""Running other programs so that none of them outlives the laboratory."""

import collections
import contextlib
import os
import signal
import subprocess
from pathlib import Path

from .. import report
from ..errors import LabError

# The kernel kills the program when its parent dies, even by SIGKILL.
_TIED = ('setpriv', '--pdeathsig', 'KILL')
_GOODBYE = 5


class CommandError(LabError):
    """A program ended with an error; `tail` is the end of its output."""

    def __init__(self, title, status, tail, log):
        complaints = [text for text in tail if text.startswith(('E:', 'Err:', 'error:'))]
        last = (complaints or tail or ['no output'])[-1]
        super().__init__(f'{title} failed with status {status}: {last} (log: {log})')


def output(*argv):
    """The output of a short program of the host, in the C locale."""
    try:
        return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=True,
                              env={**os.environ, 'LC_ALL': 'C'}).stdout
    except OSError as error:
        raise LabError(f'{argv[0]}: {error.strerror}') from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip()
        raise LabError(f'{argv[0]} failed with status {error.returncode}'
                       f'{said and ": "}{said}') from None


def start(argv, **options):
    """Popen for a program that dies with us and that no terminal signal reaches."""
    options.setdefault('stdin', subprocess.DEVNULL)
    return subprocess.Popen((*_TIED, *argv), start_new_session=True, **options)


def stop(process):
    """Kill the program and its children, and wait until all of them are gone."""
    if process.poll() is not None:
        return
    # The child of unshare ends only after everything else in its process namespace.
    started = children(process.pid)
    for child in started:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GOODBYE if started else 0)
        return
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children(pid):
    """The processes that a process has started and that still run."""
    try:
        listing = Path(f'/proc/{pid}/task/{pid}/children').read_text(encoding='ascii')
    except OSError:
        return []
    return [int(child) for child in listing.split()]


def run(argv, title, log, env=None):
    """Run a program to its end, adding its output to the file `log`; return that output."""
    lines = collections.deque(maxlen=5000)
    with open(log, 'a', encoding='utf-8') as record:
        record.write(f'# {title}\n')
        process = start(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                        text=True, errors='replace')
        try:
            for text in process.stdout:
                record.write(text)
                lines.append(text.rstrip())
                report.passing(f'{title}: {text.strip()}')
            status = process.wait()
        finally:
            stop(process)
            process.stdout.close()
    if status:
        raise CommandError(title, status, [text for text in lines if text][-40:], log)
    return '\n'.join(lines)
