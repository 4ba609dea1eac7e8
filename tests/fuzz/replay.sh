#!/bin/sh
# SPDX-License-Identifier: MIT
# Replays the fuzzer's interesting inputs.

echo 1..2
replay() {	# NUMBER WHAT PROGRAM CORPUS
	if "$3" "$4"/*; then
		echo "ok $1 - $2"
	else
		echo "not ok $1 - $2"
	fi
}
replay 1 'the library stands every input of its corpus' ./tests/fuzz/replay \
	"${top_srcdir:?}/tests/fuzz/corpus"
replay 2 'the rules stand every input of theirs' ./tests/fuzz/replay-rules \
	"$top_srcdir/tests/fuzz/corpus-rules"
