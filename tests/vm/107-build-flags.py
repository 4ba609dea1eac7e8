# SPDX-License-Identifier: MIT
"""Flags, variables and folders of the build do not change the features that the driver finds."""

import shutil
import tempfile
from pathlib import Path

from vmlab.host import process
from vmlab.kernels.driver import build_driver

# A kernel that lacks nearly all features, and one that has all of them.
KERNELS = ('6.1', '7.3')

# $1 is the folder; the rest is for make.
MAKE = r'''
cd "$1/driver"
shift
make -C "/lib/modules/$0/build" M="$PWD" "$@" page.o
'''
WAYS = (
    # make's arguments, its environment, the folder.
    (('KCFLAGS=-fdiagnostics-color=always -fmessage-length=20 -fmax-errors=1',), (), 'plain'),
    (('KCFLAGS=-w', 'V=1', '-j4'), ('LANG=de_DE.UTF-8', 'CPATH=/usr/include', 'IFS=e'), 'plain'),
    (('KCFLAGS=-Wfatal-errors -fmessage-length=20', 'KCPPFLAGS=-DX="a b"'),
     ('TMPDIR=/nowhere', 'POSIXLY_CORRECT=1', 'DEPENDENCIES_OUTPUT=/nowhere/x'), 'a+b~c@d'),
    (('CFLAGS_MODULE=-fdiagnostics-format=json',), ('LC_ALL=tr_TR.UTF-8', 'CDPATH=/'), 'link'),
)


def run(lab):
    expected = (build_driver(lab.tree, lab.kernel).module.parent / 'features.h').read_text()
    compiler = f'CC={lab.kernel.architecture.compiler(lab.kernel.series.cc)}'
    # The workshop sees only the folder for temporary files.
    with tempfile.TemporaryDirectory(prefix='vmclock.') as name:
        folder = Path(name)

        def make(place, options, environment=()):
            return lab.kernel.workshop.run(
                ('env', *environment, 'sh', '-ec', MAKE, lab.kernel.release, str(folder / place),
                 compiler, *options), 'make', lab.logs / 'make.log')

        for place in {place for _, _, place in WAYS} - {'link'}:
            for part in ('calc', 'driver', 'include'):
                shutil.copytree(lab.tree / part, folder / place / part,
                                ignore=shutil.ignore_patterns('features.h', '.*'))
        (folder / 'link').symlink_to('plain')
        for options, environment, place in WAYS:
            features = folder / place / 'driver/features.h'
            features.unlink(missing_ok=True)
            make(place, options, environment)
            lab.equal(features.read_text(), expected, f'the features, by make {options}')

        # An outdated answer is replaced.
        features = folder / 'plain/driver/features.h'
        features.write_text('/* another kernel */\n')
        make('plain', ())
        lab.equal(features.read_text(), expected, 'the features that were of another kernel')
        try:
            make('plain', ('KCFLAGS=-fno-such-flag',))
        except process.CommandError:
            pass
        else:
            lab.check(False, 'a flag that the compiler does not know did no harm')
        log = (lab.logs / 'make.log').read_text()
        lab.check("no-such-flag'" in log and 'vmclock: ' in log, f'not told what was wrong: {log}')
