# SPDX-License-Identifier: MIT
"""The machines that QEMU emulates, one per architecture, and how each announces a page."""

import abc
import re

from ..errors import LabError
from ..host.page import COUNTER_ARM_VCNT, COUNTER_X86_TSC
from ..kernels.matrix import AMD64, ARM64
from . import device


class Board(abc.ABC):
    """A kind of machine.

    architecture  of its processors
    program       QEMU's name for it
    type, cpu     what its -M and -cpu get
    command_line  words for the guest kernel's command line
    tty           the name of its serial lines, without the number
    ram           where RAM begins
    counter_id    a page's name for the counter of its processors
    notifier      the driver's name for the kind of notifications
    devices       a pattern for the name of the page's platform device
    own_device    QEMU's own VMClock device for it, or None; its page has no time
    """

    # In RAM, where neither the kernel nor the initramfs are put: a PC has the latter at the end of
    # it, an arm64 machine no further than 128 MiB from its beginning.
    PAGE_OFFSET = 0x18000000

    @property
    def page_address(self):
        return self.ram + self.PAGE_OFFSET

    @property
    def marker_only(self):
        """The most real device for boot() if no time is needed: QEMU's own, if there is one."""
        return self.own_device or 'sim'

    @abc.abstractmethod
    def announce(self, workshop, folder, page, arguments):
        """Announce a Simulation: returns (QEMU's arguments, words for the kernel's command line).

        `arguments` are QEMU's arguments that define the machine.
        """

    @abc.abstractmethod
    def notify_line(self, qmp):
        """The notification line for qtest: a device, its input, and a number."""


class Pc(Board):
    """A PC, whose ACPI tables announce the page."""

    architecture = AMD64
    program = 'qemu-system-x86_64'
    type = 'q35'
    cpu = 'max'
    command_line = ('tsc=reliable', 'no_timer_check')
    tty = 'ttyS'
    ram = 0
    counter_id = COUNTER_X86_TSC
    notifier = 'acpi'
    devices = 'AMZNC10C:*'
    own_device = 'vmclock'

    def announce(self, workshop, folder, page, arguments):
        # RAM that the kernel must not use, as if firmware had reserved it.
        reserved = (f'memmap={page.room:#x}${self.page_address:#x}',)
        if page.is_own:
            return ('-M', 'aux-ram-share=on', '-device', self.own_device), reserved
        table = device.acpi_table(workshop, folder, self.page_address, page)
        return ('-acpitable', f'file={table}'), reserved

    def notify_line(self, qmp):
        return f'/machine/q35/ioapic unnamed-gpio-in {device.NOTIFY_GSI}'


class Virt(Board):
    """An arm64 machine, whose device tree announces the page."""

    architecture = ARM64
    program = 'qemu-system-aarch64'
    type = 'virt,gic-version=2,acpi=off'
    cpu = 'max,pauth-impdef=on'
    command_line = ()
    tty = 'ttyAMA'
    ram = 0x40000000
    counter_id = COUNTER_ARM_VCNT
    notifier = 'irq'
    devices = '*.vmclock'
    own_device = None

    def announce(self, workshop, folder, page, arguments):
        own_tree = folder / 'virt.dtb'
        # The tree must contain the serial lines that are used.
        workshop.run((self.program, '-M', f'{self.type},dumpdtb={own_tree}', *arguments,
                      '-serial', 'null', '-serial', 'null'), 'dumpdtb', folder / 'dtc.log')
        made = device.device_tree(workshop, folder, own_tree, self.page_address, page)
        return ('-dtb', str(made)), ()

    def notify_line(self, qmp):
        # The device has no name.
        for child in qmp('qom-list', path='/machine/unattached'):
            if re.fullmatch(r'child<arm_gic.*>', child['type']):
                return f'/machine/unattached/{child["name"]} unnamed-gpio-in ' \
                       f'{device.NOTIFY_SPI}'
        raise LabError('the emulated machine has no interrupt controller')


_BOARDS = {board.architecture: board for board in (Pc(), Virt())}


def of(architecture):
    return _BOARDS[architecture]
