# SPDX-License-Identifier: MIT
"""The driver under test: built for a kernel, and read by the kernel's own judge of style."""

import contextlib
import hashlib
import re
import shutil
import tempfile
from pathlib import Path

from .. import report
from ..errors import Failed, LabError
from ..host import cache, process
from . import headers

_NOT_OURS = re.compile('|'.join((
    # Debian built the kernel by another release of the same compiler.
    r'warning: the compiler differs from the one used to build the kernel',
    # sparse cannot evaluate the assertions in the module macros of 7.x; the compiler can.
    r'error: bad constant expression$',
)))
# Set as variables, because Debian's 7.x headers lack the script by which C=2 decides whether to
# run sparse, and use a keyword that sparse does not know yet.
_SPARSE = ('KBUILD_CHECKSRC=2', 'CF=-D__typeof_unqual__=__typeof__')
_COMPLAINT = re.compile(r'\b(warning|error|ERROR|WARNING):|\*\*\*')

# What checkpatch consists of.
_CHECKPATCH = ('checkpatch.pl', 'const_structs.checkpatch', 'spelling.txt')
_UNPACK_CHECKPATCH = r'''
cd "$1"
dpkg-deb --fsys-tarfile *.deb | tar -xO --wildcards './usr/src/*.tar.xz' |
	tar -xJ --strip-components=2 --wildcards '*/scripts/checkpatch.pl' \
		'*/scripts/const_structs.checkpatch' '*/scripts/spelling.txt'
rm *.deb
'''
# Ignore the status: the output says all. A macro that makes definitions must use the name that
# it gets more than once.
_RUN_CHECKPATCH = r'''
cd "$1"
/srv/checkpatch/checkpatch.pl --no-tree --strict --terse --no-summary --max-line-length=100 \
	--ignore MACRO_ARG_REUSE --file *.[ch] probes/*.c || :
'''


class Driver:
    """A built driver: the module file and the log of its build."""

    def __init__(self, module, log):
        self.module = module
        self.log = log


def build_driver(tree, kernel, warnings='1', sparse=True, folder='driver', name='vmclock',
                 before=None):
    """Build the tree's driver for a kernel and return the Driver; any warning is Failed.

    `warnings` is kbuild's W=, empty for none; `before` a header that every file then begins with.
    Unchanged sources are not built again. Another module than the driver is the one called
    `name` in a `folder` of the tree.
    """
    tree = Path(tree)
    if not (tree / folder / 'Kbuild').exists():
        raise LabError(f'{tree} has no {folder}/Kbuild')
    options = [f'CC={kernel.architecture.compiler(kernel.series.cc)}']
    if kernel.architecture.foreign:
        options += [f'ARCH={kernel.architecture.kbuild}',
                    f'CROSS_COMPILE={kernel.architecture.gnu}-']
    if warnings:
        options.append(f'W={warnings}')
    if sparse:
        options.extend(_SPARSE)
    sources = [path for part in (folder, 'calc', 'include')
               for path in sorted((tree / part).rglob('*')) if _is_source(path)]
    if before:
        sources.append(before)
    made = cache.folder() / 'drivers' / f'{kernel.name}-{_digest(kernel, options, sources, tree)}'
    module = f'{folder}/{name}.ko'
    made.parent.mkdir(exist_ok=True)
    with cache.lock(made.parent):
        cache.made_once(made, f'driver for {kernel.name}', lambda unfinished: _build(
            tree, kernel, options, sources, unfinished, module, before))
    return Driver(made / module, made / 'build.log')


def _is_source(path):
    # Leave out files that were built by hand in the tree.
    made = re.compile(r'\..*|features\.h|.*\.(o|ko|mod|mod\.c|cmd|order|symvers)')
    return path.is_file() and not made.fullmatch(path.name)


def _digest(kernel, options, sources, tree):
    digest = hashlib.sha256(repr((kernel.release, options)).encode())
    for path in sources:
        digest.update(f'\0{path.relative_to(tree)}\0'.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _build(tree, kernel, options, sources, folder, module, before):
    kept_log = folder.parent / f'{kernel.name}-failed.log'
    for path in sources:
        copy = folder / path.relative_to(tree)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    log = folder / 'build.log'
    if before:
        options = [*options, f'KCFLAGS=-include {folder / before.relative_to(tree)}']
    command = ('make', '--no-print-directory', '-C', f'/lib/modules/{kernel.release}/build',
               f'M={(folder / module).parent}', *options, 'modules')
    with contextlib.suppress(process.CommandError):
        kernel.workshop.run(command, f'driver for {kernel.name}', log)
    lines = log.read_text(encoding='utf-8').splitlines()
    complaints = [text for text in lines
                  if _COMPLAINT.search(text) and not _NOT_OURS.search(text)]
    if not complaints and _SPARSE[0] in options and not any('CHECK ' in text for text in lines):
        complaints = ['sparse did not run']
    if not complaints and not (folder / module).exists():
        complaints = [f'no {module} was built']
    if not complaints and kernel.own_headers:
        headers.check_layout(kernel.workshop, kernel.own_headers, folder / module)
    if complaints:
        shutil.copyfile(log, kept_log)
        first = complaints[0].replace(f'{folder}/', '')
        raise Failed(f'driver for {kernel.name}: {first} (log: {kept_log})')


def _prepare_checkpatch(workshop):
    """Take checkpatch from the kernel's source; the caller holds the cache's lock."""
    folder = workshop.path('/srv/checkpatch')
    if folder.exists():
        return
    with report.step('checkpatch of the kernel'), cache.made_whole(folder) as unfinished:
        depends = workshop.run(('apt-cache', 'depends', '--important', 'linux-source'),
                               'apt-cache depends')
        package = re.search(r'linux-source-\S+', depends)
        if not package:
            raise LabError('the archive has no linux-source')
        workshop.download((package[0],), unfinished)
        inside = workshop.inside(unfinished)
        workshop.run(('sh', '-ec', _UNPACK_CHECKPATCH, 'sh', inside), 'unpacking checkpatch')
        for name in _CHECKPATCH:
            if not (unfinished / name).exists():
                raise LabError(f'{package[0]} has no {name}')


def check_style(workshop, tree):
    """Raise Failed with checkpatch's messages about the driver, if there are any."""
    with cache.lock(workshop.cache):
        _prepare_checkpatch(workshop)
    # The workshop sees only the folder for temporary files.
    with tempfile.TemporaryDirectory(prefix='vmclock.') as folder:
        shutil.copytree(tree / 'driver', folder, dirs_exist_ok=True)
        said = workshop.run(('sh', '-c', _RUN_CHECKPATCH, 'sh', folder), 'checkpatch')
    if said:
        raise Failed(f'checkpatch: {said}')
    report.line('checkpatch has nothing to say of the driver')
