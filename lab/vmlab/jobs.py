# SPDX-License-Identifier: MIT
"""Several pieces of work at a time, each in a process of its own."""

import ctypes
import multiprocessing
import multiprocessing.connection
import os
import signal

from .errors import LabError

_PR_SET_PDEATHSIG = 1
_FORK = multiprocessing.get_context('fork')


def run(tasks, width, work, done):
    """Call work(task) for each task, up to `width` at a time, and done(task, result) as they end.

    Tasks with a true attribute `long` go one after the other beside those, from the start: else all
    would wait for them in the end. Those with `alone` come last, one after the other. What work()
    raises ends it all, and so does an interruption; either way nothing goes on running.
    """
    together = [task for task in tasks if not task.alone]
    _in_turns([([task for task in together if task.long], 1),
               ([task for task in together if not task.long], width)], work, done)
    _in_turns([([task for task in tasks if task.alone], 1)], work, done)


class _Queue:
    """Tasks of which up to `width` run at a time."""

    def __init__(self, tasks, width):
        self._waiting = list(reversed(tasks))
        self._width = width
        self._running = 0

    def start(self, work):
        """Start what may be started; what _start() gave for each."""
        started = []
        while self._waiting and self._running < self._width:
            task = self._waiting.pop()
            self._running += 1
            started.append((task, *_start(work, task)))
        return started

    def ended(self):
        self._running -= 1


def _in_turns(queues, work, done):
    queues = [_Queue(tasks, width) for tasks, width in queues]
    running = {}
    try:
        while True:
            for queue in queues:
                for task, line, process in queue.start(work):
                    running[line] = task, process, queue
            if not running:
                break
            for line in multiprocessing.connection.wait(list(running)):
                task, process, queue = running[line]
                result = _result(line)
                process.join()
                del running[line]
                if isinstance(result, BaseException):
                    raise result
                queue.ended()
                done(task, result)
    finally:
        for _, process, _ in running.values():
            process.terminate()
        for _, process, _ in running.values():
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
    # What it starts is tied to it in the same way.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    try:
        line.send(work(task))
    except KeyboardInterrupt as interruption:
        line.send(interruption)
    except Exception as error:
        line.send(error)
