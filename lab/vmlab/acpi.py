# SPDX-License-Identifier: MIT
"""The ACPI table that announces a simulated VMClock page to a guest."""

NOTIFY_GSI = 23

_TABLE = '''\
DefinitionBlock ("", "SSDT", 2, "VMCLK", "SIMULATE", 1)
{{
    Scope (\\_SB)
    {{
        Device (VCLK)
        {{
            Name (_HID, "{hid}")
            {cid}
            Name (_DDN, "VMCLOCK")
            Name (_CRS, ResourceTemplate ()
            {{
                QWordMemory (ResourceConsumer, PosDecode, MinFixed, MaxFixed,
                    Cacheable, ReadOnly,
                    0, {first:#x}, {last:#x}, 0, {length:#x})
            }})
        }}
{event}
    }}
}}
'''

_EVENT = f'''
        Device (VEVT)
        {{
            Name (_HID, "ACPI0013")
            Name (_CRS, ResourceTemplate ()
            {{
                Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) {{{NOTIFY_GSI}}}
            }})
            Method (_EVT, 1, Serialized)
            {{
                If (Arg0 == {NOTIFY_GSI})
                {{
                    Notify (\\_SB.VCLK, 0x80)
                }}
            }}
        }}'''


def table(workshop, folder, address, page):
    """Compile the table for a page in `folder`; with page.notify, it announces NOTIFY_GSI."""
    text = _TABLE.format(hid=page.hid, cid=f'Name (_CID, "{page.cid}")' if page.cid else '',
                         first=address, last=address + page.length - 1, length=page.length,
                         event=_EVENT if page.notify else '')
    source = folder / 'vmclock.asl'
    source.write_text(text, encoding='ascii')
    workshop.run(('iasl', '-ve', str(source)), 'iasl', folder / 'iasl.log')
    return source.with_suffix('.aml')
