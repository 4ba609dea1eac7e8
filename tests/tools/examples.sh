#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The alert rules and the Grafana dashboard in dist/examples: Prometheus accepts
# the rules, they fire when they should, and both use only existing metrics.

# shellcheck source-path=SCRIPTDIR source=metrics-lib.sh
. "${top_srcdir:=.}/tests/tools/metrics-lib.sh"

examples=$(cd "$top_srcdir/dist/examples" && pwd)
rules=$examples/vmclock-alerts.yml
dashboard=$examples/vmclock-grafana.json
: >"$tmp/err"

# Runs promtool, as a case.
promtool() {
	name=$1
	shift
	case $tools in
	*promtool*)
		"$PROMTOOL" "$@" >"$tmp/out" 2>&1
		status=$?
		verdict "$name" "$([ "$status" = 0 ] || echo "promtool says $status")"
		;;
	*) skip "$name" "$PROMTOOL is not here" ;;
	esac
}

promtool 'the rules are taken' check rules "$rules"

# The times at which rules fire: each series has a value for each minute.
cat >"$tmp/rules-test.yml" <<END
rule_files: ['$rules']
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'vmclock_system_clock_trusted{instance="ill"}', values: '1x3 0x10'}
      - {series: 'vmclock_system_clock_trusted{instance="well"}', values: '1x13'}
      - {series: 'vmclock_vmclockd_running{instance="ill"}', values: '0x13'}
      - {series: 'vmclock_vmclockd_running{instance="well"}', values: '1x13'}
      - {series: 'vmclock_vmclockd_running{instance="hangs"}', values: '1x13'}
      - series: 'node_textfile_mtime_seconds{instance="hangs",file="/var/lib/prometheus/node-exporter/vmclock.prom"}'
        values: '0x13'
      - {series: 'node_textfile_mtime_seconds{instance="well",file="vmclock.prom"}', values: '0+60x13'}
      - {series: 'vmclock_disruptions_total{instance="ill"}', values: '0x7 1x10'}
      - {series: 'vmclock_disruptions_total{instance="well"}', values: '5x13'}
      - {series: 'vmclock_maintenance_announced{instance="ill",when="imminent"}', values: '1x13'}
      - {series: 'vmclock_maintenance_announced{instance="well",when="soon"}', values: '1x13'}
      - {series: 'vmclock_up{instance="ill"}', values: '0x13'}
      - {series: 'vmclock_up{instance="well"}', values: '1x13'}
      - {series: 'vmclock_system_clock_bound_seconds{instance="ill"}', values: '0.02x13'}
      - {series: 'vmclock_system_clock_bound_seconds{instance="well"}', values: '0.002x13'}
    promql_expr_test:
      - expr: count by (alertname, instance) (ALERTS{alertstate="firing"})
        eval_time: 10m
        exp_samples:
          - {labels: '{alertname="VMClockUntrusted",instance="ill"}', value: 1}
          - {labels: '{alertname="VMClockNotWatched",instance="ill"}', value: 1}
          - {labels: '{alertname="VMClockNotWatched",instance="hangs"}', value: 1}
          - {labels: '{alertname="VMClockUnreadable",instance="ill"}', value: 1}
          - {labels: '{alertname="VMClockWide",instance="ill"}', value: 1}
          - {labels: '{alertname="VMClockDisrupted",instance="ill"}', value: 1}
          - {labels: '{alertname="VMClockMaintenance",instance="ill"}', value: 1}
END
promtool 'they fire when they should' test rules "$tmp/rules-test.yml"
alerts=$(sed -n 's/.*- alert: //p' "$rules")
for alert in $alerts; do
	grep -q "alertname=\"$alert\"" "$tmp/rules-test.yml" || verdict "$alert" 'is not tried'
done

cp "$dashboard" "$tmp/out"
field 'the dashboard is JSON' .title '"VMClock"'
field 'and has panels' '.panels[0].type' '"state-timeline"'

# Only in queries: other texts contain names of functions.
for file in "$rules" "$dashboard"; do
	names=$(sed -n 's/^ *expr: //p; s/^ *\(vmclock_.*\|or .*\)/\1/p; s/^ *"\(expr\|query\)": //p' "$file" |
		grep -o '\(node\|vmclock\)_[a-z_]*' | grep -v '^node_textfile_mtime_seconds$' | sort -u)
	unknown=
	for name in $names; do
		grep -q "\"$name\"" "$top_srcdir/common/metrics.c" || unknown="$unknown $name"
	done
	[ "$names" ] || unknown='no names found'
	: >"$tmp/out"
	verdict "metrics of ${file##*/}" "$unknown"
done

finish
