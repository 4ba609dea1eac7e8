#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The output of vmclock-verify --json fits its JSON Schema in every situation, and the schema
# rejects output that does not fit.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"
# shellcheck source-path=SCRIPTDIR source=schema-lib.sh
. "$top_srcdir/tests/tools/schema-lib.sh"

: "${VMCLOCK_VERIFY:=tools/vmclock-verify}"

schema vmclock-verify.schema.json

# fits NAME VERDICT ARG...: two cases: the verdict, and the form of its report.
fits() {
	name=$1 wanted=$2
	shift 2
	"$VMCLOCK_VERIFY" --json --gentle "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
	field "$name: the verdict" .verdict "\"$wanted\""
	valid "$name"
}

start
fits 'a right page' conforms --for 300ms "$page"
fits 'two expectations, of which one is met' breaks --for 300ms --expect migration "$page"
cp "$tmp/out" "$tmp/unmet"
stop
start --interval 20ms --fault interval-left
fits 'a broken rule' breaks --for 300ms "$page"
cp "$tmp/out" "$tmp/broken"
stop
start --fault reserved-not-zero
fits 'a doubtful page' doubtful --for 300ms "$page"
stop
"$MAKE_PAGE" "$page" || exit 99
fits 'a marker only' conforms --for 300ms "$page"
"$MAKE_PAGE" "$page" seq_count=1 || exit 99
fits 'no page was read' breaks --for 300ms "$page"

# The schema rejects changed output.
cp "$tmp/broken" "$tmp/good"
spoilt 'a missing key' '/"path":/d'
spoilt 'another verdict' 's/"verdict":"breaks"/"verdict":"fails"/'
spoilt 'a verdict against the exit status' 's/"exit_status":2/"exit_status":0/'
spoilt 'a number as a string' 's/"looks":\([0-9]*\)/"looks":"\1"/'
spoilt 'a broken rule without the values' '/"text":/d; s/\("first_ns":[0-9]*\),/\1/'
spoilt 'values of a rule that is kept' 's/"result":"broken"/"result":"kept"/'
spoilt 'a severity of another name' 's/"severity":"breaks"/"severity":"error"/'
cp "$tmp/unmet" "$tmp/good"
spoilt 'an unmet expectation without a reason' \
	's/"text":"disruption_marker did not change"/"text":null/'

finish
