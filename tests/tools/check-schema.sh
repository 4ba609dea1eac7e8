#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The output of vmclock-check --json fits its JSON Schema in every situation, and the schema
# rejects output that does not fit.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${top_srcdir:=.}/tests/tools/lib.sh"

schema=$top_srcdir/dist/schema/vmclock-check.schema.json
validate() {
	python3 - "$schema" "$tmp/out" <<-'END'
		import json, sys
		import jsonschema
		schema = json.load(open(sys.argv[1]))
		jsonschema.Draft7Validator.check_schema(schema)
		for error in jsonschema.Draft7Validator(schema).iter_errors(json.load(open(sys.argv[2]))):
		    sys.exit('%s: %s' % ('/'.join(map(str, error.path)), error.message))
	END
}

if ! python3 -c 'import jsonschema' 2>/dev/null; then
	skip 'the schema' 'python3-jsonschema is not here'
	finish
	exit
fi

valid() {
	why=$(validate 2>&1 | tail -n 1)
	verdict "$1" "$why"
}

time_page
run --json --device "$page"
valid 'a good page'
cp "$tmp/out" "$tmp/good"
dated_page tai_offset_sec=37 size=0x68 reserved=7
run --json --device "$page"
valid 'a page with warnings'
time_page counter_period_frac_sec=0 flags=0xffffffffffffffff
run --json --device "$page"
valid 'a broken page'
time_page clock_status=9 time_sec=0xffffffffffffffff
run --json --device "$page"
valid 'a page without time'
"$MAKE_PAGE" "$page" size=0x20 || exit 99
run --json --device "$page"
valid 'the smallest page'
"$MAKE_PAGE" "$page" seq_count=1 || exit 99
run --json --device "$page"
valid 'an endless update'
run --json --device "$tmp/nothing"
valid 'no page'
mkdir -p "$tmp/root/dev" "$tmp/root/sys/bus/platform/devices"
VMCLOCK_CHECK_SYSROOT=$tmp/root run --json
valid 'no device'

# The schema rejects changed output.
spoilt() {
	sed "$2" "$tmp/good" >"$tmp/out"
	if cmp -s "$tmp/good" "$tmp/out"; then
		verdict "$1 is found" 'nothing was spoilt'
	elif validate >/dev/null 2>&1; then
		verdict "$1 is found" 'the schema takes it'
	else
		verdict "$1 is found" ''
	fi
}
spoilt 'a missing key' '/"summary":/d'
spoilt 'another verdict' 's/"verdict":"ok"/"verdict":"fine"/'
spoilt 'a number for a string' 's/"string":"17"/"string":17/'
spoilt 'a key of another name' 's/"bound_ns"/"bound"/'

finish
