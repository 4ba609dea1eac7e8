# SPDX-License-Identifier: MIT
"""The release of a tree: its tarball, as `make dist` makes it."""

import hashlib
import re
import tarfile
from pathlib import Path

from ..host import process


def version(tree):
    """The version of a tree, by configure.ac, from which all others are taken."""
    text = Path(tree, 'configure.ac').read_text(encoding='utf-8')
    return re.search(r'^AC_INIT\(\[vmclock\], \[([^]]*)\]', text, re.MULTILINE)[1]


def tarball(builddir, log):
    """The tarball of the tree that make has built in `builddir`; the caller holds a lock."""
    pattern = 'vmclock-*.tar.xz'
    # Of another version, perhaps.
    for old in Path(builddir).glob(pattern):
        old.unlink()
    process.run(('make', '-C', str(builddir), 'dist'), 'make dist', log)
    path, = Path(builddir).glob(pattern)
    return path


# Of no consequence for what is built.
_LABORATORY = re.compile(r'[^/]+/(lab/|tests/vm/[^/]*\.py$)')


def digest(path):
    """Of what is built from a tarball; the times of its files are those of its making."""
    found = hashlib.sha256()
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if _LABORATORY.match(member.name):
                continue
            found.update(f'\0{member.name}\0{member.mode}\0'.encode())
            if member.isfile():
                found.update(archive.extractfile(member).read())
    return found.hexdigest()[:16]
