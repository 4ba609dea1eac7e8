# SPDX-License-Identifier: MIT
"""The processor architectures of guests, as Debian, compilers and kernels name them."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Architecture:
    """What is called how; `foreign`: the host cannot run its programs."""

    name: str
    gnu: str
    kbuild: str
    foreign: bool

    def compiler(self, cc):
        """The name of the compiler `cc` that makes code for it."""
        return f'{self.gnu}-{cc}' if self.foreign else cc

    def compiler_package(self, cc):
        return f'{cc}-{self.gnu.replace("_", "-")}' if self.foreign else cc

    def package(self, name):
        """A package of it, as apt is asked for one."""
        return f'{name}:{self.name}' if self.foreign else name


AMD64 = Architecture('amd64', 'x86_64-linux-gnu', 'x86', False)
ARM64 = Architecture('arm64', 'aarch64-linux-gnu', 'arm64', True)
