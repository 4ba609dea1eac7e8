# SPDX-License-Identifier: MIT
#
# For the tests of the packages: the tests of the tree, run with what is installed.
#
#	tap TEST	runs a test of tests/tools/; false: a case failed, or it did not end
#
# shellcheck shell=sh

export VMCLOCK_CHECK=/usr/bin/vmclock-check VMCLOCK_SIM=/usr/bin/vmclock-sim
export VMCLOCKD=/usr/sbin/vmclockd
export TMPDIR="${AUTOPKGTEST_TMP:?}"

tap() {
	echo "# $1"
	ended=0
	"tests/tools/$1" >"$TMPDIR/tap" 2>&1 || ended=$?
	cat "$TMPDIR/tap"
	[ "$ended" = 0 ] && grep -aq '^1\.\.[1-9]' "$TMPDIR/tap" && ! grep -aq '^not ok' "$TMPDIR/tap"
}
