# SPDX-License-Identifier: MIT
#
# For the tests of the JSON Schemas, on top of lib.sh:
#
#	schema FILE		the schema in dist/schema; without python3-jsonschema the test ends
#	valid NAME		a case: the output of the last run fits the schema
#	spoilt NAME SCRIPT	a case: the schema rejects $tmp/good, changed by the sed SCRIPT
#
# shellcheck shell=sh
# lib.sh sets the variables.
# shellcheck disable=SC2154

schema() {
	schema=$top_srcdir/dist/schema/$1
	python3 -c 'import jsonschema' 2>/dev/null && return
	skip 'the schema' 'python3-jsonschema is not here'
	finish
	exit
}

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

valid() {
	why=$(validate 2>&1 | tail -n 1)
	verdict "$1" "$why"
}

spoilt() {
	sed "$2" "$tmp/good" >"$tmp/out"
	if cmp -s "$tmp/good" "$tmp/out"; then
		verdict "$1 is found" 'nothing was spoilt'
	elif ! python3 -m json.tool "$tmp/out" >/dev/null 2>&1; then
		verdict "$1 is found" 'it is no JSON any more'
	elif validate >/dev/null 2>&1; then
		verdict "$1 is found" 'the schema takes it'
	else
		verdict "$1 is found" ''
	fi
}
