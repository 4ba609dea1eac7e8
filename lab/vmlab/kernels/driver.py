# SPDX-License-Identifier: MIT
"""The driver under test, built for a kernel of the laboratory."""

import contextlib
import hashlib
import re
import shutil
from pathlib import Path

from .. import report
from ..errors import Failed, LabError
from ..host import cache, process
from . import headers

_NOT_OURS = re.compile('|'.join((
    # Debian built the kernel by another release of the same compiler.
    r'warning: the compiler differs from the one used to build the kernel',
    # sparse cannot evaluate what the module macros of 7.x assert; the compiler can, and does.
    r'error: bad constant expression$',
)))
# Set as a variable, for Debian's 7.x headers lack the script by which C=2 decides whether to
# run sparse; and those headers use a keyword that sparse does not know yet.
_SPARSE = ('KBUILD_CHECKSRC=2', 'CF=-D__typeof_unqual__=__typeof__')
_COMPLAINT = re.compile(r'\b(warning|error|ERROR|WARNING):|\*\*\*')


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
        if not (made / module).exists():
            cache.forget_old(made.parent.iterdir())
            _build(tree, kernel, options, sources, made, module, before)
    return Driver(made / module, made / 'build.log')


def _is_source(path):
    # Someone may have built by hand in the tree.
    made = re.compile(r'\..*|features\.h|.*\.(o|ko|mod|mod\.c|cmd|order|symvers)')
    return path.is_file() and not made.fullmatch(path.name)


def _digest(kernel, options, sources, tree):
    digest = hashlib.sha256(repr((kernel.release, options)).encode())
    for path in sources:
        digest.update(f'\0{path.relative_to(tree)}\0'.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _build(tree, kernel, options, sources, folder, module, before):
    kept_log = folder.with_name(f'{kernel.name}-failed.log')
    with report.step(f'driver for {kernel.name}'), cache.made_whole(folder) as unfinished:
        for path in sources:
            copy = unfinished / path.relative_to(tree)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        log = unfinished / 'build.log'
        if before:
            options = [*options, f'KCFLAGS=-include {unfinished / before.relative_to(tree)}']
        command = ('make', '--no-print-directory', '-C', f'/lib/modules/{kernel.release}/build',
                   f'M={(unfinished / module).parent}', *options, 'modules')
        with contextlib.suppress(process.CommandError):
            kernel.workshop.run(command, f'driver for {kernel.name}', log)
        lines = log.read_text(encoding='utf-8').splitlines()
        complaints = [text for text in lines
                      if _COMPLAINT.search(text) and not _NOT_OURS.search(text)]
        if not complaints and _SPARSE[0] in options and not any('CHECK ' in text for text in lines):
            complaints = ['sparse did not run']
        if not complaints and not (unfinished / module).exists():
            complaints = [f'no {module} was built']
        if not complaints and kernel.own_headers:
            headers.check_layout(kernel.workshop, kernel.own_headers, unfinished / module)
        if complaints:
            shutil.copyfile(log, kept_log)
            first = complaints[0].replace(f'{unfinished}/', '')
            raise Failed(f'driver for {kernel.name}: {first} (log: {kept_log})')
