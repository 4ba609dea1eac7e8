# SPDX-License-Identifier: MIT
"""vmclock-verify judges the page of QEMU's own device on the host: migrated live, and restored."""

# No kernel runs here.
KERNELS = ('6.12',)


def run(lab):
    first, second, third = lab.bare(), lab.bare(receives=True), lab.bare(receives=True)
    left, arrived = lab.watch(first), lab.watch(second, 'migration')
    first.migrate_to(second)
    lab.equal(judged(lab, left)['markers'], 0, 'the new markers where the machine was')
    lab.equal(judged(lab, arrived)['markers'], 1, 'the new markers where the machine is')

    restored = lab.watch(third, 'restore')
    second.restore_to(third)
    lab.check(judged(lab, restored)['markers'], 'the restored machine has no new marker')


def judged(lab, watch):
    """What was watched, which conforms."""
    report = watch.report()
    lab.check(report['watch']['looks'], 'vmclock-verify never looked at the page')
    lab.equal(report['verdict'], 'conforms', 'the verdict')
    return report['watch']
