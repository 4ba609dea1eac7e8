# SPDX-License-Identifier: MIT
"""docs/install.md: a release installed by make, and its driver alone by `dkms add .`."""

import shutil
import tempfile
from pathlib import Path

from vmlab.debian import release
from vmlab.debian.chroot import Copy

# The installed files are the same for all kernels, except for a name.
KERNELS = ('6.12',)
LONG = True

# $1 is the tarball, $2 the kernel, $3 the version.
UNPACK = r'''
mkdir /root/source
tar -xf "$1" -C /root/source --strip-components=1
'''
INSTALL = r'''
cd /root/source
./configure --prefix=/usr --disable-tools --with-kerneldir="/lib/modules/$2/build"
make -j2
make install
ldconfig
'''
UNINSTALL = 'make -C /root/source uninstall'
BY_DKMS = r'''
cd /root/source
dkms add .
dkms install "vmclock/$3" -k "$2"
'''
REMOVE = 'dkms remove "vmclock/$3" --all'
# DKMS keeps the source. The rest has other things in it than what is installed.
FIND = (r'find / -xdev \( -path /root -o -path /srv -o -path /tmp -o -path /proc -o -path /dev '
        r'-o -path /var/lib/dkms -o -path "/usr/src/vmclock-*" -o -name ld.so.cache '
        r'-o -path /var/cache \) -prune -o ! -type d -print | sort')


def run(lab):
    kernel = lab.kernel.release
    version = release.version(lab.tree)
    with tempfile.TemporaryDirectory(prefix='vmclock.') as folder:
        copy = Copy(lab.kernel.workshop, folder)
        tarball = Path(folder, 'release.tar.xz')
        with lab.locked():
            shutil.copyfile(release.make_tarball(lab.builddir, lab.logs / 'dist.log'), tarball)

        def sh(script):
            return copy.run(('sh', '-ec', script, 'sh', str(tarball), kernel, version), 'sh',
                            lab.logs / 'source.log')

        def module():
            """A copy of the module that modprobe would find."""
            found = Path(folder, 'vmclock.ko')
            # With -f, xz copies a file that is not compressed.
            sh(f'xz -dcf "$(modinfo -k "$2" -n vmclock)" >{found}')
            return found

        def check_gone(how):
            lab.equal(sh(FIND), before, f'what is there, {how}')
            lab.equal(sh('grep vmclock.ko "/lib/modules/$2/modules.dep" || true'), '',
                      f'the index of modules, {how}')

        sh(UNPACK)
        before = sh(FIND)
        sh(INSTALL)
        check_serves(lab, module())
        sh(UNINSTALL)
        check_gone('uninstalled by make')
        sh(BY_DKMS)
        check_serves(lab, module())
        sh(REMOVE)
        check_gone('removed by DKMS')


def check_serves(lab, module):
    vm = lab.boot(lab.board.marker_only, driver=module)
    vm.load()
    vm.run('test -c /dev/vmclock0')
