# SPDX-License-Identifier: MIT
"""This machine's way to the Debian archive."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from ..errors import LabError
from ..host import process

KEYRING = Path('/usr/share/keyrings/debian-archive-keyring.gpg')
_PROXIES = ('http_proxy', 'https_proxy', 'no_proxy')


def _output(*argv):
    if not shutil.which(argv[0]):
        return ''
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False).stdout


def _mirror_of_apt():
    listing = _output('apt-get', 'indextargets', '--format', '$(REPO_URI)|$(ORIGIN)|$(LABEL)',
                      'Created-By: Packages')
    for target in listing.splitlines():
        address, origin, label = target.split('|')
        if (origin, label) == ('Debian', 'Debian'):
            # In Debian's cloud images, the address is a file with addresses.
            if address.startswith('mirror+file:'):
                address = Path(address.removeprefix('mirror+file:')).read_text().split()[0]
            if re.match(r'https?:', address):
                return address
    return None


def mirror(log):
    """The archive's address: VMCLOCK_MIRROR, or the one in apt's sources here."""
    address = os.environ.get('VMCLOCK_MIRROR') or _mirror_of_apt()
    if not address and shutil.which('apt-get'):
        process.run(('apt-get', 'update'), 'apt-get update', log)
        address = _mirror_of_apt()
    if not address:
        raise LabError('no Debian archive among the sources of apt; name one in VMCLOCK_MIRROR')
    return address


def apt_settings():
    """Settings of apt's configuration here for the network: proxies, retries, timeouts."""
    wanted = re.compile(r'Acquire::(https?::(?!Proxy-Auto-Detect|ProxyAutoDetect|CAInfo|CAPath)'
                        r'|Retries |Check-Valid-Until |ForceIPv[46] )', re.IGNORECASE)
    return [text for text in _output('apt-config', 'dump').splitlines()
            if wanted.match(text) and not text.endswith(' "";')]


def proxies():
    """Proxy variables for programs other than apt."""
    found = {name: os.environ[name] for name in _PROXIES if os.environ.get(name)}
    for setting in apt_settings():
        match = re.match(r'Acquire::(https?)::Proxy "(http[^"]*)";', setting, re.IGNORECASE)
        if match:
            found.setdefault(match[1].lower() + '_proxy', match[2])
    return found
