# SPDX-License-Identifier: MIT
"""The RAM of a guest, shared with this process."""

import errno
import os

from .page import Page


class Memory:
    """A guest's RAM of `size` bytes: a file in memory, and the page in it."""

    def __init__(self, size, page_offset, page_length, content=None):
        self.fd = os.memfd_create('guest')
        os.truncate(self.fd, size)
        # Another program of the host opens it by this name.
        self.path = f'/proc/{os.getpid()}/fd/{self.fd}'
        if content:
            with open(content, 'rb') as file:
                _copy(file.fileno(), self.fd)
        self.page = Page(self.fd, page_offset, page_length)

    def save(self, path):
        """Write a file to begin another Memory with; holes stay holes."""
        with open(path, 'wb') as file:
            os.truncate(file.fileno(), os.fstat(self.fd).st_size)
            _copy(self.fd, file.fileno())

    def close(self):
        self.page.close()
        os.close(self.fd)


def _copy(source, target):
    for begin, end in _data(source):
        os.lseek(target, begin, os.SEEK_SET)
        while begin < end:
            begin += os.sendfile(target, source, begin, end - begin)


def _data(fd):
    """Where a file is no hole: (begin, end)."""
    end = 0
    while True:
        try:
            begin = os.lseek(fd, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        end = os.lseek(fd, begin, os.SEEK_HOLE)
        yield begin, end
