# SPDX-License-Identifier: MIT
"""The headers of a kernel without a headers package in the archive, from the release's source.

The archive drops the headers of a series before its images. It keeps upstream's source tarball,
but not Debian's changes. So check_layout() has to show that the structures in a built module
are the same as in Debian's kernel.
"""

import collections
import contextlib
import json
import re
import struct
import tempfile
from pathlib import Path

from .. import report
from ..errors import Failed, LabError
from ..host import process

# The packages that the build needs, besides the compiler.
PACKAGES = ('bc', 'bison', 'bpftool', 'dwarves', 'flex', 'libelf-dev', 'libssl-dev', 'python3')

# $1 is the folder for the headers, $2 the tarball, $3 the compiler, $4 the suffix of the version
# in the release's name. The build needs all of the configuration, but little else.
_MAKE = r'''
cd "$1"
tar -xf "$2" --strip-components=1 --wildcards --wildcards-match-slash '*/Kconfig*' \
	--no-wildcards-match-slash '*/Makefile' '*/Kbuild' '*/arch/x86' '*/include' '*/kernel' \
	'*/scripts' '*/security' '*/tools'
for goal in olddefconfig modules_prepare; do
	make -j"$(nproc)" ARCH=x86 CC="$3" HOSTCC="$3" LOCALVERSION="$4" "$goal" </dev/null
done
rm -rf kernel security tools/perf tools/testing
'''
# A part of an ELF file: its load address, and its position in the file.
_Section = collections.namedtuple('_Section', 'address offset size')
# An exported symbol: relative addresses of its value, its name and its namespace.
_SYMBOL = struct.Struct('<iii')


def make_headers(workshop, series, release, folder):
    """Fill folder/headers, for the kernel `release` that has been unpacked in `folder`."""
    headers = folder / 'headers'
    headers.mkdir()
    config = folder / f'boot/config-{release}'
    if not config.exists():
        raise LabError(f'the image of {release} comes without its configuration')
    (headers / '.config').write_bytes(config.read_bytes())
    number = release.partition('+')[0]
    with tempfile.TemporaryDirectory(prefix='vmclock.') as place, \
            report.step(f'kernel {series.name}: headers from the source of {number}'):
        tarball = workshop.download_tarball('linux', _source_version(workshop, release),
                                            series.suite, Path(place))
        inside = workshop.inside(headers)
        workshop.run(('sh', '-ec', _MAKE, 'sh', inside, str(tarball), series.cc,
                      release.removeprefix(number)), 'headers from source')
    symbols = _module_symvers(folder / 'image')
    (headers / 'Module.symvers').write_text(symbols, encoding='ascii')
    # The types of modules refer to its types.
    (headers / 'vmlinux').symlink_to('../image')


def link_headers(workshop, release, headers):
    """Link the headers to the place where a package would have put them."""
    outside = headers.relative_to(workshop.root)
    modules = workshop.path(f'/usr/lib/modules/{release}')
    modules.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        (modules / 'build').unlink()
    (modules / 'build').symlink_to(Path('../../../..') / outside)


def _source_version(workshop, release):
    shown = workshop.run(('apt-cache', 'show', '--no-all-versions', f'linux-image-{release}'),
                         'apt-cache show')
    return next(line.removeprefix('Version: ') for line in shown.splitlines()
                if line.startswith('Version: '))


def _sections(path):
    """{name: _Section} of an ELF file."""
    listing = process.output('readelf', '--wide', '--section-headers', str(path))
    return {name: _Section(*(int(number, 16) for number in numbers)) for name, *numbers in
            re.findall(r'^ *\[ *\d+\] (\S+) +\S+ +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ', listing,
                       re.MULTILINE)}


def _module_symvers(path):
    """The symbols that the kernel exports, as modpost reads them; such kernels have no CRCs."""
    found = _sections(path)
    image = path.read_bytes()
    if '__kcrctab' in found:
        raise LabError('this kernel has versions for its symbols, which no image tells')

    def text_at(address):
        section = next(s for s in found.values() if s.address <= address < s.address + s.size)
        start = section.offset + address - section.address
        return image[start:image.index(b'\0', start)].decode()

    lines = []
    for name, kind in (('__ksymtab', 'EXPORT_SYMBOL'), ('__ksymtab_gpl', 'EXPORT_SYMBOL_GPL')):
        table = found[name]
        for offset in range(0, table.size, _SYMBOL.size):
            _, symbol, space = _SYMBOL.unpack_from(image, table.offset + offset)
            place = table.address + offset + 4
            lines.append(f'0x00000000\t{text_at(place + symbol)}\tvmlinux\t{kind}\t'
                         f'{text_at(place + 4 + space) if space else ""}\n')
    return ''.join(sorted(lines))


def check_layout(workshop, headers, module):
    """Fail if a structure of the kernel has another layout in the module than in the kernel."""
    kernel = workshop.inside(headers / 'vmlinux')
    ours, theirs = _structures(workshop, str(module), kernel), _structures(workshop, kernel)
    differ = sorted(name for name in ours.keys() & theirs.keys()
                    if not ours[name] <= theirs[name])
    if differ:
        raise Failed(f'the headers made from source are not those of the kernel: '
                     f'{", ".join(differ)}')
    if not {'file', 'file_operations', 'ptp_clock_info'} <= theirs.keys():
        raise LabError('the kernel does not tell its types')


def _structures(workshop, file, base=None):
    """{name: layouts} of the structures in a file's BTF; a name may have several layouts."""
    with tempfile.TemporaryDirectory(prefix='vmclock.') as folder:
        output = Path(folder) / 'types'
        options = ('-B', base) if base else ()
        # Write to a file, because output would go into the log.
        workshop.run(('sh', '-c', 'out=$1; shift; exec "$@" >"$out"', 'sh', str(output), 'bpftool',
                      '-j', 'btf', 'dump', *options, 'file', file), 'bpftool')
        types = json.loads(output.read_text(encoding='utf-8'))['types']
    found = {}
    for kind in types:
        if kind['kind'] in ('STRUCT', 'UNION') and kind['name'] != '(anon)':
            members = tuple((m['name'], m['bits_offset'], m.get('bitfield_size', 0))
                            for m in kind['members'])
            found.setdefault(kind['name'], set()).add((kind['size'], members))
    return found
