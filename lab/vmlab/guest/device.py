# SPDX-License-Identifier: MIT
"""A guest's VMClock device, and what announces it: an ACPI table, or a device tree."""

from ..host.page import FLAG_NOTIFICATION_PRESENT, MARKER_ONLY

_PAGE_ROOM = 0x10000
_HID, _CID, _LENGTH = 'AMZNC10C', 'VMCLOCK', 0x1000
# The distance between pages; programs of the lab use the memory in between (exchange.h).
_DISTANCE = 0x4000

# The interrupts that notify.
NOTIFY_GSI = 23
NOTIFY_SPI = 200

_ACPI_TABLE = '''\
DefinitionBlock ("", "SSDT", 2, "VMCLK", "SIMULATE", 1)
{{
    Scope (\\_SB)
    {{
{devices}
{event}
    }}
}}
'''

_ACPI_DEVICE = '''\
        Device (VCL{number})
        {{
            Name (_HID, "{hid}")
            Name (_UID, {number})
            {cid}
            Name (_DDN, "VMCLOCK")
            Name (_CRS, ResourceTemplate ()
            {{
                QWordMemory (ResourceConsumer, PosDecode, MinFixed, MaxFixed,
                    Cacheable, ReadOnly,
                    0, {first:#x}, {last:#x}, 0, {length:#x})
            }})
        }}
'''

_ACPI_EVENT = '''
        Device (VEVT)
        {{
            Name (_HID, "ACPI0013")
            Name (_CRS, ResourceTemplate ()
            {{
                Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) {{{gsi}}}
            }})
            Method (_EVT, 1, Serialized)
            {{
                If (Arg0 == {gsi})
                {{
                    {notify}
                }}
            }}
        }}'''

# Added to QEMU's own tree.
_TREE_NODES = '''\
/ {{
    reserved-memory {{
        #address-cells = <2>;
        #size-cells = <2>;
        ranges;

        page@{address:x} {{
            reg = <0 {address:#x} 0 {room:#x}>;
            no-map;
        }};
    }};
{devices}
}};
'''

_TREE_DEVICE = '''
    vmclock@{address:x} {{
        compatible = "amazon,vmclock";
        reg = <0 {address:#x} 0 {length:#x}>;
{interrupt}
    }};
'''

# An interrupt of the board, on its rising edge; several pages share it.
_TREE_INTERRUPT = f'''\
        interrupt-parent = <&{{/intc@8000000}}>;
        interrupts = <0 {NOTIFY_SPI} 1>;'''


class Simulation:
    """A page in the guest's memory, announced by the board.

    fields   what differs from a page with a marker only, at boot
    notify   whether the host notifies
    length   of the device's memory
    devices  how many there are; they share what notifies
    """

    def __init__(self, fields=None, notify=True, hid=_HID, cid=_CID, length=_LENGTH, devices=1):
        self.fields = dict(MARKER_ONLY)
        if notify:
            self.fields['flags'] |= FLAG_NOTIFICATION_PRESENT
        self.fields.update(fields or {})
        self.notify = notify
        self.hid = hid
        self.cid = cid
        self.length = length
        self.room = -(-length // _PAGE_ROOM) * _PAGE_ROOM
        self.offsets = range(0, devices * _DISTANCE, _DISTANCE)

    # Does QEMU have the page?
    is_own = False

    @property
    def announced_as_usual(self):
        return (self.hid, self.cid, self.length, len(self.offsets)) == (_HID, _CID, _LENGTH, 1)


class OwnDevice(Simulation):
    """QEMU's own device, whose page the host can write.

    There is memory where a simulated page would be, to compare counters in.
    """

    is_own = True

    def __init__(self):
        super().__init__(notify=False, devices=0)


# The usual ones, by the names that scenarios have for them; QEMU's own has that of its board.
USUAL = {'sim': Simulation(), 'sim-silent': Simulation(notify=False), 'vmclock-shared': OwnDevice()}


def acpi_table(workshop, folder, address, page):
    """Compile the table for a page in `folder`; with page.notify, it announces NOTIFY_GSI."""
    cid = f'Name (_CID, "{page.cid}")' if page.cid else ''
    firsts = [address + offset for offset in page.offsets]
    devices = ''.join(
        _ACPI_DEVICE.format(number=number, hid=page.hid, cid=cid, first=first,
                            last=first + page.length - 1, length=page.length)
        for number, first in enumerate(firsts))
    notify = '; '.join(f'Notify (\\_SB.VCL{number}, 0x80)' for number in range(len(firsts)))
    event = _ACPI_EVENT.format(gsi=NOTIFY_GSI, notify=notify) if page.notify else ''
    source = folder / 'vmclock.asl'
    source.write_text(_ACPI_TABLE.format(devices=devices, event=event), encoding='ascii')
    workshop.run(('iasl', '-ve', str(source)), 'iasl', folder / 'iasl.log')
    return source.with_suffix('.aml')


def device_tree(workshop, folder, own_tree, address, page):
    """Add a page at `address` to QEMU's `own_tree`; with page.notify, it has NOTIFY_SPI."""
    log = folder / 'dtc.log'
    source = folder / 'vmclock.dts'
    workshop.run(('dtc', '-q', '-I', 'dtb', '-O', 'dts', '-o', str(source), str(own_tree)),
                 'dtc', log)
    devices = ''.join(_TREE_DEVICE.format(address=address + offset, length=page.length,
                                          interrupt=_TREE_INTERRUPT if page.notify else '')
                      for offset in page.offsets)
    with open(source, 'a', encoding='ascii') as file:
        file.write(_TREE_NODES.format(address=address, room=page.room, devices=devices))
    made = source.with_suffix('.dtb')
    workshop.run(('dtc', '-q', '-I', 'dts', '-O', 'dtb', '-o', str(made), str(source)), 'dtc', log)
    return made
