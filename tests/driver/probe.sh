#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What driver/probe.sh makes of compilers and probes, good ones and bad ones:
# an answer about each feature, or a reason and no file.
#
# Made-up compilers expand what stands in single quotes:
# shellcheck disable=SC2016

: "${top_srcdir:=$(dirname "$0")/../..}" "${CC:=cc}"
case $top_srcdir in
/*) ;;
*) top_srcdir=$PWD/$top_srcdir ;;
esac
BUILT_BY='the compiler of the kernel'
export CC BUILT_BY

tmp=$(mktemp -d "${TMPDIR:-/tmp}/vmclock-probe.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
cd "$tmp" || exit 99
number=0

# probe NAME LINE...: what is known to be there is `known', a number.
probe() {
	file=$1.c
	shift
	printf '%s\n' '#include "known.h"' "$@" >"$file"
}

run() {
	rm -f features.h
	sh "$top_srcdir/driver/probe.sh" "${header:-features.h}" "$*" -I. -Wall 2>err
	status=$?
}

result() {
	number=$((number + 1))
	if [ "$2" = 0 ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		cat err features.h 2>/dev/null | sed 's/^/# /'
	fi
}

# answers NAME LINE...: the run gave these, and said nothing.
answers() {
	name=$1
	shift
	printf '%s\n' "$@" >wanted
	[ "$status" = 0 ] && [ ! -s err ] && cmp -s wanted features.h
	result "$name" $?
}

# refuses NAME REASON: the run gave no answer, for the reason that its last line tells.
refuses() {
	[ "$status" = 1 ] && [ ! -e features.h ] && [ "$(tail -n 1 err)" = "vmclock: $2" ]
	result "$1" $?
}

# compiler LINE...: one that does so and is the real one otherwise.
compiler() {
	printf '%s\n' '#!/bin/sh' "$@" "exec $real"' "$@"' >compiler
	chmod +x compiler
	CC=./compiler
}

real=$CC
printf '%s\n' '#ifndef KNOWN_H' '#define KNOWN_H' 'struct known { int number; };' \
	'extern struct known known;' '#endif' >known.h
probe member 'static void __attribute__((unused)) probe_member(void)' \
	'{' 'FEATURE(known.number = 1);' '}'
probe nomember 'static void __attribute__((unused)) probe_nomember(void)' \
	'{' 'FEATURE(known.missing = 1);' '}'
probe nocall 'static void __attribute__((unused)) probe_nocall(void)' \
	'{' 'FEATURE(missing(known.number));' '}'
probe nopointer 'static void __attribute__((unused)) probe_nopointer(void)' \
	'{' 'long *pointer;' 'FEATURE(pointer = &known.number);' '(void)&pointer;' '}'
probe two 'static void __attribute__((unused)) probe_two(void)' \
	'{' 'FEATURE(known.number = 1);' 'FEATURE(known.missing = 1);' '}'
probe broken 'static int broken = missing;' 'FEATURE(static int probe_broken;)'
echo 'int wrong = missing;' >wrong.h
probe header '#include "wrong.h"' 'FEATURE(static int __attribute__((unused)) probe_header;)'

echo 1..14
run member.c
answers 'a feature that is there' '#define HAVE_MEMBER 1'
run nomember.c
answers 'a feature that is not' '/* no NOMEMBER */'
run nomember.c member.c nocall.c nopointer.c two.c
answers 'each on its own' '/* no NOMEMBER */' '#define HAVE_MEMBER 1' '/* no NOCALL */' \
	'/* no NOPOINTER */' '/* no TWO */'
compiler 'set -- "$@" -fmax-errors=1'
run nomember.c member.c nocall.c two.c
answers 'a compiler that stops at the first error' '/* no NOMEMBER */' \
	'#define HAVE_MEMBER 1' '/* no NOCALL */' '/* no TWO */'
CC="env $real"
run member.c
answers 'a compiler of two words' '#define HAVE_MEMBER 1'
CC=$real

run member.c broken.c
refuses 'a probe that is wrong by itself' \
	'broken.c does not compile even without the feature it asks for'
run member.c header.c nomember.c
refuses 'a header that is wrong' "'$CC' ended without an answer about the probes"
run member.c missing.c
refuses 'a probe that is missing' "'$CC' ended without an answer about the probes"
CC=./no-such-compiler
run member.c
refuses 'no compiler' "'./no-such-compiler' does not compile for this kernel, which \
'$BUILT_BY' has built: install that compiler, and all of the kernel's headers"
compiler 'echo "cc: error: unrecognized option" >&2' 'exit 1'
run member.c
refuses 'a compiler that knows no such option' "'$CC' does not compile for this kernel, which \
'$BUILT_BY' has built: install that compiler, and all of the kernel's headers"
# That of the probes, that is.
dying() {
	compiler 'source=$(cat)' "case \$source in" "*member*) $1; exit 1 ;;" 'esac' \
		"printf '%s\\n' \"\$source\" | $real"' "$@"' 'exit'
}
dying 'kill -KILL $$'
run member.c
refuses 'a compiler that is killed' "'$CC' ended without an answer about the probes"
dying 'echo "nomember.c:3:1: internal compiler error: Killed" >&2'
run nomember.c
refuses 'a compiler that breaks down' "'$CC' ended without an answer about the probes"
CC=$real
header=/dev/full
run member.c nomember.c
refuses 'a full disk' 'cannot write /dev/full'
header=no-such-folder/features.h
run member.c nomember.c
refuses 'a folder that is missing' 'cannot write no-such-folder/features.h'
