# SPDX-License-Identifier: MIT
#
# For the tests of metrics, on top of daemon-lib.sh:
#
#	accepted NAME FILE	a case: promtool and a parser of OpenMetrics take the text
#	serve SETTING...	runs vmclockd on $page, which only observes
#	metric NAME		its value in $tmp/out
#
# shellcheck shell=sh

# shellcheck source-path=SCRIPTDIR source=daemon-lib.sh
. "${top_srcdir:=.}/tests/tools/daemon-lib.sh"

# If promtool is not installed, scripts/promtool gets it. With $PROMTOOL set, nothing is skipped.
required=${PROMTOOL-}
: "${PROMTOOL:=promtool}"
page=$tmp/vmclock0
export VMCLOCK_RUN_DIR="$folder" VMCLOCK_PATH="$page"

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

# A parser that accepts wrong text is not used.
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
# The first python3 may not be the distribution's, which has the packages.
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

# The page has this machine's own time, so there is nothing to correct; and vmclockd may not.
# shellcheck disable=SC2120
serve() {
	configure 'mode = observe' "$@"
	begin_daemon
}

metric() {
	sed -n "s/^$1{.*} //p" "$tmp/out"
}
