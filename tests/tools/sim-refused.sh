#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-sim: commands and options that would have no effect on this page.

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

# refused COMMAND PATTERN: a case: refused in one line, which begins with the command's name.
refused() {
	# shellcheck disable=SC2086	# words of a command
	tell $1
	expect "$setting: $1 is refused" 3 "^vmclock-sim: ${1%% *}: $2"
	[ "$(wc -l <"$tmp/err")" = 1 ] && [ ! -s "$tmp/out" ] && why='' || why='there is more'
	verdict "$setting: $1: in one line" "$why"
}

# done_by COMMAND FIELD VALUE: a case: the command is accepted, and this is its effect.
done_by() {
	# shellcheck disable=SC2086	# words of a command
	tell $1
	[ "$status" = 0 ] && [ "$(get "$2")" = "$3" ] && why='' ||
		why="status $status, $2 $(get "$2"), not $3"
	verdict "$setting: $1" "$why"
}

# ---- Pages that lack what a command is for ------------------------------------------------

for options in --marker-only --size=80; do
	setting=$options
	case $options in
	--size*) way='.*--size of 88 or more$' ;;
	*) way='.*start without --marker-only$' ;;
	esac
	start "$options"
	for command in 'status freerunning' 'leap pos' 'leap none' 'frequency 1' 'drift 0.1' 'step 1s' \
		'tai-offset -37' 'tai-offset none' 'marker-only on' 'marker-only off' \
		'disrupt step=10ms' 'disrupt ppm=1' 'disrupt step=0'; do
		refused "$command" "$way"
	done
	[ "$(get disruption_marker)" = 1 ] && why='' || why='there was one'
	verdict "$setting: none of them was a disruption" "$why"
	done_by disrupt disruption_marker 2
	done_by 'marker 9' disruption_marker 9
	done_by soon flags "$((0x2 | ($(get flags) & 0x100)))"
	done_by 'smearing utc-sls' leap_second_smearing_hint 2
	stop
done

setting=--size=104
start --size=104
refused snapshot '.*--size of 112 or more$'
refused 'generation 4' '.*--size of 112 or more$'
done_by 'status freerunning' clock_status 3
stop

setting=--size=32
start --size=32
refused 'smearing strict' '.*--size of 40 or more$'
done_by imminent flags 6
stop

setting='a script'
printf 'at 0 disrupt\nat 9s step 1s\n' >"$tmp/script"
run --marker-only --script "$tmp/script" "$page"
expect 'a script: refused at the start' 3 \
	"^vmclock-sim: $tmp/script:2: step: .*start without --marker-only\$" '!publishing'

for option in --counter-offset=5 --start=now; do
	run --marker-only "$option" "$page"
	expect "--marker-only and ${option%%=*}" 3 \
		"^vmclock-sim: --marker-only and ${option%%=*} contradict each other: "
done

# ---- What is already so, or cannot be ----------------------------------------------------

setting='a page with time'
start --frequency 10000
refused 'marker 1' '1 is the disruption marker already; .*give another$'
refused 'drift 1' '.*10000 ppm.*limit'
done_by 'drift -0.001' disruption_marker 1
stop
run --frequency -10000 --drift -1 "$page"
expect '--drift beyond the limit of the frequency' 3 \
	'^vmclock-sim: --frequency and --drift contradict each other: .*limit'

# ---- A fault: its page is given ----------------------------------------------------------

setting='a fault of the page'
start --fault period-zero
for command in 'status unknown' 'smearing strict' 'leap pos' soon imminent calm 'generation 3' \
	'tai-offset -37' 'marker-only on' 'interval 1s'; do
	refused "$command" '.*--fault'
done
done_by disrupt disruption_marker 2
stop

setting='a fault of updates'
start --fault torn-update
refused 'status unknown' '.*--fault'
done_by 'interval 50ms' clock_status 2
stop

finish
