# SPDX-License-Identifier: MIT
"""Several pieces of work at a time, each in a process of its own."""

import ctypes
import multiprocessing
import multiprocessing.connection
import os
import signal

from ..errors import LabError

_PR_SET_PDEATHSIG = 1
_FORK = multiprocessing.get_context('fork')


def run(tasks, width, work, done):
    """Call work(task) for each task, up to `width` at a time, and done(task, result) as they end.

    The longest tasks, by their attribute `seconds`, begin first, so that nothing waits for them at
    the end. Those with `alone` come last, one after the other. An exception in work() ends
    everything, and so does an interruption; in both cases nothing goes on running.
    """
    together = [task for task in tasks if not task.alone]
    _in_turns(sorted(together, key=lambda task: -task.seconds), width, work, done)
    _in_turns([task for task in tasks if task.alone], 1, work, done)


def _in_turns(tasks, width, work, done):
    waiting = list(reversed(tasks))
    running = {}
    try:
        while waiting or running:
            while waiting and len(running) < width:
                task = waiting.pop()
                line, process = _start(work, task)
                running[line] = task, process
            for line in multiprocessing.connection.wait(list(running)):
                task, process = running[line]
                result = _result(line)
                process.join()
                del running[line]
                if isinstance(result, BaseException):
                    raise result
                done(task, result)
    finally:
        for _, process in running.values():
            process.terminate()
        for _, process in running.values():
            process.join()


def _start(work, task):
    line, other_end = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_child, args=(work, task, other_end, os.getpid()))
    process.start()
    other_end.close()
    return line, process


def _result(line):
    try:
        return line.recv()
    except EOFError:
        return LabError('a process that ran a scenario was killed')


def _child(work, task, line, parent):
    # Programs that it starts are tied to it in the same way.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    try:
        line.send(work(task))
    except KeyboardInterrupt as interruption:
        line.send(interruption)
    except Exception as error:
        line.send(error)
