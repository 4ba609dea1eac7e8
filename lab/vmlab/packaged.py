# SPDX-License-Identifier: MIT
"""Programs of Debian packages in a plain guest, which has neither these packages nor systemd."""

import tempfile

from . import toolbox
from .chroot import Copy

_SUITE = 'bookworm'
_PACK = r'''
folder=$1
shift
apt-get install --yes --quiet --no-install-recommends $1
shift
libraries=$(ldd "$@" | sed -n 's,.*=> \(/[^ ]*\).*,\1,p; s,^[[:space:]]*\(/[^ ]*\) (.*,\1,p' | sort -u)
tar -chf "$folder/programs.tar" --transform='s,.*/,,' "$@" $libraries
'''


def files(lab, packages, *programs):
    """What boot() needs in files=, so that toolbox.unpack() and command() serve for `programs`."""
    path = lab.logs / 'programs.tar'
    with tempfile.TemporaryDirectory(prefix='vmclock.') as folder:
        copy = Copy(lab.system(_SUITE), folder)
        copy.run(('sh', '-ec', _PACK, 'sh', folder, packages, *programs), 'packages',
                 lab.logs / 'packages.log')
        path.write_bytes(open(f'{folder}/programs.tar', 'rb').read())
    return {toolbox.ARCHIVE: path}


def script(vm, program):
    """A path in the guest that starts a program as toolbox.command() does."""
    path = f'/run/{program}'
    vm.run(f"printf '#!/bin/sh\\nexec {toolbox.command(program)} \"$@\"\\n' >{path}; chmod +x {path}")
    return path
