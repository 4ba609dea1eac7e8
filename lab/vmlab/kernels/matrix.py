# SPDX-License-Identifier: MIT
"""The kernels of the laboratory, and their processor architectures."""

import dataclasses

from ..errors import LabError


@dataclasses.dataclass(frozen=True)
class Architecture:
    """The names of an architecture; `foreign`: the host cannot run its programs."""

    name: str
    gnu: str
    kbuild: str
    foreign: bool

    def compiler(self, cc):
        """The name of the compiler `cc` for this architecture."""
        return f'{self.gnu}-{cc}' if self.foreign else cc

    def compiler_package(self, cc):
        return f'{cc}-{self.gnu.replace("_", "-")}' if self.foreign else cc

    def package(self, name):
        """A package's name for this architecture, as apt expects it."""
        return f'{name}:{self.name}' if self.foreign else name


AMD64 = Architecture('amd64', 'x86_64-linux-gnu', 'x86', False)
ARM64 = Architecture('arm64', 'aarch64-linux-gnu', 'arm64', True)


@dataclasses.dataclass(frozen=True)
class Series:
    """A row of the matrix: a kernel series and the Debian suite that has it."""

    version: str
    suite: str
    cc: str
    architecture: Architecture = AMD64

    @property
    def name(self):
        return f'{self.version}-{self.architecture.name}' if self.architecture.foreign \
            else self.version


@dataclasses.dataclass(frozen=True)
class WatcherSeries(Series):
    """A watching kernel, built here from the suite's source; configs/ has its configuration."""

    config: str = ''

    @property
    def name(self):
        return self.config


MATRIX = (
    Series('5.10', 'bullseye', 'gcc-10'),
    Series('6.1', 'bookworm', 'gcc-12'),
    Series('6.12', 'trixie', 'gcc-14'),
    Series('6.18', 'trixie-backports', 'gcc-14'),
    Series('7.3', 'trixie-backports', 'gcc-14'),
    # No kernel before 6.13 has a driver of its own.
    Series('6.12', 'trixie', 'gcc-14', ARM64),
)
# Built only on request, because the build takes long.
WATCHERS = (
    WatcherSeries('6.12', 'trixie', 'gcc-14', config='debug'),
    WatcherSeries('6.12', 'trixie', 'gcc-14', config='kcsan'),
)


def series_named(name):
    """The matrix row of this name; the LabError lists all names."""
    known = (*MATRIX, *WATCHERS)
    for series in known:
        if series.name == name:
            return series
    raise LabError(f'no kernel {name!r}; there are {", ".join(s.name for s in known)}')
