# SPDX-License-Identifier: MIT
"""The programs of the tree for guests of another architecture than the host's."""

import functools
import shutil

from .. import report
from ..host import cache
from . import release

_COMPILER = 'gcc-14'

# $1 is the tarball, $2 a folder for what is built, $3 the architecture, $4 the compiler.
_BUILD = r'''
mkdir "$2/source"
tar -xf "$1" -C "$2/source" --strip-components=1
cd "$2"
PKG_CONFIG_LIBDIR="/usr/lib/$3/pkgconfig" source/configure --host="$3" CC="$4" \
	--disable-driver --enable-werror
make -j2 all
make -j2 guest-programs
make -j2 check TESTS=
'''


@functools.cache
def folder(kernel, builddir):
    """Where the programs for guests with this kernel are, of the tree built in `builddir`.

    An unchanged source is not built again.
    """
    if not kernel.architecture.foreign:
        return builddir
    with cache.lock(cache.folder()):
        return _built(kernel.workshop, kernel.architecture, builddir)


def _built(workshop, architecture, builddir):
    tarball = release.tarball(builddir, workshop.log)
    made = workshop.cache / 'programs' / f'{architecture.name}-{release.digest(tarball)}'
    if not made.exists():
        made.parent.mkdir(exist_ok=True)
        cache.forget_old(made.parent.iterdir())
        with report.step(f'programs for {architecture.name}'), \
                cache.made_whole(made) as unfinished:
            copy = unfinished / tarball.name
            shutil.copyfile(tarball, copy)
            workshop.run(('sh', '-ec', _BUILD, 'sh', str(copy), str(unfinished),
                          architecture.gnu, architecture.compiler(_COMPILER)),
                         f'programs for {architecture.name}')
    return made
