# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# To be sourced: builds torn-reads together with the library in one program, without libtool.

# compile TREE PROGRAM [FLAG...]: with $CC, from the sources in TREE
compile() {
	tree=$1
	program=$2
	shift 2
	# shellcheck disable=SC2086
	${CC:-cc} -g -O1 -pthread -D_GNU_SOURCE -I. -Iinclude -I"$tree" -I"$tree/include" -I"$tree/lib" \
		-I"$tree/tests/host" "$@" -o "$program" "$tree/tests/stress/torn-reads.c" \
		"$tree/tests/host/host.c" "$tree"/lib/*.c
}
