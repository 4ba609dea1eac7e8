# SPDX-License-Identifier: MIT
"""Finding the scenarios, choosing among them, and running one."""

import importlib.util
import resource
import shutil
import time
import traceback

from . import report
from .errors import Failed, LabError, Skipped
from .guest import console
from .host import cache
from .kernels.matrix import AMD64, MATRIX, series_named
from .lab import Lab

# In the folder of a build.
_FAILED = 'lab-failed'


class Scenario:
    """A file NNN-name.py: a docstring of one line, run(lab), and perhaps a limit, ALONE or LONG.

    KERNELS or ARCHITECTURES limits it: it does not run on others. WATCHERS are the watching kernels
    on which it also runs; BRIEF lets it do so even without --kernel.
    With ON_REQUEST it runs only if it is named; DEFAULT_KERNELS are those on which it runs unnamed.
    """

    def __init__(self, path):
        self.path = path
        self.name = path.stem
        try:
            module = _load(path)
            self.summary = ' '.join(module.__doc__.partition('\n\n')[0].split())
            self.run = module.run
        except AttributeError as error:
            raise LabError(f'{path}: {error}') from None
        architectures = getattr(module, 'ARCHITECTURES', None)
        # Other scenarios would disturb its measurements.
        self.alone = _flag(module, 'ALONE')
        limited = hasattr(module, 'KERNELS')
        self.kernels = getattr(module, 'KERNELS', tuple(
            s.name for s in MATRIX
            if not architectures or s.architecture.name in architectures))
        watchable = not (limited or self.alone) and AMD64.name in (architectures or (AMD64.name,))
        self.kernels += getattr(module, 'WATCHERS', ('debug',) if watchable else ())
        self.brief = _flag(module, 'BRIEF')
        # Those of a run that names no scenario.
        self.default_kernels = () if _flag(module, 'ON_REQUEST') else \
            getattr(module, 'DEFAULT_KERNELS', self.kernels)
        # It takes minutes.
        self.long = _flag(module, 'LONG')
        for name in (*self.kernels, *self.default_kernels):
            series_named(name)


def _flag(module, name):
    value = getattr(module, name, False)
    if not isinstance(value, bool):
        raise LabError(f'{module.__file__}: {name} must be True or False, not {value!r}')
    return value


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem.replace('-', '_'), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def discover(folder):
    found = [Scenario(path) for path in sorted(folder.glob('[0-9][0-9][0-9]-*.py'))]
    if not found:
        raise LabError(f'{folder} has no scenarios')
    return found


def select(scenarios, names):
    """The scenarios with these names; without names, all, limited to their default kernels."""
    if names:
        return named(scenarios, names)
    for s in scenarios:
        s.kernels = s.default_kernels
    return [s for s in scenarios if s.kernels]


def named(scenarios, names):
    """The scenarios with these names: stems or unique beginnings of stems."""
    chosen = set()
    for name in names:
        name = name.removesuffix('.py').rpartition('/')[2]
        matches = [s for s in scenarios if s.name == name] or \
            [s for s in scenarios if s.name.startswith(name)]
        if len(matches) != 1:
            known = ', '.join(s.name for s in (matches or scenarios))
            raise LabError(f'{"no" if not matches else "more than one"} scenario {name!r}: {known}')
        chosen.add(matches[0].name)
    return [s for s in scenarios if s.name in chosen]


def only(scenarios, pairs):
    """The scenarios in pairs of a kernel and a scenario, limited to these kernels, as if named.

    Also gives the pairs that have no scenario.
    """
    chosen = []
    left = set(pairs)
    for s in scenarios:
        s.kernels = tuple(kernel for kernel in s.kernels if (kernel, s.name) in pairs)
        s.default_kernels = s.kernels
        left -= {(kernel, s.name) for kernel in s.kernels}
        if s.kernels:
            chosen.append(s)
    return chosen, sorted(left)


class Failures:
    """Which failed when they last ran, for --failed: a file with lines of a kernel and a scenario.

    The record of a pair that did not run stays, so that one can repair pairs one by one.
    """

    def __init__(self, builddir):
        self._path = builddir / _FAILED

    def pairs(self):
        """The pairs (kernel, scenario) whose last run failed."""
        if not self._path.exists():
            return set()
        return {tuple(line.split()) for line in
                self._path.read_text(encoding='utf-8').splitlines()}

    def record(self, kernel, scenario, failed):
        """Record a pair as soon as it has run, so that an interruption loses nothing."""
        before = self.pairs()
        now = before - {(kernel, scenario)} | ({(kernel, scenario)} if failed else set())
        # Without a build folder nothing can run.
        if now != before and self._path.parent.is_dir():
            cache.write_whole(self._path, ''.join(f'{k} {s}\n' for k, s in sorted(now)))


class Durations:
    """How long each scenario took when it last passed: lines of a kernel, a scenario, seconds."""

    def __init__(self, folder):
        self._path = folder / 'durations'

    def _all(self):
        if not self._path.exists():
            return {}
        fields = map(str.split, self._path.read_text(encoding='utf-8').splitlines())
        return {(kernel, scenario): float(seconds) for kernel, scenario, seconds in fields}

    def of(self, kernel, scenario):
        """Seconds; for one that never ran, whether it takes minutes is all that is known."""
        return self._all().get((kernel, scenario.name), float('inf') if scenario.long else 0.0)

    def record(self, kernel, scenario, seconds):
        """If another run of the lab records at the same time, one of both is lost."""
        now = self._all() | {(kernel, scenario): seconds}
        cache.write_whole(self._path, ''.join(f'{k} {s} {took:.1f}\n'
                                              for (k, s), took in sorted(now.items())))


class Outcome:
    """The result of a scenario: 'passed', 'failed' or 'skipped', the reason, and the time."""

    def __init__(self, verdict, reason='', complaints=()):
        self.verdict = verdict
        self.reason = '\n'.join((reason, *complaints))
        self.seconds = 0.0
        self.processor_seconds = 0.0
        self.emulator_slipped = any(console.is_emulator_slip(text) for text in complaints)


def run(scenario, kernel, logs, **options):
    """Run one scenario on one kernel, with options of Lab; its logs stay only if it failed."""
    began, worked = time.monotonic(), _processor_time()
    outcome = _attempt(scenario, kernel, logs, options)
    if outcome.emulator_slipped:
        report.line(f'again    {kernel.name}  {scenario.name}  QEMU ran code that the kernel had '
                    'replaced')
        shutil.rmtree(logs)
        outcome = _attempt(scenario, kernel, logs, options)
    if outcome.verdict != 'failed':
        shutil.rmtree(logs)
    outcome.seconds = time.monotonic() - began
    outcome.processor_seconds = _processor_time() - worked
    return outcome


def _processor_time():
    """The processor time of this process and of those that it has waited for."""
    return sum(use.ru_utime + use.ru_stime for use in
               map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def _attempt(scenario, kernel, logs, options):
    with Lab(kernel, logs=logs, **options) as lab:
        try:
            scenario.run(lab)
            lab.check_logs()
            return Outcome('passed')
        except Skipped as skipped:
            return Outcome('skipped', str(skipped))
        except (Failed, LabError) as failure:
            reason = f'{_place(scenario, failure)}{failure}'
        except Exception:
            reason = traceback.format_exc().rstrip()
        outcome = Outcome('failed', reason, lab.complaints())
        lab.log(f'failed: {outcome.reason}')
        return outcome


def _place(scenario, failure):
    """The scenario's own line that led to the failure."""
    lines = [frame.lineno for frame in traceback.extract_tb(failure.__traceback__)
             if frame.filename == str(scenario.path)]
    return f'{scenario.path.name}:{lines[-1]}: ' if lines else ''
