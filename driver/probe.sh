#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# probe.sh HEADER "PROBE..." COMPILER-FLAGS...: writes a HAVE_<NAME> line into
# HEADER for each file PROBE, <name>.c, that compiles against this kernel, by
# the compiler $CC; the kernel itself was built by $BUILT_BY.
#
# Each probe marks the line that needs the feature with FEATURE(). All probes
# are compiled as one, for most of the time goes into the kernel's headers;
# those in whose file the compiler finds an error are compiled without that
# line from then on. Any other failure (no headers, another compiler, a broken
# flag, a compiler that was killed) is no answer about a feature, and stops the
# build. No file is written before all answers are known, so that a full disk
# is none, either.

header=$1
probes=$2
shift 2

# The last line is the reason; what led to it comes before.
die() {
	[ -z "$log" ] || printf '%s\n' "$log" | sed 's/^/  /' >&2
	echo "vmclock: $*" >&2
	exit 1
}

# compiles SOURCE COMPILER-FLAGS...
compiles() {
	source=$1
	shift
	# $CC may be several words (ccache gcc).
	log=$(printf '%s\n' "$source" | LC_ALL=C $CC "$@" -Werror=implicit-function-declaration \
		-Werror=incompatible-pointer-types -fsyntax-only -x c - 2>&1)
}

has_line() {
	printf '%s\n' "$1" | grep -Fqx -e "$2"
}

# All probes as one source, those that are lines of $there with their feature.
all_probes() {
	for probe in $probes; do
		feature=
		has_line "$there" "$probe" && feature=__VA_ARGS__
		printf '#undef FEATURE\n#define FEATURE(...) %s\n#include "%s"\n' \
			"$feature" "$probe"
	done
}

answers() {
	for probe in $probes; do
		name=$(basename "$probe" .c | tr '[:lower:]' '[:upper:]')
		if has_line "$there" "$probe"; then
			echo "#define HAVE_$name 1"
		else
			echo "/* no $name */"
		fi
	done
}

compiles '' "$@" ||
	die "'$CC' does not compile for this kernel, which '$BUILT_BY' has built:" \
		"install that compiler, and all of the kernel's headers"

there=$(echo "$probes" | tr ' ' '\n')
until compiles "$(all_probes)" "$@"; do
	# The files in which there are errors; one that the compiler died of is in none.
	# clang puts "./" before names that do not begin with "/".
	wrong=$(printf '%s\n' "$log" | sed -n 's/^\(.*\):[0-9]*:[0-9]*: error: .*/\1/p' |
		sed 's,^\./,,' | sort -u)
	before=$there
	for probe in $probes; do
		has_line "$wrong" "${probe#./}" || continue
		has_line "$there" "$probe" ||
			die "$probe does not compile even without the feature it asks for"
		there=$(printf '%s\n' "$there" | grep -Fvx -e "$probe")
	done
	[ "$there" != "$before" ] || die "'$CC' ended without an answer about the probes"
done

features=$(answers)
log=
printf '%s\n' "$features" >"$header" || die "cannot write $header"
