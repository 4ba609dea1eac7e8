# SPDX-License-Identifier: MIT
"""The device tree that announces a simulated VMClock page to a guest."""

NOTIFY_SPI = 200

# Added to QEMU's own tree.
_NODES = '''\
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

_DEVICE = '''
    vmclock@{address:x} {{
        compatible = "amazon,vmclock";
        reg = <0 {address:#x} 0 {length:#x}>;
{interrupt}
    }};
'''

# An interrupt of the board, on its rising edge; that of all pages, if there are several.
_INTERRUPT = f'''\
        interrupt-parent = <&{{/intc@8000000}}>;
        interrupts = <0 {NOTIFY_SPI} 1>;'''


def tree(workshop, folder, own_tree, address, page):
    """Add a page at `address` to QEMU's `own_tree`; with page.notify, it has NOTIFY_SPI."""
    log = folder / 'dtc.log'
    source = folder / 'vmclock.dts'
    workshop.run(('dtc', '-q', '-I', 'dtb', '-O', 'dts', '-o', str(source), str(own_tree)),
                 'dtc', log)
    devices = ''.join(_DEVICE.format(address=address + offset, length=page.length,
                                     interrupt=_INTERRUPT if page.notify else '')
                      for offset in page.offsets)
    with open(source, 'a', encoding='ascii') as file:
        file.write(_NODES.format(address=address, room=page.room, devices=devices))
    made = source.with_suffix('.dtb')
    workshop.run(('dtc', '-q', '-I', 'dts', '-O', 'dtb', '-o', str(made), str(source)), 'dtc', log)
    return made
