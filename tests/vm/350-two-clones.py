# SPDX-License-Identifier: MIT
"""Two clones of a saved machine share no random numbers once the hook `generation` runs.

A kernel seeds its generator anew by itself, from Linux 5.18 on, where the hypervisor has a vmgenid
device; that of this guest tells of clones by its VMClock page only.
"""

from vmlab.guest.device import Simulation
from vmlab.guest.machine import Setup
from vmlab.host.page import FLAG_NOTIFICATION_PRESENT, FLAG_VM_GEN_COUNTER_PRESENT

KERNELS = ('5.10', '6.12', '7.3')
DEFAULT_KERNELS = ('5.10',)

# A processor's own random numbers would be mixed in, and with two processors the order is chance.
SETUP = Setup(qemu=('-cpu', 'max,-rdrand,-rdseed'), cpus=1)
# Pairs of clones: where vmclockd changes nothing, one at least has to be equal.
ATTEMPTS = 3

# Draw the numbers first: nothing else draws any in between.
HOOK = '''#!/bin/sh
[ "$1" = generation ] || exit 0
head -c 32 /dev/urandom >/tmp/numbers
echo "the hook generation has run" >/dev/kmsg
'''


def run(lab):
    equal = 0
    for _ in range(ATTEMPTS):
        first, second = clones(lab, 'observe')
        equal += first == second
        if equal:
            break
    lab.check(equal, 'clones differ by themselves: nothing was tested')
    for _ in range(ATTEMPTS):
        first, second = clones(lab, 'act')
        lab.check(first != second, f'both clones have the random numbers {first}')


def clones(lab, mode):
    """The numbers that the hooks of two clones drew; the clones differ in the generation only."""
    vm = lab.boot(Simulation({'flags': FLAG_NOTIFICATION_PRESENT | FLAG_VM_GEN_COUNTER_PRESENT,
                              'vm_generation_counter': 1}),
                  programs=['vmclockd'], setup=SETUP)
    vm.load()
    # This read waits until the generator has been seeded.
    vm.run('head -c 1 /dev/random >/dev/null')
    vm.run(f"mkdir -p /etc/vmclock/hooks.d; cat >/etc/vmclock/hooks.d/numbers <<'END'\n{HOOK}END\n"
           'chmod 755 /etc/vmclock/hooks.d/numbers\n'
           f'printf "ntp = none\\nmode = {mode}\\n" >/etc/vmclock/vmclockd.conf\n'
           'vmclockd --verbose >/tmp/vmclockd 2>&1 &')
    vm.wait_for('test -s /run/vmclock/state')
    saved = lab.save(vm)
    return [numbers(lab, lab.clone(saved), generation) for generation in (2, 3)]


def numbers(lab, vm, generation):
    vm.page.disrupt(vm_generation_counter=generation)
    vm.notify()
    vm.wait_log('the hook generation has run')
    drawn = vm.run('od -An -v -t x1 /tmp/numbers')
    lab.log(f'generation {generation}: {drawn}\n{vm.run("cat /tmp/vmclockd")}')
    vm.check_log()
    lab.dismiss(vm)
    return drawn
