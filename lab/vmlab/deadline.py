# SPDX-License-Identifier: MIT
"""Waiting with a deadline: nothing in the laboratory sleeps for a fixed time or waits for ever."""

import time

from .errors import Failed


class Deadline:
    def __init__(self, seconds):
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self):
        return max(0.0, self._end - time.monotonic())

    def passed(self):
        return self.left() == 0


def wait_for(probe, what, timeout, interval=0.05):
    """Call probe() until its answer is true, and return that answer."""
    deadline = Deadline(timeout)
    while True:
        answer = probe()
        if answer:
            return answer
        if deadline.passed():
            raise Failed(f'waited {timeout} s in vain for {what}')
        time.sleep(min(interval, deadline.left()))
