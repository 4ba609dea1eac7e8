#!/bin/sh
# SPDX-License-Identifier: MIT
# What the fuzzer has found interesting, once more.

echo 1..1
what='the library stands every input of the corpus'
if ./tests/fuzz/replay "${top_srcdir:?}"/tests/fuzz/corpus/*; then
	echo "ok 1 - $what"
else
	echo "not ok 1 - $what"
fi
