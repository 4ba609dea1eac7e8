# SPDX-License-Identifier: MIT
"""Talking with QEMU and the guest: lines over a unix socket, each wait with a deadline."""

import socket
import time

from ..errors import Failed


class Closed(Failed):
    """The other end is gone."""


class TimedOut(Failed):
    """No whole line came in time."""


class Channel:
    def __init__(self, path, alive, deadline):
        """Connect as soon as the other end listens, for as long as alive() says it may."""
        self._name = path.name
        self._buffer = bytearray()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        while True:
            try:
                self._socket.connect(str(path))
                return
            except (FileNotFoundError, ConnectionRefusedError):
                if not alive():
                    raise Closed(f'no one listens on {self._name}') from None
                if deadline.passed():
                    raise TimedOut(f'no one listens on {self._name}') from None
                time.sleep(0.02)

    def send(self, text, deadline):
        self._socket.settimeout(deadline.left() or 0.001)
        try:
            self._socket.sendall(text.encode() + b'\n')
        except TimeoutError:
            raise TimedOut(f'{self._name} takes no input') from None
        except OSError as error:
            raise Closed(f'{self._name}: {error}') from None

    def line(self, deadline):
        """The next line, without its end."""
        searched = 0
        while (end := self._buffer.find(b'\n', searched)) < 0:
            searched = len(self._buffer)
            self._socket.settimeout(deadline.left() or 0.001)
            try:
                data = self._socket.recv(1 << 16)
            except TimeoutError:
                raise TimedOut(f'no answer from {self._name}') from None
            except OSError as error:
                raise Closed(f'{self._name}: {error}') from None
            if not data:
                raise Closed(f'end of file from {self._name}')
            self._buffer += data
        text = self._buffer[:end].decode(errors='replace').rstrip('\r')
        del self._buffer[:end + 1]
        return text

    def close(self):
        self._socket.close()
