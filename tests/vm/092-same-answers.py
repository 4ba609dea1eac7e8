# SPDX-License-Identifier: MIT
"""Programs get the same answers as from the kernel's own driver, except those in vmclock(4)."""

import re

KERNELS = ('6.18', '7.3')
OURS, KERNELS_OWN = 'vmclock', 'ptp_vmclock'
# In the order of the table in vmclock(4), below BESIDE THE KERNEL'S OWN DRIVER.
DIFFERENT = (
    r'mode: .*',
    r'lseek .*',
    r'preadv2 RWF_(DSYNC|SYNC|NOWAIT|APPEND): .*',
    r'preadv? to an end of memory.*',
    r'\S+ (splice from it|sendfile): .*',
    r'\S+ fcntl F_GETFL: .*',
    r'mmap .*, none shared.*',
    r'mmap .*, exec shared.*',
    r'mmap .*, then PROT_EXEC: .*',
)
# Missing before Linux 7.0: poll, and mappings that stay read-only.
BEFORE_7 = (r'poll .*', r'epoll_.*', r'mmap .*, then PROT_WRITE: .*')
# Without poll, io_uring does not wait for the file to be readable.
SINCE_7 = (r'io_uring read (before|after) a read: .*',)
# The kernel's own driver gives POLLHUP for a device that does not notify.
WHERE_SILENT = (r'poll .*', r'epoll_.*')
# In the middle of an update, the file is readable there.
MIDDLE = 3
IN_THE_MIDDLE = (r'poll .*', r'epoll_.*', r'read O_NONBLOCK: EAGAIN', r'io_uring read .*',
                 r'pread to nowhere: ETIMEDOUT')


def run(lab):
    different = DIFFERENT + (BEFORE_7 if lab.kernel.name == '6.18' else SINCE_7)
    found = set()
    for device in ('sim', 'sim-silent'):
        vm = lab.boot(device, modules=[KERNELS_OWN], programs=['device-answers'])
        for count in (0, 2, MIDDLE) if device == 'sim' else (0, 2):
            vm.page.set(seq_count=count)
            theirs, ours = answers(vm, KERNELS_OWN), answers(vm, OURS)
            check_read_only(lab, ours)
            check(lab, theirs, ours, different + (WHERE_SILENT if device != 'sim' else ()) +
                  (IN_THE_MIDDLE if count == MIDDLE else ()), found)
    lab.equal([pattern for pattern in different if pattern not in found], [],
              'what is listed as different and is not')


def answers(vm, module):
    """The answers of a driver, one in each line; `none shared` is asked of our driver only."""
    vm.run(f'modprobe {module}')
    lines = vm.run('echo "mode: $(stat -c %a /dev/vmclock0)"; device-answers').splitlines()
    # Reads that io_uring has not finished end after the program.
    vm.wait_for(f'rmmod {module}')
    return dict(line.rsplit(': ', 1) for line in lines)


def check(lab, theirs, ours, different, found):
    for call in theirs.keys() | ours.keys():
        if theirs.get(call) == ours.get(call):
            continue
        pattern = next((pattern for pattern in different
                        if re.fullmatch(pattern, f'{call}: {ours.get(call)}')), None)
        lab.check(pattern, f'{call}: {ours.get(call)} here, {theirs.get(call)} by {KERNELS_OWN}')
        found.add(pattern)


def check_read_only(lab, ours):
    """In every case nothing can be written, and nothing executed."""
    for call, answer in ours.items():
        if re.search(r'(, write \w+|to write|PROT_WRITE|PROT_EXEC|exec shared|_RDWR p?write)$',
                     call):
            lab.check(answer in ('EROFS', 'EACCES', 'EPERM', 'EINVAL'), f'{call}: {answer}')
