# SPDX-License-Identifier: MIT
#
# For the tests of metrics, on top of sim-lib.sh:
#
#	accepted NAME FILE	a case: promtool and a parser of OpenMetrics take the text
#	serve SETTING...	runs vmclockd on $page, which only observes
#	said PATTERN		it has
#	metric NAME		its value in $tmp/out
#
# shellcheck shell=sh

# shellcheck source-path=SCRIPTDIR source=sim-lib.sh
. "${top_srcdir:=.}/tests/tools/sim-lib.sh"

# Where it is not installed, scripts/promtool gets it. Who names it wants all to be tried.
required=${PROMTOOL-}
: "${VMCLOCKD:=vmclockd/vmclockd}" "${PROMTOOL:=promtool}"
page=$tmp/vmclock0
daemon=
trap '[ -z "$sim" ] || kill "$sim"; [ -z "$daemon" ] || kill "$daemon"; rm -rf "$tmp"' EXIT
export VMCLOCK_RUN_DIR="$tmp/run" VMCLOCK_PATH="$page"
unset JOURNAL_STREAM NOTIFY_SOCKET

run() {
	timeout 60 "$VMCLOCK_CHECK" "$@" </dev/null >"$tmp/out" 2>"$tmp/err"
	status=$?
}

by_promtool() {
	"$PROMTOOL" check metrics <"$1" >"$tmp/opinion" 2>&1
}

by_openmetrics() {
	"$python" - "$1" >"$tmp/opinion" 2>&1 <<-'END'
		import sys
		from prometheus_client.openmetrics.parser import text_string_to_metric_families
		for family in text_string_to_metric_families(open(sys.argv[1], encoding='utf-8').read()):
		    assert family.documentation and family.samples, family.name
	END
}

# A parser that takes everything has no opinion.
tools=
cat >"$tmp/wrong" <<'END'
# TYPE wrong info
wrong{} x
END
if ! command -v "$PROMTOOL" >/dev/null; then
	echo "# $PROMTOOL is not here: scripts/promtool gets it"
elif by_promtool "$tmp/wrong"; then
	echo "# $PROMTOOL takes everything"
	exit 99
else
	tools=promtool
fi
# The first python3 may be another one than the distribution's, for which its packages are.
python=python3
has_parser() { "$python" -c 'import prometheus_client.openmetrics.parser' 2>/dev/null; }
has_parser || python=/usr/bin/python3
if ! has_parser; then
	echo '# python3-prometheus-client is not here'
elif by_openmetrics "$tmp/wrong"; then
	echo '# the parser of OpenMetrics takes everything'
	exit 99
else
	tools="$tools openmetrics"
fi

accepted() {
	why=
	for tool in promtool openmetrics; do
		case " $tools " in
		*" $tool "*) by_$tool "$2" || why="$tool: $(tail -n 3 "$tmp/opinion" | tr '\n' ' ')" ;;
		*) tool= && break ;;
		esac
	done
	[ -z "$required" ] || [ -n "$tool" ] || why='a tool that was asked for is not here'
	if [ -z "$why" ] && [ -z "$tool" ]; then
		skip "$1" 'promtool or python3-prometheus-client is not here'
	else
		[ -z "$why" ] || cp "$2" "$tmp/out"
		verdict "$1" "$why"
	fi
}

# The page has this machine's own time, so that there is nothing to be set right; and it may not.
# shellcheck disable=SC2120
serve() {
	printf '%s\n' "device = $page" "folder = $tmp/run" 'mode = observe' "hooks = $tmp/hooks" \
		"$@" >"$tmp/conf"
	case "$*" in
	*'ntp = '*) ;;
	*) echo 'ntp = none' >>"$tmp/conf" ;;
	esac
	: >"$tmp/daemon"
	"$VMCLOCKD" --config "$tmp/conf" </dev/null >"$tmp/daemon" 2>&1 &
	daemon=$!
}

said() {
	grep -Eq -e "$1" "$tmp/daemon"
}

# shellcheck disable=SC2120
end_daemon() {
	kill -"${1:-TERM}" "$daemon"
	wait "$daemon"
	status=$?
	daemon=
}

metric() {
	sed -n "s/^$1{.*} //p" "$tmp/out"
}
