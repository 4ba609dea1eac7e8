#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The public headers compile in every language and order that users need, and
# stop with one clear line where no counter is known.

: "${top_srcdir:=$(dirname "$0")/../..}" "${CC:=cc}" "${CXX:=c++}"
number=0

compiles() {
	what=$1
	shift
	number=$((number + 1))
	if "$@" -fsyntax-only -Wall -Wextra -Wpedantic -Werror -Iinclude -I"$top_srcdir/include" \
		-I"$top_srcdir/tests/unit/linux-6.13"; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what"
	fi
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

src=$top_srcdir/tests/unit/headers.c
echo 1..17
# $CC and $CXX may hold options of their own.
# shellcheck disable=SC2086
{
for std in c99 c11 gnu99 gnu11 gnu17; do
	compiles "as $std" $CC -std=$std "$src"
done
for std in c++98 c++11 c++17 gnu++98; do
	compiles "as $std" $CXX -std=$std -x c++ "$src"
done
for std in c99 c11; do
	compiles "as $std after the kernel's header" $CC -std=$std -DKERNEL_HEADER_FIRST "$src"
	compiles "as $std before the kernel's header" $CC -std=$std -DKERNEL_HEADER_LAST "$src"
done
for std in c++98 c++11; do
	compiles "as $std before the kernel's header" $CXX -std=$std -DKERNEL_HEADER_LAST \
		-x c++ "$src"
done
refused 'no counter elsewhere' $CC -x c -U__x86_64__ -U__aarch64__
refused 'no counter for pointers of 32 bits' $CC -x c -U__LP64__
}
