#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install.sh TOP BUILD: installs into an empty folder, builds the README's
# program there by pkg-config alone, runs it, and uninstalls to nothing.

set -eu
top=$1
build=$2
dest=$(mktemp -d "${TMPDIR:-/tmp}/vmclock-install.XXXXXX")
trap 'rm -rf "$dest"' EXIT

make -C "$build" install DESTDIR="$dest"

prefix=$(sed -n 's/^prefix=//p' "$build/lib/libvmclock.pc")
export PKG_CONFIG_SYSROOT_DIR="$dest"
export PKG_CONFIG_LIBDIR="$dest$prefix/lib/pkgconfig"
# shellcheck disable=SC2046
cc -Wall -Werror -o "$dest/stamp-events" "$top/examples/stamp-events.c" \
	$(pkg-config --cflags --libs libvmclock)

readelf -d "$dest/stamp-events" | grep 'NEEDED.*libvmclock\.so\.1'
# Nothing but what the header declares is exported.
exported=$(nm -D --defined-only "$dest$prefix/lib/libvmclock.so" | sed -n 's/.* T \([^@]*\).*/\1/p')
declared=$(sed -n 's/^[a-z].*[ *]\(vmclock_[a-z_]*\)(.*/\1/p' "$top/include/vmclock.h" | sort)
[ "$exported" = "$declared" ]

# No device here: the program says so and fails.
status=0
LD_LIBRARY_PATH="$dest$prefix/lib" VMCLOCK_PATH="$dest/nothing" "$dest/stamp-events" 1 ||
	status=$?
[ "$status" = 1 ]

rm "$dest/stamp-events"
make -C "$build" uninstall DESTDIR="$dest"
left=$(find "$dest" ! -type d)
[ -z "$left" ] || {
	echo "left behind: $left"
	exit 1
}
