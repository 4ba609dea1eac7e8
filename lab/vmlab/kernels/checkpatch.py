# SPDX-License-Identifier: MIT
"""The kernel's own judge of style, scripts/checkpatch.pl, over the driver."""

import re
import shutil
import tempfile

from .. import report
from ..errors import Failed, LabError
from ..host import cache

_FILES = ('checkpatch.pl', 'const_structs.checkpatch', 'spelling.txt')
_UNPACK = r'''
cd "$1"
dpkg-deb --fsys-tarfile *.deb | tar -xO --wildcards './usr/src/*.tar.xz' |
	tar -xJ --strip-components=2 --wildcards '*/scripts/checkpatch.pl' \
		'*/scripts/const_structs.checkpatch' '*/scripts/spelling.txt'
rm *.deb
'''
# Its status says no more than its words. A macro that makes definitions must use the name that
# it is given more than once.
_RUN = r'''
cd "$1"
/srv/checkpatch/checkpatch.pl --no-tree --strict --terse --no-summary --max-line-length=100 \
	--ignore MACRO_ARG_REUSE --file *.[ch] probes/*.c || :
'''


def prepare(workshop):
    """Take it from the kernel's source; the caller holds the cache's lock."""
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
        inside = '/' + str(unfinished.relative_to(workshop.root))
        workshop.run(('sh', '-ec', _UNPACK, 'sh', inside), 'unpacking checkpatch')
        for name in _FILES:
            if not (unfinished / name).exists():
                raise LabError(f'{package[0]} has no {name}')


def run(workshop, tree):
    """Failed with what it says of the driver, if that is anything."""
    with cache.lock(workshop.cache):
        prepare(workshop)
    # The workshop sees only the folder for temporary files.
    with tempfile.TemporaryDirectory(prefix='vmclock.') as folder:
        shutil.copytree(tree / 'driver', folder, dirs_exist_ok=True)
        said = workshop.run(('sh', '-c', _RUN, 'sh', folder), 'checkpatch')
    if said:
        raise Failed(f'checkpatch: {said}')
    report.line('checkpatch has nothing to say of the driver')
