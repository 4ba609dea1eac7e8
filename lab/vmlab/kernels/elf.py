# SPDX-License-Identifier: MIT
"""What the laboratory wants to know about ELF files."""

import collections
import re
import subprocess
from pathlib import Path

from ..errors import LabError

# A part of a file: the address it is loaded to, and where it is in the file.
Section = collections.namedtuple('Section', 'address offset size')


def is_elf(path):
    with open(path, 'rb') as file:
        return file.read(4) == b'\x7fELF'


def libraries(path, search):
    """The shared libraries and the loader that a program needs, found in the folders `search`.

    So it works for programs that do not run here.
    """
    found, waiting = {}, [Path(path)]
    while waiting:
        for name in _needed(waiting.pop()):
            if name in found:
                continue
            places = [place for place in (folder / name for folder in search) if place.exists()]
            if not places:
                raise LabError(f'{path} needs {name}, which is not there')
            found[name] = places[0]
            waiting.append(places[0])
    return list(found.values())


def _needed(path):
    """The names of what an ELF file itself asks for."""
    listing = subprocess.run(('readelf', '--wide', '--dynamic', '--program-headers', str(path)),
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                             env={'PATH': '/usr/bin:/bin', 'LC_ALL': 'C'}, check=True).stdout
    return re.findall(r'\(NEEDED\) .*\[(.*)\]', listing) + \
        re.findall(r'interpreter: .*/(.*)\]', listing)


def modinfo(module):
    """A kernel module's information: {'alias': [...], 'depends': [...], ...}."""
    found = {}
    for key, value in re.findall(rb'\0(\w+)=([^\0]*)(?=\0)', _modinfo_section(module)):
        found.setdefault(key.decode(), []).append(value.decode())
    return found


def _modinfo_section(module):
    data = module.read_bytes()
    found = sections(data).get('.modinfo')
    if not found:
        raise LabError(f'{module} is no kernel module')
    return b'\0' + data[found.offset:found.offset + found.size] + b'\0'


def sections(data):
    """{name: Section} of a 64-bit little-endian file's content."""
    def number(offset, size):
        return int.from_bytes(data[offset:offset + size], 'little')

    # The header's fields by their fixed places.
    table, entry, count, names = number(0x28, 8), number(0x3a, 2), number(0x3c, 2), number(0x3e, 2)
    headers = [table + entry * index for index in range(count)]
    strings = number(headers[names] + 0x18, 8)
    found = {}
    for header in headers:
        name = strings + number(header, 4)
        found[data[name:data.index(b'\0', name)].decode()] = Section(
            *(number(header + field, 8) for field in (0x10, 0x18, 0x20)))
    return found
