#!/bin/sh
# SPDX-License-Identifier: MIT
# Replays the fuzzer's interesting inputs.

echo 1..1
what='the library stands every input of the corpus'
if ./tests/fuzz/replay "${top_srcdir:?}"/tests/fuzz/corpus/*; then
	echo "ok 1 - $what"
else
	echo "not ok 1 - $what"
fi
