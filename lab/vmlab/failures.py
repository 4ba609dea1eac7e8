# SPDX-License-Identifier: MIT
"""Which scenarios failed on which kernels, when they last ran: for lab/run --failed."""

from .host import cache

_NAME = 'lab-failed'


class Failures:
    """The record in the folder of a build; each line of it is a kernel and a scenario.

    A pair that did not run leaves what is recorded of it, so one can mend them one by one.
    """

    def __init__(self, builddir):
        self._path = builddir / _NAME

    def pairs(self):
        """The pairs (kernel, scenario) that failed when they last ran."""
        if not self._path.exists():
            return set()
        return {tuple(line.split()) for line in
                self._path.read_text(encoding='utf-8').splitlines()}

    def record(self, kernel, scenario, failed):
        """Called for each pair that ran, at once: an interruption then loses nothing."""
        before = self.pairs()
        now = before - {(kernel, scenario)} | ({(kernel, scenario)} if failed else set())
        # Where nothing was built nothing can run.
        if now != before and self._path.parent.is_dir():
            cache.write_whole(self._path, ''.join(f'{k} {s}\n' for k, s in sorted(now)))
