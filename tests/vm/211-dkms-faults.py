# SPDX-License-Identifier: MIT
"""Faults while DKMS builds: a line gives the reason, no module is left, and a new try repairs."""

import re
import tempfile

from vmlab.debian.system import Trial

# The systems have kernels of their own.
KERNELS = ('6.1',)
LONG = True
# The error of an older compiler with the headers of a newer one.
OTHER_COMPILER = '''#!/bin/sh
echo "${0##*/}: error: unrecognized command-line option '-fnew'" >&2
exit 1
'''
# With a full disk, DKMS strips and signs a module, notices nothing, and installs the rest of it.
CUT_SHORT = '''#!/bin/sh
: >"$2"
'''
# The mounts end with the command; what DKMS leaves on the full disk stays.
FULL_DISKS = '''
cp $1 /root/vmclock-dkms.deb
mount -t tmpfs -o size=4k tmpfs /tmp
echo full >/tmp/file
dpkg -i /root/vmclock-dkms.deb || echo "status $?"
umount /tmp
echo "--- the tree"
mount -t tmpfs -o size=300k tmpfs /var/lib/dkms
dpkg --configure --pending || echo "status $?"
cat $2
cp -a /var/lib/dkms/vmclock /root
umount /var/lib/dkms
rm -rf /var/lib/dkms/vmclock
mv /root/vmclock /var/lib/dkms
'''


def run(lab):
    for suite in ('bookworm', 'trixie'):
        with tempfile.TemporaryDirectory(prefix='vmclock.') as folder:
            trial = Trial(lab, lab.system(suite), folder)
            # Each fault starts from the files of the one before, which is faster.
            check_full_disks(lab, trial)
            check_compiler(lab, trial)
            check_cut_short(lab, trial)
            check_source(lab, trial)
            check_tree(lab, trial)


def check_fails(lab, trial, reason, *command):
    """The command fails and names a log, which has exactly one reason; there is no module."""
    status, output = trial.attempt(*command)
    lab.check(status != 0, f'{" ".join(command)} went well')
    lab.check(trial.make_log in output, f'DKMS does not name its log: {output}')
    found = [line for line in trial.run('cat', trial.make_log).splitlines()
             if re.search(reason, line)]
    lab.check(len(found) == 1, f'{reason!r} is told in {len(found)} lines')
    check_none(lab, trial)


def check_none(lab, trial):
    lab.equal(set(trial.kernels().values()), {False}, 'a module in spite of the fault')


def check_full_disks(lab, trial):
    output = trial.run('sh', '-c', FULL_DISKS, 'sh', str(trial.package),
                       trial.make_log)
    temporary, _, tree = output.partition('--- the tree\n')
    for what, told in (('/tmp', temporary), ('/var/lib/dkms', tree)):
        lab.check(re.search('^status [1-9]', told, re.MULTILINE), f'{what} was full: {told}')
        lab.check('No space left on device' in told, f'not told that {what} was full: {told}')
    check_none(lab, trial)


def check_compiler(lab, trial):
    compiler = trial.script('readlink -f "$(command -v gcc)"')
    name = compiler.rpartition('-gnu-')[2]
    reason = f"^vmclock: '.*{name}' does not compile for this kernel, which '.*{name} .*' has built"
    trial.run('mv', compiler, '/root/compiler')
    check_fails(lab, trial, reason, 'dpkg', '--configure', '--pending')
    trial.script(f"cat >{compiler} <<'END'\n{OTHER_COMPILER}END\nchmod +x {compiler}")
    check_fails(lab, trial, reason, 'dpkg', '--configure', '--pending')
    trial.run('mv', '/root/compiler', compiler)


def check_cut_short(lab, trial):
    trial.script(f"mv /usr/bin/strip /root/strip\ncat >/usr/bin/strip <<'END'\n{CUT_SHORT}END\n"
                 'chmod +x /usr/bin/strip')
    status, output = trial.attempt('dpkg', '--configure', '--pending')
    lab.check(status != 0, 'a module that was cut short could be installed')
    lab.check(re.search('^vmclock: .*/vmclock.ko.* is not whole, so it is removed: was the disk '
                        'full\\?$', output, re.MULTILINE), f'it was not told why: {output}')
    check_none(lab, trial)
    trial.run('mv', '/root/strip', '/usr/bin/strip')

    # DKMS by itself, as when a kernel is installed.
    trial.run('dkms', 'autoinstall', '-k', *trial.kernels())
    lab.equal(set(trial.kernels().values()), {True}, 'the module after another try')
    for release in trial.kernels():
        lab.equal(trial.module(release, 'signer'), 'DKMS module signing key', 'the signer')
        lab.check(trial.module(release, 'sig_key'), 'the module is not signed')


def check_source(lab, trial):
    for file in ('driver/page.c', 'driver/probes/this_cpu_pvti.c'):
        trial.run('mv', f'{trial.source}/{file}', '/root/file')
        trial.run('dkms', 'remove', trial.name, '--all')
        check_fails(lab, trial, f"No rule to make target '.*/{file}'", 'dkms', 'install',
                    trial.name, '-k', *trial.kernels())
        trial.run('mv', '/root/file', f'{trial.source}/{file}')


def broken(trial):
    return f'vmclock-dkms: {trial.tree} is broken: removing it'


def check_tree(lab, trial):
    """DKMS was interrupted, or its tree was changed, and it cannot go on by itself."""
    release, = trial.kernels()
    trial.run('mkdir', '-p', f'{trial.tree}/{release}/x86_64/log')
    lab.check(broken(trial) in trial.run('dpkg', '--configure', '--pending'),
              'not a word of the broken tree')
    lab.equal(set(trial.kernels().values()), {True}, 'the module after another try')
    lab.equal([line.rpartition(' ')[2] for line in trial.status()], ['installed'],
              'the status of DKMS')
    lab.equal(trial.run('dpkg', '--audit'), '', 'what dpkg complains of')

    # A purge removes files that DKMS does not recognise.
    trial.run('rm', f'{trial.tree}/source')
    lab.check(broken(trial) in trial.run('apt-get', 'purge', '--yes', '--quiet', 'vmclock-dkms'),
              'not a word of the broken tree')
    check_none(lab, trial)
    lab.equal(trial.script(f'ls -d {trial.source} {trial.tree.parent} 2>&1 | '
                           'grep -c "No such file"'), '2', 'folders that are gone')
    lab.equal(trial.script(f'grep vmclock.ko /lib/modules/{release}/modules.dep || true'), '',
              'the module in the index')
