# SPDX-License-Identifier: MIT
#
# For the tests of vmclock-check: runs it, judges its output, and prints TAP. The
# tests run where `make' ran, without root and without a virtual machine.
#
#	run ARG...			runs the tool; later cases judge this run
#	expect NAME STATUS PATTERN...	a case: the exit status, and extended
#					regular expressions that lines of stdout
#					or stderr must match; !PATTERN: none may
#	field NAME JSON-PATH VALUE	a case: a value in a --json run's output
#	skip NAME REASON		a case that cannot run here
#	finish				the plan; last
#
# shellcheck shell=sh

: "${top_srcdir:=.}" "${VMCLOCK_CHECK:=tools/vmclock-check}" "${MAKE_PAGE:=tests/tools/make-page}"

LC_ALL=C
TZ=Asia/Tokyo	# far from UTC: a local time in the output would be noticed
export LC_ALL TZ
unset VMCLOCK_PATH VMCLOCK_CHECK_SYSROOT

tmp=$(mktemp -d "${TMPDIR:-/tmp}/vmclock-check.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
page=$tmp/page
number=0
status=

run() {
	"$VMCLOCK_CHECK" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# Runs the tool on the page that the arguments define.
run_page() {
	"$MAKE_PAGE" "$page" "$@" || exit 99
	run --device "$page"
}

# Makes a complete page: this CPU's counter, TAI, the present time. Arguments change it.
time_page() {
	"$MAKE_PAGE" "$page" size=0x1000 counter_id="$counter_here" time_type=1 seq_count=42 \
		disruption_marker=17 flags=0x379 clock_status=2 tai_offset_sec=-37 ago=0 \
		counter_period_esterror_rate_frac_sec=1584563250285 \
		counter_period_maxerror_rate_frac_sec=7922816251426 \
		time_esterror_nanosec=120 time_maxerror_nanosec=1500 \
		vm_generation_counter=3 "$@" || exit 99
}

run_time_page() {
	time_page "$@"
	run --device "$page"
}

# The same at 2026-01-01 00:00:00.5 UTC, which the system's clock contradicts: a warning.
dated_page() {
	time_page time_sec=1767225637 time_frac_sec=0x8000000000000000 "$@"
}

run_dated_page() {
	dated_page "$@"
	run --device "$page"
}

case $(uname -m) in
x86_64 | i?86) counter_here=1 counter_elsewhere=0 ;;
*) counter_here=0 counter_elsewhere=1 ;; # counters, as counter_id numbers them
esac

# Runs a command as a user who may not read everything.
as_nobody() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# verdict NAME WHY: a case: passed if WHY is empty.
verdict() {
	number=$((number + 1))
	if [ -z "$2" ]; then
		printf 'ok %s - %s\n' "$number" "$1"
	else
		printf 'not ok %s - %s\n# %s\n' "$number" "$1" "$2"
		sed 's/^/# | /' "$tmp/out" "$tmp/err"
	fi
}

expect() {
	name=$1 wanted=$2 why=
	shift 2
	[ "$status" = "$wanted" ] || why="exit status $status, not $wanted"
	for pattern; do
		case $pattern in
		!*)
			if grep -Eq -e "${pattern#!}" "$tmp/out" "$tmp/err"; then
				why="a line matches: ${pattern#!}"
			fi
			;;
		*)
			grep -Eq -e "$pattern" "$tmp/out" "$tmp/err" ||
				why="no line matches: $pattern"
			;;
		esac
	done
	verdict "$name" "$why"
}

skip() {
	number=$((number + 1))
	printf 'ok %s - %s # SKIP %s\n' "$number" "$1" "$2"
}

if command -v jq >/dev/null; then
	json() { jq -c "$1" "$tmp/out"; }
elif command -v python3 >/dev/null; then
	json() {
		python3 - "$1" "$tmp/out" <<-'END'
			import json, re, sys
			value = json.load(open(sys.argv[2]))
			for key, index in re.findall(r'\.(\w+)|\[(\d+)\]', sys.argv[1]):
			    value = value[key] if key else value[int(index)]
			print(json.dumps(value, separators=(',', ':')))
		END
	}
else
	json() { return 77; }
fi

field() {
	got=$(json "$2" 2>&1)
	case $? in
	0)
		if [ "$got" = "$3" ]; then
			verdict "$1" ""
		else
			verdict "$1" "$2 is $got, not $3"
		fi
		;;
	77) skip "$1" "neither jq nor python3 is here" ;;
	*) verdict "$1" "$got" ;;
	esac
}

finish() {
	echo "1..$number"
}
