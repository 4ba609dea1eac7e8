# SPDX-License-Identifier: MIT
# Draws docs/migration-error.svg from the data beside it; lab/figure runs it.

set terminal svg size 860,480 font 'Helvetica,Arial,sans-serif,14' background '#ffffff'
set output 'migration-error.svg'
set datafile separator tab
set datafile missing '-'

set title "Live migration from a host at +50 ppm to one at −50 ppm, with a step of 10 ms" font ',16'
set xlabel 'true time since the migration, seconds'
set ylabel 'error, absolute value'
set xrange [-15:30]
set xtics 5
set logscale y
set yrange [1e-9:1e-1]
set ytics ('1 ns' 1e-9, '10 ns' 1e-8, '100 ns' 1e-7, '1 µs' 1e-6, '10 µs' 1e-5, '100 µs' 1e-4, \
	'1 ms' 1e-3, '10 ms' 1e-2, '100 ms' 1e-1)
set grid xtics ytics linetype 1 linecolor '#e0e0e0' linewidth 1
set border 3 linecolor '#606060'
set tics nomirror out
unset key
set label 'system clock alone' at 29.7, 2.7e-2 right textcolor '#b34f00'
set label 'system clock with chrony on the PTP clock' at 29.7, 3e-5 right textcolor '#0072b2'
set label 'libvmclock' at 29.7, 1.8e-7 right textcolor '#007a58'

set arrow from 0, graph 0 to 0, graph 1 nohead linecolor '#404040' dashtype 2
# The time is read at some point of a call, and compared at the middle of the call.
set object rectangle from graph 0, first 1e-9 to graph 1, first 1e-7 behind \
	fillcolor '#f0f0f0' fillstyle solid noborder
set label 'grey: less than a reading takes' at -14.7, 1.7e-7 left textcolor '#707070' font ',12'

set label 'host A' at -0.4, graph 0.96 right textcolor '#404040'
set label 'host B' at 0.4, graph 0.96 left textcolor '#404040'

# What was read as right to the nanosecond is drawn at one nanosecond.
seconds(ns) = (abs(ns) < 1 ? 1 : abs(ns)) * 1e-9

plot 'migration-error.tsv' skip 3 using 1:(seconds($2)) with lines linewidth 2.5 \
		linecolor '#d55e00', \
	'' skip 3 using 1:(seconds($3)) with lines linewidth 2 linecolor '#0072b2', \
	'' skip 3 using 1:(seconds($4)) with lines linewidth 2.5 linecolor '#009e73'
