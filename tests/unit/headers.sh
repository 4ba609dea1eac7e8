#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The public headers compile in every language and order that users need.

: "${top_srcdir:=$(dirname "$0")/../..}" "${CC:=cc}" "${CXX:=c++}"
number=0

compiles() {
	what=$1
	shift
	number=$((number + 1))
	if "$@" -fsyntax-only -Wall -Wextra -Wpedantic -Werror -I"$top_srcdir/include" \
		-I"$top_srcdir/tests/unit/linux-6.13"; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what"
	fi
}

src=$top_srcdir/tests/unit/headers.c
echo 1..5
# $CC and $CXX may hold options of their own.
# shellcheck disable=SC2086
{
compiles 'C11' $CC -std=c11 "$src"
compiles 'C++11' $CXX -std=c++11 -x c++ "$src"
compiles "C11 after the kernel's header" $CC -std=c11 -DKERNEL_HEADER_FIRST "$src"
compiles "C11 before the kernel's header" $CC -std=c11 -DKERNEL_HEADER_LAST "$src"
compiles "C++11 before the kernel's header" $CXX -std=c++11 -DKERNEL_HEADER_LAST -x c++ "$src"
}
