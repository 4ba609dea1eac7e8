# SPDX-License-Identifier: MIT
# What the figures of lab/figure have in common; it sets `name` and `release`.
#
# Two panels share an axis of errors: time before the disruption is linear, and
# time behind it logarithmic, for a guest is healed in milliseconds or in minutes.
# The background is white, in dark surroundings as well.

set terminal svg noenhanced size 900,520 font 'Helvetica,Arial,sans-serif,14' background '#ffffff'
set output name.'.svg'
data = name.'.tsv'
set datafile separator tab
set datafile missing '-'

ORANGE = '#c04e00'
BLUE = '#0072b2'
GREEN = '#00805a'
GREY = '#606060'

set logscale y
named = "'1 ns' 1e-9, '10 ns' 1e-8, '100 ns' 1e-7, '1 µs' 1e-6, '10 µs' 1e-5, '100 µs' 1e-4, ". \
	"'1 ms' 1e-3, '10 ms' 1e-2, '100 ms' 1e-1, '1 s' 1, '10 s' 10, '100 s' 100"
unnamed = "'' 1e-9, '' 1e-8, '' 1e-7, '' 1e-6, '' 1e-5, '' 1e-4, '' 1e-3, '' 1e-2, '' 1e-1, '' 1, '' 10"
later = "'1 ms' 1e-3, '10 ms' 1e-2, '100 ms' 1e-1, '1 s' 1, '10 s' 10, '100 s' 100"
set grid xtics ytics linetype 1 linecolor '#e0e0e0' linewidth 1
set tics nomirror out
unset key

# What was read as right to the nanosecond is drawn at one nanosecond.
seconds(ns) = (abs(ns) < 1 ? 1 : abs(ns)) * 1e-9
# Of the time before the disruption, and behind it.
old(time, ns) = time <= 0 ? seconds(ns) : NaN
new(time, ns) = time > 0 ? seconds(ns) : NaN

# The panels, between left, middle and right.
LEFT = 0.085
MIDDLE = 0.24
GAP = 0.008
RIGHT = 0.985
set tmargin at screen 0.90
set bmargin at screen 0.18
