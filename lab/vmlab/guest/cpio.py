# SPDX-License-Identifier: MIT
"""Writing an initramfs: a cpio archive in the "newc" format."""

import stat


class Archive:
    """Collects files in memory; parent folders come by themselves."""

    def __init__(self):
        self._entries = {}

    def folder(self, path, mode=0o755):
        self._add(path, stat.S_IFDIR | mode, b'')

    def file(self, path, content, mode=0o644):
        self._add(path, stat.S_IFREG | mode, content)

    def link(self, path, target):
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, path, major, minor, mode):
        self._add(path, stat.S_IFCHR | mode, b'', (major, minor))

    def _add(self, path, mode, content, device=(0, 0)):
        path = path.strip('/')
        parent = path.rpartition('/')[0]
        if parent and parent not in self._entries:
            self.folder(parent)
        self._entries[path] = (mode, content, device)

    def write(self, path):
        with open(path, 'wb') as out:
            for inode, (name, entry) in enumerate(self._entries.items(), 1):
                self._write_entry(out, inode, name, *entry)
            self._write_entry(out, 0, 'TRAILER!!!', 0, b'', (0, 0))

    @staticmethod
    def _write_entry(out, inode, name, mode, content, device):
        name = name.encode() + b'\0'
        # Inode, mode, uid, gid, links, mtime, size, device of the file, the file as a device,
        # length of the name, checksum.
        fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0)
        head = b'070701' + b''.join(b'%08x' % field for field in fields) + name
        out.write(head + bytes(-len(head) % 4))
        out.write(content + bytes(-len(content) % 4))
