# SPDX-License-Identifier: MIT
"""The driver detects whether the PTP core asks for attributes, and compiles for such a kernel."""

from vmlab.kernels.driver import build_driver

# No kernel of the matrix is like that: the scenario makes one from this kernel's headers.
KERNELS = ('7.3',)
COMING = 'tests/driver/coming-kernel.h'


def run(lab):
    for before, answer in ((None, '#undef HAVE_PTP_ATTRIBUTES'),
                           (lab.tree / COMING, '#define HAVE_PTP_ATTRIBUTES 1')):
        driver = build_driver(lab.tree, lab.kernel, before=before)
        features = driver.module.with_name('features.h').read_text(encoding='ascii').splitlines()
        lab.check(answer in features, f'{answer!r} is not among the features: {features}')
