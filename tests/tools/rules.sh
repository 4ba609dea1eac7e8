#!/bin/sh
# SPDX-License-Identifier: MIT
#
# For each rule of vmclock-verify, vmclock-sim has a page that breaks only this rule, and
# vmclock-verify names exactly this rule. A rule without such a page fails here.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

: "${VMCLOCK_VERIFY:=tools/vmclock-verify}"
tab=$(printf '\t')

# watch SECONDS ARG...: sets $status, and $broken: the broken rules.
watch() {
	"$VMCLOCK_VERIFY" --tap --for "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
	# The line before "# severity, UAPI.13, clause: text" names the rule.
	broken=$(sed -n 's/^\(not \)*ok [0-9]* - \([a-z-]*\).*/\2/; /^[a-z-]*$/h; /^# [a-z]*, UAPI/{g;p}' \
		"$tmp/out" | tr '\n' ' ')
}

# finds NAME SEVERITY ARG...: a case: exactly this rule is broken, and the exit status fits it.
finds() {
	name=$1 severity=$2 why=
	shift 2
	# On a busy machine, the simulator may not have come to the faulty update.
	for seconds in 1 3 10 30; do
		watch "$seconds" "$@"
		[ -z "$broken" ] || break
	done
	case $severity in
	breaks) wanted=2 ;;
	doubtful) wanted=1 ;;
	*) wanted=0 ;;
	esac
	if [ "$broken" != "$name " ]; then
		why="broken are: $broken"
	elif [ "$status" != "$wanted" ]; then
		why="exit status $status, not $wanted"
	fi
	verdict "$name" "$why"
}

"$VMCLOCK_VERIFY" --rules >"$tmp/rules" || exit 99
while IFS=$tab read -r rule needs severity _; do
	case $needs in
	device | count | promise)
		# No page has it: a test of the tools, or a scenario with a real device, must name it.
		grep -q "\<$rule\>" "$top_srcdir"/tests/tools/check-system.sh \
			"$top_srcdir"/tests/vm/112-*.py && why='' || why='no test'
		: >"$tmp/out"
		verdict "$rule, elsewhere" "$why"
		continue
		;;
	page | counter | reference)
		# The bounds of a page that is published once must not grow tenfold during the test.
		start --maxerror 1ms --fault "$rule"
		set -- --gentle "$page"
		[ "$needs" != reference ] ||
			set -- --reference CLOCK_REALTIME --reference-error 1s "$@"
		;;
	*)
		# From the host's side: what is right by the machine's clocks does not matter.
		head -c 4096 /dev/zero >"$tmp/ram"
		start_at "$tmp/ram" --at 0 --fault "$rule"
		set -- --at 0 "$tmp/ram"
		[ "$needs" = watch ] || set -- --gentle "$@"
		;;
	esac
	finds "$rule" "$severity" "$@"
	stop
done <"$tmp/rules"

# Without a fault nothing is found.
start
"$VMCLOCK_VERIFY" --for 1s --reference CLOCK_REALTIME --reference-error 1ms "$page" >"$tmp/out" 2>"$tmp/err"
status=$?
expect 'no fault' 0 '^CONFORMS: 0 rules broken, 0 doubtful, 0 advice'
stop
start --marker-only
"$VMCLOCK_VERIFY" --for 1s "$page" >"$tmp/out" 2>"$tmp/err"
status=$?
expect 'a page with a marker only' 0 '^CONFORMS: 0 rules broken, 0 doubtful, 0 advice'
stop

# Both have the same names, except for rules that no page can break.
run --fault no-such-fault "$page"
sed -n 's/.*there are //p' "$tmp/err" | sed 's/ (try --help)//; s/, /\n/g' | sort >"$tmp/names"
awk -F "$tab" '$2 !~ /^(device|count|promise)$/ { print $1 }' "$tmp/rules" | sort |
	diff - "$tmp/names" >"$tmp/out" &&
	why='' || why='they differ'
verdict 'the names of faults and rules' "$why"

finish
