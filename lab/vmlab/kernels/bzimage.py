# SPDX-License-Identifier: MIT
"""Unpacking a PC's kernel, because an emulated processor would unpack it slowly."""

import struct
from pathlib import Path

from ..errors import LabError

# The offsets in the boot protocol.
_SETUP_SECTORS, _MAGIC, _PAYLOAD = 0x1f1, 0x202, 0x248
_SECTOR = 512
# The first bytes of a payload, the program that unpacks it, and whether its size follows it.
_FORMATS = ((b'\x02\x21\x4c\x18', 'lz4', True), (b'\x28\xb5\x2f\xfd', 'zstd', True),
            (b'\xfd7zXZ\0', 'xz', True), (b'\x1f\x8b', 'gzip', False))
_SIZE_LENGTH = 4


def unpack(workshop, image, target):
    """Write the kernel of a bzImage to `target`, which QEMU can boot by its PVH entry."""
    data = Path(image).read_bytes()
    if data[_MAGIC:_MAGIC + 4] != b'HdrS':
        raise LabError(f'{image} is no bzImage')
    offset, length = struct.unpack_from('<II', data, _PAYLOAD)
    start = (data[_SETUP_SECTORS] + 1) * _SECTOR + offset
    payload = data[start:start + length]
    for magic, program, has_size in _FORMATS:
        if payload.startswith(magic):
            break
    else:
        raise LabError(f'{image} is packed in an unknown way: {payload[:6].hex()}')
    packed = Path(f'{target}.packed')
    packed.write_bytes(payload[:-_SIZE_LENGTH] if has_size else payload)
    workshop.run(('sh', '-c', f'{program} -dc <"$1" >"$2"', 'sh', str(packed), str(target)),
                 f'unpacking {image}')
    packed.unlink()
