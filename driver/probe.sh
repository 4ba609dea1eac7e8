#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# probe.sh HEADER PROBES COMPILER-FLAGS...: writes a HAVE_<NAME> line into
# HEADER for each PROBES/<name>.c that compiles against this kernel.
#
# Each probe marks the line that needs the feature with FEATURE(). Where a
# probe does not compile, it must compile with that line left out: anything
# else (no headers, another compiler, a broken flag) is no answer about the
# feature, and stops the build.

header=$1
probes=$2
shift 2

work=$(mktemp -d "${TMPDIR:-/tmp}/vmclock-probe.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

compile() {
	# $CC may be several words (ccache gcc).
	$CC "$@" -Werror=implicit-function-declaration -Werror=incompatible-pointer-types \
		-c -o "$work/probe.o" >"$work/log" 2>&1
}

: >"$work/features.h"
for probe in "$probes"/*.c; do
	name=$(basename "$probe" .c | tr '[:lower:]' '[:upper:]')
	if compile "$@" -D'FEATURE(...)=__VA_ARGS__' "$probe"; then
		echo "#define HAVE_$name 1" >>"$work/features.h"
	elif compile "$@" -D'FEATURE(...)=' "$probe"; then
		echo "/* no $name */" >>"$work/features.h"
	else
		sed 's/^/  /' "$work/log" >&2
		echo "vmclock: $probe does not compile even without the feature it asks for;" \
			"are headers and compiler those of the kernel?" >&2
		exit 1
	fi
done
mv "$work/features.h" "$header"
