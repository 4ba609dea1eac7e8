#!/bin/sh
# SPDX-License-Identifier: MIT
#
# driver/probe.sh with good and bad compilers and probes: it gives the right answers,
# or a reason and no answers, whatever flags and variables the caller sets. Tested
# with gcc and clang, if they are installed.
#
# The fake compilers expand the text in single quotes:
# shellcheck disable=SC2016,SC2086,SC2094

: "${top_srcdir:=$(dirname "$0")/../..}" "${CC:=cc}"
case $top_srcdir in
/*) ;;
*) top_srcdir=$PWD/$top_srcdir ;;
esac
default=$CC
BUILT_BY='the compiler of the kernel'
BUILT_BY_CLANG=
export CC BUILT_BY BUILT_BY_CLANG

tmp=$(mktemp -d "${TMPDIR:-/tmp}/vmclock-probe.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
cd "$tmp" || exit 99
number=0

# ---- Building blocks --------------------------------------------------------------

# probe NAME VERSION LINE...: makes a probe; known.h has the features that exist.
probe() {
	file=$1.c
	printf '%s\n' '// a probe' "/* Linux $2: something. */" '#include "known.h"' >"$file"
	shift 2
	printf '%s\n' "$@" >>"$file"
}

printf '%s\n' '#ifndef KNOWN_H' '#define KNOWN_H' 'struct known {' \
	'int number; int bit : 1; struct { long x; } inner; union { char *inside; };' '};' \
	'extern struct known known;' 'static inline int called(int i) { return i; }' \
	'enum known_number { ONE = 1 };' '#endif' >known.h
echo 'int wrong = missing;' >wrong.h
# Probes of features that exist, and of others.
probe member 5.10 'MEMBER(struct known, number);'
probe bit 5.12 'MEMBER(struct known, bit);'
probe call 5.20 'SYMBOL(called);'
probe inside 6.1 'MEMBER(struct known, inside);'
probe inner 6.1 'MEMBER(struct known, inner);'
probe object 6.2 'SYMBOL(known);'
probe enum 6.3 'SYMBOL(ONE);'
probe nomember 6.4 'MEMBER(struct known, missing);'
probe nocall 6.12 'SYMBOL(missing);'
probe late 7.0 'SYMBOL(gone);'
probe early 7.0 'SYMBOL(called);'
probe nostruct 6.1 'MEMBER(struct nothing, number);'
probe header 6.1 '#include "wrong.h"' 'SYMBOL(called);'
probe noheader 6.1 '#include "nowhere.h"' 'SYMBOL(called);'

all='member.c bit.c call.c inside.c inner.c object.c enum.c nomember.c nocall.c late.c'
# A few probes, about all of which version 6.12 suggests wrong answers: the script compiles them
# with and without the feature, at less cost.
few='early.c nomember.c nocall.c'
# The version that suggests the right answers about all of the above.
right=6.3

# run VERSION PROBES FLAG...
run() {
	asked=$2
	# Pass flags as arguments: variables of the environment must have no effect.
	env $environment $shell "$top_srcdir/driver/probe.sh" "$@" -I. -Wall >answers 2>err
	status=$?
}
environment=
shell='sh'

result() {
	number=$((number + 1))
	if [ "$2" = 0 ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		cat answers err | sed 's/^/# /'
	fi
}

# The expected output of the run, in any order.
wanted() {
	printf '%s\n' $asked | sed 's,.*/,,; s/\.c$//' | tr '[:lower:]' '[:upper:]' |
		sed 's/^NO.*/#undef HAVE_&/; s/^LATE$/#undef HAVE_&/; t; s/.*/#define HAVE_& 1/' | sort
}

right_answers() {
	[ "$status" = 0 ] && [ ! -s err ] && [ "$(sort answers)" = "$(wanted)" ]
}

# answers NAME: a case: the run gave the right answers, and no messages.
answers() {
	right_answers
	result "$1" $?
}

refused() {
	[ "$status" = 1 ] && [ ! -s answers ]
}

# refuses NAME REASON [WORD]: a case: the run gave no answer, its last line has the reason, and an
# earlier line has the word.
refuses() {
	refused && [ "$(tail -n 1 err)" = "vmclock: $2" ] && { [ $# = 2 ] || grep -q -e "$3" err; }
	result "$1" $?
}

# compiler LINE...: makes a compiler that runs these lines first, and then the real one.
compiler() {
	printf '%s\n' '#!/bin/sh' "$@" "exec $real"' "$@"' >compiler
	chmod +x compiler
	CC=./compiler
}

# ---- With one compiler ---------------------------------------------------------------

# Flags that change the compiler's messages or the number of errors; only those that it knows.
FLAGS='-fdiagnostics-color=always|-fdiagnostics-color=never|-fcolor-diagnostics
-fdiagnostics-format=json|-fdiagnostics-format=json-file|-fdiagnostics-format=sarif-stderr
-fdiagnostics-format=sarif-file|-fdiagnostics-format=sarif|-fdiagnostics-format=msvc
-fdiagnostics-format=vi|-fdiagnostics-add-output=sarif|-fdiagnostics-set-output=sarif
-fdiagnostics-plain-output|-fmessage-length=20|-fmessage-length=0|-fdiagnostics-urls=always
-fno-diagnostics-show-caret|-fno-caret-diagnostics|-fno-diagnostics-show-option
-fno-diagnostics-show-line-numbers|-fno-show-column|-fno-show-source-location
-fdiagnostics-absolute-paths|-fdiagnostics-path-format=separate-events|-fdiagnostics-print-source-range-info
-fdiagnostics-parseable-fixits|-fdiagnostics-generate-patch|-fdiagnostics-show-category=name
-fdiagnostics-column-unit=byte|-fdiagnostics-escape-format=bytes|-fdiagnostics-show-template-tree
-fmax-errors=1|-ferror-limit=1|-Wfatal-errors|-w|-Werror|-Wno-error|-Wall -Wextra -Werror
-Weverything -Werror|-Wno-implicit-function-declaration|-fpermissive|-Wno-everything|-Wsystem-headers
-Werror=unused-command-line-argument|-fno-ms-extensions|-fms-extensions -Wmicrosoft -Werror
-O0|-O3 -flto|-D_FORTIFY_SOURCE=3 -O2|-fstack-protector-strong -fcf-protection|-g3 -gsplit-dwarf
-std=gnu89|-std=gnu11|-std=gnu2x|-fanalyzer|-fsanitize=undefined|-pipe|-MMD|-MD -MP|-v|-time
-fdump-tree-all|--coverage|-fstack-usage|-ftime-report|-H|-ftabstop=1|-finput-charset=UTF-8'

ENVIRONMENTS='LANG=de_DE.UTF-8 LC_MESSAGES=de_DE.UTF-8 LANGUAGE=de|LC_ALL=tr_TR.ISO-8859-9|LC_ALL=ja_JP.UTF-8
LC_CTYPE=tr_TR.UTF-8|GCC_COLORS=error=01;31|GCC_COLORS=|TERM=xterm-256color|TERM=dumb
GCC_EXTRA_DIAGNOSTIC_OUTPUT=fixits-v2|GCC_URLS=st|TERM_URLS=bel|COLUMNS=5|CLICOLOR_FORCE=1|CPATH=elsewhere
C_INCLUDE_PATH=elsewhere|CPATH=|DEPENDENCIES_OUTPUT=/nowhere/x|SUNPRO_DEPENDENCIES=/nowhere/x
TMPDIR=/nowhere|CDPATH=/|IFS=e|POSIXLY_CORRECT=1|POSIX_ME_HARDER=1|SHELLOPTS=noclobber|SHELLOPTS=errexit
SHELLOPTS=nounset|SHELLOPTS=noglob|BASHOPTS=failglob:nocasematch|ENV=/nowhere|BASH_ENV=/nowhere|V=1|MAKEFLAGS=w
log=x|said=x|older=member.c|status=3|since=1|SOURCE_DATE_EPOCH=1|CCC_OVERRIDE_OPTIONS=+-fcolor-diagnostics'

# lines TEXT: prints the parts between bars, one in each line.
lines() {
	printf '%s\n' "$1" | tr '|' '\n'
}

try_compiler() {
	real=$1
	CC=$real
	run $right "$all"
	answers "$real: the version tells the answers"
	for version in 1.0 6.12; do
		run "$version" "$all"
		answers "$real: the version $version tells something else"
	done
	for version in 5.15 99.0 '' . 6 6. .3 six 6.x; do
		run "$version" "$few"
		answers "$real: the version '$version'"
	done
	run 6.3 'late.c object.c nomember.c member.c nocall.c enum.c call.c inner.c bit.c inside.c'
	answers "$real: in another order"

	# Several at a time, because each run takes six compiles.
	lines "$FLAGS" | while read -r flags; do
		! $real $flags -fsyntax-only -x c /dev/null >/dev/null 2>&1 || echo "$flags"
	done | paste -d ' ' - - - - - - >flags
	while read -r flags; do
		run 6.12 "$few" $flags
		answers "$real $flags"
	done <flags
	mkdir -p elsewhere
	echo '#error' >elsewhere/known.h
	lines "$ENVIRONMENTS" | paste -d ' ' - - - - - >environments
	while read -r environment; do
		run 6.12 "$few"
		answers "$real, $environment"
	done <environments
	environment=

	for shell in sh dash bash 'bash --posix' ksh mksh yash posh 'busybox sh' zsh; do
		command -v ${shell% *} >/dev/null || continue
		run 6.12 "$few"
		answers "$real: by the shell $shell"
	done
	shell='sh'
	CC="env $real"
	run 6.12 "$few"
	answers "$real: a compiler of two words"
	for flag in -E -M -MM --version '-###'; do
		CC=$real
		run $right "$all" "$flag"
		refuses "$real $flag, by which all is right" "'$CC' with these flags finds no fault \
in wrong code, so its success proves nothing: are there flags of your own (KCFLAGS)?"
	done

	# Everything may change between two compiles: this must not make an answer wrong.
	for at in 1 2 3 4 5 6; do
		for fault in 'kill -KILL $$' 'echo nomember.c:4:1: error: x; exit 1'; do
			compiler 'read n <n; n=$((n + 1)); echo $n >n' \
				"[ \$n != $at ] || { $fault; }"
			echo 0 >n
			run 6.12 "$few"
			right_answers || refused
			result "$real: compile $at is ended by $fault" $?
		done
	done
	return 0
}

is_clang() {
	echo '__clang__' | $1 -E -P -x c - | grep -q 1
}

# begin COMPILER: tries it in the background, in a folder of its own.
parts=0
begin() {
	parts=$((parts + 1))
	mkdir "part$parts"
	cp ./*.c ./*.h "part$parts"
	(cd "part$parts" && try_compiler "$1" >results && : >ended) &
}

begin "$default"
for other in gcc clang; do
	# The first compiler may already be the other kind.
	command -v $other >/dev/null || continue
	[ "$(is_clang $other; echo $?)" = "$(is_clang "$default"; echo $?)" ] || begin $other
done

# ---- Probes, folders and compilers that are wrong ----------------------------------------

real=$default
CC=$real
run $right ''
[ "$status" = 0 ] && [ ! -s err ]
result 'no probes' $?

echo 0 >n
compiler 'case $* in *-I.*) read n <n; echo $((n + 1)) >n ;; esac'
run $right "$all"
[ "$(cat n)" = 2 ] && right_answers
result 'where the version is right all probes are one compile' $?
CC=$real
printf '%s\n' '#include "answers"' '#ifdef HAVE_NOCALL' '#error' '#endif' >uses-answers.c
$CC -fsyntax-only -DHAVE_NOCALL=1 uses-answers.c 2>err
result 'a flag that defines the name of a feature is no answer' $?

odd='a+b=c@d~%&"q$(x)[y]*?{z}`#!^;'
mkdir "$odd"
cp ./*.c "$odd"
run 6.12 "$odd/member.c $odd/nomember.c $odd/nocall.c"
answers 'a folder with an odd name'
ln -s "$odd" link
run 6.12 'link/member.c	link/nomember.c  link/nocall.c
'
answers 'a link to it, and other blanks'

no_compile="'$CC' does not compile for this kernel, which '$BUILT_BY' has built. The lines above \
tell why; it takes that compiler and all of the kernel's headers"
run $right 'member.c nostruct.c'
refuses 'a structure that is not there' "'$CC' gives no answer about nostruct.c: it compiles \
neither with the feature nor without it" nostruct.c
run $right 'member.c header.c nomember.c'
refuses 'a header that is wrong' "$no_compile" wrong.h
run $right 'member.c noheader.c'
refuses 'a header that is missing' "$no_compile" nowhere.h
run $right 'member.c missing.c'
refuses 'a probe that is missing' 'cannot read missing.c'
run $right "$all" -fno-such-flag
refuses 'a flag that it does not know' "$no_compile" no-such-flag
run $right "$all" -include /nowhere.h
refuses 'a file that it cannot include' "$no_compile" /nowhere.h
CC=./no-such-compiler
run $right "$all"
refuses 'no compiler' "'$CC' does not compile for this kernel, which '$BUILT_BY' has built. The \
lines above tell why; it takes that compiler and all of the kernel's headers" no-such-compiler
CC=true
run $right "$all"
refuses 'a compiler that does nothing' "'true' with these flags finds no fault in wrong code, so its \
success proves nothing: are there flags of your own (KCFLAGS)?"
CC=false
run $right "$all"
refuses 'a compiler that fails without a word' "'false' does not compile for this kernel, which \
'$BUILT_BY' has built. The lines above tell why; it takes that compiler and all of the kernel's \
headers" 'status 1'
compiler 'case $* in *-I.*) kill -KILL $$ ;; esac'
run $right "$all"
refuses 'a compiler that is killed each time' "'$CC' does not compile for this kernel, which \
'$BUILT_BY' has built. The lines above tell why; it takes that compiler and all of the kernel's \
headers" 'Killed\|status 137'
CC=$real
for version in $right 6.12; do
	env sh "$top_srcdir/driver/probe.sh" $version "$all" -I. >/dev/full 2>err
	status=$?
	: >answers
	refuses "a full disk, version $version" 'cannot write the answers'
done

# ---- A kernel by the other compiler --------------------------------------------------------

by_clang="this kernel was built by clang ($BUILT_BY), and '$CC' is another compiler: make LLVM=1 \
(DKMS does so by itself)"
if is_clang "$CC"; then
	number=$((number + 1))
	echo "ok $number - a kernel that clang has built # SKIP $CC is clang"
else
	BUILT_BY_CLANG=y
	run $right "$all"
	refuses 'a kernel that clang has built' "$by_clang"
	[ "$(wc -l <err)" = 1 ]
	result 'of which nothing else is said' $?
	BUILT_BY_CLANG=
fi
if command -v clang >/dev/null; then
	CC=clang
	BUILT_BY_CLANG=y
	run $right "$all"
	answers 'a kernel that clang has built, by clang'
	BUILT_BY_CLANG=
	run $right "$all"
	answers 'a kernel that gcc has built, by clang'
	run $right "$all" -fconserve-stack-not-known-to-clang
	refuses "a kernel that gcc has built, with flags that clang does not know" \
		"'clang' does not compile for this kernel, which '$BUILT_BY' has built, not clang: \
make without LLVM and CC" conserve-stack
else
	number=$((number + 1))
	echo "ok $number - kernels and clang # SKIP clang is not here"
fi

wait
for part in $(seq "$parts"); do
	awk -v number="$number" '/^(not )?ok / { sub(/ok [0-9]+/, "ok " ++number) } { print }' \
		"part$part/results" | tee answers
	number=$((number + $(grep -cE '^(not )?ok ' answers)))
	: >err
	[ -e "part$part/ended" ]
	result "compiler $part was tried to the end" $?
done
echo "1..$number"
