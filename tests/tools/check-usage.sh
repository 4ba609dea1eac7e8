#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-check: options, wrong usage, output that cannot be written.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${top_srcdir:=.}/tests/tools/lib.sh"

one_line_of_stderr() {
	if [ "$(wc -l <"$tmp/err")" -eq 1 ] && [ ! -s "$tmp/out" ]; then
		verdict "$1: one line, on stderr" ""
	else
		verdict "$1: one line, on stderr" "there is more or less"
	fi
}

run --help
expect '--help' 0 \
	'^Usage: vmclock-check' '--device PATH' '--json' '^Exit status:' '^  3  wrong usage'

run --version
expect '--version' 0 '^vmclock-check [0-9]+\.[0-9]+'

run --frobnicate
expect 'an unknown option' 3 "^vmclock-check: unknown .* --frobnicate \\(try --help\\)$"
one_line_of_stderr 'an unknown option'

run -x
expect 'an unknown short option' 3 '^vmclock-check: unknown option -x \(try --help\)$'

run --json -xy
expect 'unknown short options behind a good one' 3 \
	'^vmclock-check: unknown option -x \(try --help\)$'

run --device
expect 'an option without its argument' 3 \
	'^vmclock-check: --device needs an argument \(try --help\)$'
one_line_of_stderr 'an option without its argument'

run --json=yes
expect 'an option with an argument too many' 3 \
	'^vmclock-check: --json=yes: .*no argument \(try --help\)$'

run --device ''
expect 'an empty path' 3 '^vmclock-check: --device: the path is empty \(try --help\)$'

run /dev/vmclock0
expect 'an extra argument' 3 \
	"^vmclock-check: extra argument '/dev/vmclock0'.*--device \\(try --help\\)$"
one_line_of_stderr 'an extra argument'

"$MAKE_PAGE" "$page" || exit 99

run --device="$page"
expect 'a path behind an equals sign' 0 '^OK: '

# ---- Output ----------------------------------------------------------------------

full() {
	: >"$tmp/out"
	"$VMCLOCK_CHECK" "$@" >/dev/full 2>"$tmp/err"
	status=$?
}

if [ -c /dev/full ] && ! (echo >/dev/full) 2>/dev/null; then
	full --device "$page"
	expect 'a full disk' 2 '^vmclock-check: cannot write the output: No space left on device$'
	full --json --device "$page"
	expect 'a full disk, JSON' 2 '^vmclock-check: cannot write the output'
	full --help
	expect 'a full disk, --help' 2 '^vmclock-check: cannot write the output'
	full --version
	expect 'a full disk, --version' 2 '^vmclock-check: cannot write the output'
else
	skip 'a full disk' '/dev/full is not here'
fi

: >"$tmp/out"
"$VMCLOCK_CHECK" --device "$page" 2>"$tmp/err" >&-
status=$?
expect 'no stdout at all' 2 '^vmclock-check: cannot write the output'

# ---- Text from outside --------------------------------------------------------------

esc=$(printf '\033')
mkdir "$tmp/${esc}[31mred"
cp "$page" "$tmp/${esc}[31mred/page"
run --device "$tmp/${esc}[31mred/page"
expect 'no control characters from a path' 0 '^OK: ' 'path +.*/\?\[31mred/page$' "!$esc"

finish
