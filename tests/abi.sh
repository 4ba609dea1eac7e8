#!/bin/sh
# SPDX-License-Identifier: MIT
#
# abi.sh TOP BUILD [--update]: compares the library's functions and types with the
# recorded ABI. --update writes a new record: use it after additions, when
# lib/libvmclock.map and LIBVMCLOCK_VERSION in configure.ac are up to date.

set -eu
top=$1
library=$2/lib/.libs/libvmclock.so
record=$top/tests/libvmclock.abi

# Of the record, only the names of files depend on the place where it was made.
record_abi() {
	abidw --no-corpus-path --no-comp-dir-path --short-locs "$library" |
		sed "s|path='[^']*/lib/|path='lib/|"
}

if [ "${3-}" = --update ]; then
	record_abi >"$record.new"
	mv "$record.new" "$record"
	exit
fi

abidiff --headers-dir2 "$top/include" --headers-dir2 "$2/include" --suppressions "$top/tests/libvmclock.suppr" \
	"$record" "$library" || {
	echo "the ABI is not that of $record: programs may break; if they cannot," \
		"tests/abi.sh TOP BUILD --update"
	exit 1
}
