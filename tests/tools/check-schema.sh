#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The output of vmclock-check --json fits its JSON Schema in every situation, and the schema
# rejects output that does not fit.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${top_srcdir:=.}/tests/tools/lib.sh"

# shellcheck source-path=SCRIPTDIR source=schema-lib.sh
. "$top_srcdir/tests/tools/schema-lib.sh"

schema vmclock-check.schema.json

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
spoilt 'a missing key' '/"summary":/d'
spoilt 'another verdict' 's/"verdict":"ok"/"verdict":"fine"/'
spoilt 'a number for a string' 's/"string":"17"/"string":17/'
spoilt 'a key of another name' 's/"bound_ns"/"bound"/'

finish
