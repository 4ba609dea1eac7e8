# SPDX-License-Identifier: MIT
"""A kernel that is built here from Debian's own source, to find faults of a module.

Its checks are a file in configs/, beside guest.config.
"""

import hashlib
from pathlib import Path

from .. import report
from ..errors import LabError

_CONFIGS = Path(__file__).with_name('configs')

# In each script, $1 is the folder of the kernel, $2 the compiler, and $3 the suffix of the
# version in the release's name.
# kbuild reads the Kconfig files of all folders, and nothing else of most folders.
_UNPACK = r'''
dpkg-deb --fsys-tarfile "$1"/linux-source-*.deb | tar -xO --wildcards '*/linux-source-*.tar.xz' |
	tar -xJ -C "$1/build" --strip-components=1 --wildcards --exclude='*/Documentation/*/*' \
	--exclude='*/drivers/gpu/*.[ch]' --exclude='*/drivers/net/*/*.[ch]' --exclude='*/sound/*.[ch]'
rm "$1"/linux-source-*.deb
'''
_CONFIGURE = r'''
cd "$1/build"
make ARCH=x86 CC="$2" HOSTCC="$2" LOCALVERSION="$3" KCONFIG_ALLCONFIG=wanted.config \
	allnoconfig </dev/null
'''
# Keep the files for building modules, and the kernel's own tests of PTP clocks.
_BUILD = r'''
cd "$1/build"
for goal in 'bzImage modules' headers "INSTALL_MOD_PATH=$1/usr modules_install"; do
	make -j"$(nproc)" ARCH=x86 CC="$2" HOSTCC="$2" LOCALVERSION="$3" $goal </dev/null
done
mv arch/x86/boot/bzImage ../image
rm -f ../usr/lib/modules/*/build
mkdir ../kept
tar -cf - .config Makefile Kbuild Module.symvers arch/x86/Makefile* arch/x86/include include \
	scripts tools/objtool/objtool tools/testing/selftests/ptp usr/include |
	tar -xf - -C ../kept
cd ..
mv build built
mv kept build
rm -rf built
'''


def wanted(name):
    """The lines of the configuration of the watching kernel `name`."""
    return [line for part in ('guest', name)
            for line in (_CONFIGS / f'{part}.config').read_text(encoding='ascii').splitlines()
            if line.startswith('CONFIG_')]


def digest(name):
    """A hash of the configuration, as a part of the release's name."""
    return hashlib.sha256('\n'.join(wanted(name)).encode()).hexdigest()[:8]


def build(workshop, series, folder):
    """Fill a folder with image, modules, and files for building modules; returns the release."""
    name = series.name
    tree = folder / 'build'
    tree.mkdir()
    inside = workshop.inside(folder)
    words = ('sh', inside, series.cc, f'-{name}-{digest(name)}')
    with report.step(f'kernel {name}: source of {series.version}'):
        workshop.download((f'linux-source-{series.version}',), folder)
        workshop.run(('sh', '-ec', _UNPACK, *words), 'unpacking the source')
    (tree / 'wanted.config').write_text('\n'.join(wanted(name)) + '\n', encoding='ascii')
    workshop.run(('sh', '-ec', _CONFIGURE, *words), 'configuration of the kernel')
    has = set((tree / '.config').read_text(encoding='ascii').splitlines())
    missing = [line for line in wanted(name) if line not in has]
    if missing:
        raise LabError(f'kernel {name}: {series.version} cannot have {", ".join(missing)}')
    with report.step(f'kernel {name}: build, ten minutes on two idle cores'):
        workshop.run(('sh', '-ec', _BUILD, *words), f'build of the kernel {name}')
    release, = (path.name for path in (folder / 'usr/lib/modules').iterdir())
    return release
