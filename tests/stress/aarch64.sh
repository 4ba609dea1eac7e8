#!/bin/sh
# SPDX-License-Identifier: MIT
#
# aarch64.sh TOP [FLAG...]: torn-reads as aarch64 code, in QEMU's emulation of user
# programs. This tests the other architecture's code, but not its weaker memory
# order, which an emulation on x86 does not have: a comment beside each fence
# argues for it.

set -eu
top=$1
shift
CC=${CC_AARCH64:-aarch64-linux-gnu-gcc}
work=tests/stress/aarch64.tmp

die() {
	echo "make stress-aarch64: $*" >&2
	exit 1
}

qemu=
for name in qemu-aarch64-static qemu-aarch64; do
	[ -n "$qemu" ] || qemu=$(command -v "$name" || true)
done
[ -n "$qemu" ] || die 'qemu-aarch64 is missing: install qemu-user-static (qemu-user)'
# shellcheck disable=SC2086
command -v ${CC%% *} >/dev/null || die "$CC is missing: install gcc-aarch64-linux-gnu"

. "$top/tests/stress/lib.sh"

mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
compile "$top" "$work/torn-reads" -static -O2
"$qemu" "$work/torn-reads" "$@"
if "$qemu" "$work/torn-reads" --broken --readings 100000000; then
	echo 'A reader that ignores the sequence count was found out.'
else
	die 'a reader that ignores the sequence count was not found out'
fi
