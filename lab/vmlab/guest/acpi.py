# SPDX-License-Identifier: MIT
"""The ACPI table that announces a simulated VMClock page to a guest."""

NOTIFY_GSI = 23

_TABLE = '''\
DefinitionBlock ("", "SSDT", 2, "VMCLK", "SIMULATE", 1)
{{
    Scope (\\_SB)
    {{
{devices}
{event}
    }}
}}
'''

_DEVICE = '''\
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

_EVENT = '''
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


def table(workshop, folder, address, page):
    """Compile the table for a page in `folder`; with page.notify, it announces NOTIFY_GSI."""
    cid = f'Name (_CID, "{page.cid}")' if page.cid else ''
    firsts = [address + offset for offset in page.offsets]
    devices = ''.join(
        _DEVICE.format(number=number, hid=page.hid, cid=cid, first=first,
                       last=first + page.length - 1, length=page.length)
        for number, first in enumerate(firsts))
    notify = '; '.join(f'Notify (\\_SB.VCL{number}, 0x80)' for number in range(len(firsts)))
    event = _EVENT.format(gsi=NOTIFY_GSI, notify=notify) if page.notify else ''
    source = folder / 'vmclock.asl'
    source.write_text(_TABLE.format(devices=devices, event=event), encoding='ascii')
    workshop.run(('iasl', '-ve', str(source)), 'iasl', folder / 'iasl.log')
    return source.with_suffix('.aml')
