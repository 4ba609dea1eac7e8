# SPDX-License-Identifier: MIT
"""A 32-bit program reads, maps and polls the device; so does an old one with executable data."""

import shutil

KERNELS = ('5.10', '7.3')
WATCHERS = ('debug',)
SOURCE = 'tests/vm/guest/compat32.c'
# The type of the program header that makes the stack, and so all data, executable.
GNU_STACK = 0x6474e551.to_bytes(4, 'little')


def run(lab):
    program = build(lab)
    old = lab.logs / 'compat32-old'
    shutil.copy(program, old)
    old.write_bytes(program.read_bytes().replace(GNU_STACK, bytes(4)))
    vm = lab.boot('sim', files={f'/usr/local/bin/{path.name}': path for path in (program, old)})
    vm.load()
    for path in (program, old):
        lab.equal(vm.shell(path.name).status, 0, f'what {path.name} met with')


def build(lab):
    source, program = lab.logs / 'compat32.c', lab.logs / 'compat32'
    shutil.copy(lab.tree / SOURCE, source)
    lab.kernel.workshop.run(
        (lab.kernel.series.cc, '-m32', '-O1', '-ffreestanding', '-fno-pic', '-fno-stack-protector',
         '-fcf-protection=none', '-nostdlib', '-static', '-o', str(program), str(source)),
        'gcc -m32', lab.logs / 'compat32.log')
    return program
