#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The public headers compile in every language and order that users need. The library's
# counter stops with one clear line on an unknown architecture.

: "${top_srcdir:=$(dirname "$0")/../..}" "${CC:=cc}" "${CXX:=c++}"
number=0

compiles() {
	what=$1
	shift
	number=$((number + 1))
	if "$@" -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Werror -Iinclude -I"$top_srcdir/include" \
		-I"$top_srcdir/tests/unit/linux-6.13"; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what"
	fi
}

# warned WHAT BODY PATTERN: a function with this body, which the compiler warns of.
warned() {
	number=$((number + 1))
	said=$(printf '#include <vmclock.h>\nvoid use(struct vmclock *vc);\nvoid use(struct vmclock *vc)\n{%s}\n' "$2" |
		$CC -std=c99 -S -o /dev/null -Wall -Iinclude -I"$top_srcdir/include" -x c - 2>&1)
	case $said in
	*warning:*$3*) echo "ok $number - $1" ;;
	*) echo "not ok $number - $1: ${said:-nothing}" | head -n 2 ;;
	esac
}

# The first line of what the library's counter says to a compiler for another machine.
refused() {
	what=$1
	shift
	number=$((number + 1))
	said=$("$@" -fsyntax-only "$top_srcdir/lib/counter.h" -I"$top_srcdir/include" 2>&1)
	case $?:$(echo "$said" | grep 'error:') in
	[1-9]*'no counter is known'*'error:'*) echo "not ok $number - $what: $said" | head -n 2 ;;
	[1-9]*'no counter is known'*) echo "ok $number - $what" ;;
	*) echo "not ok $number - $what: $said" | head -n 2 ;;
	esac
}

# One to three headers, as options for headers.c; tests the page's fields if a header has them.
in_order() {
	uses=
	echo "-DFIRST=<$1>${2:+ -DSECOND=<$2>}${3:+ -DTHIRD=<$3>}"
	for header in "$@"; do
		case $header in
		vmclock-abi.h) uses='(copy.flags&VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT)' ;;
		linux/vmclock-abi.h) uses=${uses:-1} ;;
		esac
	done
	[ -z "$uses" ] || echo "-DUSES_PAGE=$uses"
}

src=$top_srcdir/tests/unit/headers.c
ours=vmclock.h page=vmclock-abi.h kernels=linux/vmclock-abi.h
# $CC and $CXX may hold options of their own, and the headers are several options.
# shellcheck disable=SC2046,SC2086
{
for std in c99 c11 c17 c2x gnu99 gnu11 gnu17; do
	compiles "as $std" $CC -std=$std $(in_order $ours) "$src"
done
for std in c++98 c++11 c++17 c++20 gnu++98; do
	compiles "as $std" $CXX -std=$std -x c++ $(in_order $ours) "$src"
done
for std in c99 c2x; do
	for order in "$ours $page" "$page $ours" "$ours $kernels" "$kernels $ours" \
		"$ours $page $kernels" "$ours $kernels $page" "$page $ours $kernels" \
		"$page $kernels $ours" "$kernels $ours $page" "$kernels $page $ours"; do
		compiles "as $std: $order" $CC -std=$std $(in_order $order) "$src"
	done
done
for std in c++98 c++17; do
	for order in "$ours $page" "$page $ours" "$ours $kernels" "$kernels $ours" \
		"$ours $kernels $page" "$kernels $page $ours"; do
		compiles "as $std: $order" $CXX -std=$std -x c++ $(in_order $order) "$src"
	done
done
compiles 'without attributes' $CC -std=c99 -U__GNUC__ $(in_order $ours) "$src"
warned 'an answer that is not used' \
	'struct vmclock_time now; vmclock_now(vc, VMCLOCK_SCALE_TAI, &now);' unused-result
warned 'no room for the answer' \
	'if (vmclock_now(vc, VMCLOCK_SCALE_TAI, (void *)0)) vmclock_close(vc);' nonnull
refused 'no counter elsewhere' $CC -x c -U__x86_64__ -U__aarch64__
refused 'no counter for pointers of 32 bits' $CC -x c -U__LP64__
}
echo "1..$number"
