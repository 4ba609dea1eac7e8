# SPDX-License-Identifier: MIT
"""The driver detects whether the PTP core asks for attributes, and compiles for such a core."""

from vmlab.kernels.driver import build_driver

# No kernel of the matrix has such a core: the scenario makes one from this kernel's headers.
KERNELS = ('7.3',)
CORE = 'tests/driver/attributes-core.h'


def run(lab):
    for before, answer in ((None, '/* no PTP_ATTRIBUTES */'),
                           (lab.tree / CORE, '#define HAVE_PTP_ATTRIBUTES 1')):
        driver = build_driver(lab.tree, lab.kernel, before=before)
        features = driver.module.with_name('features.h').read_text(encoding='ascii').splitlines()
        lab.check(answer in features, f'{answer!r} is not among the features: {features}')
