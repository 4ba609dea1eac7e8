#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# probe.sh HEADER "PROBE..." COMPILER-FLAGS...: writes a HAVE_<NAME> line into
# HEADER for each file PROBE, <name>.c, that compiles against this kernel, by
# the compiler $CC; the kernel itself was built by $BUILT_BY.
#
# Each probe marks the line that needs the feature with FEATURE(). Where a
# probe does not compile, it must compile with that line left out: anything
# else (no headers, another compiler, a broken flag, a compiler that was
# killed) is no answer about the feature, and stops the build. No file is
# written before all answers are known, so that a full disk is none, either.

header=$1
probes=$2
shift 2

# The last line is the reason; what led to it comes before.
die() {
	[ -z "$log" ] || printf '%s\n' "$log" | sed 's/^/  /' >&2
	echo "vmclock: $*" >&2
	exit 1
}

compiles() {
	# $CC may be several words (ccache gcc).
	log=$(LC_ALL=C $CC "$@" -Werror=implicit-function-declaration \
		-Werror=incompatible-pointer-types -fsyntax-only 2>&1)
}

compiles "$@" -x c /dev/null ||
	die "'$CC' does not compile for this kernel, which '$BUILT_BY' has built:" \
		"install that compiler, and all of the kernel's headers"

features=
for probe in $probes; do
	name=$(basename "$probe" .c | tr '[:lower:]' '[:upper:]')
	if compiles "$@" -D'FEATURE(...)=__VA_ARGS__' "$probe"; then
		line="#define HAVE_$name 1"
	else
		case $log in
		*"$probe:"*' error: '*) ;;
		*) die "'$CC' ended without an answer about $probe" ;;
		esac
		compiles "$@" -D'FEATURE(...)=' "$probe" ||
			die "$probe does not compile even without the feature it asks for"
		line="/* no $name */"
	fi
	features="$features$line
"
done
log=
printf '%s' "$features" >"$header" || die "cannot write $header"
