# SPDX-License-Identifier: MIT
# Draws docs/migration-error.svg from the data beside it; lab/figure runs it.

load 'figure.gp'
set multiplot
set label 1 'A guest is migrated live, from a host at +50 ppm to one at −50 ppm and 10 ms ahead' \
	at screen 0.5, 0.955 center font ',16'
set label 2 'The host gives the time and notifies. Linux '.release.' in QEMU: lab/figure '.name \
	at screen RIGHT, 0.03 right textcolor rgb GREY font ',12'
set yrange [1e-9:1e-1]
# The time is read at some point of a call, and compared at the middle of the call.
set object 1 rectangle from graph 0, first 1e-9 to graph 1, first 1e-7 behind \
	fillcolor '#f2f2f2' fillstyle solid noborder

set lmargin at screen LEFT
set rmargin at screen MIDDLE
set border 3 linecolor rgb GREY
eval 'set ytics ('.named.')'
set ylabel 'error, absolute value'
set xrange [-5:0]
set xtics ('−4 s' -4, '−2 s' -2)
set label 3 'on host A' at graph 0.5, 0.95 center textcolor rgb GREY
plot data skip 3 using 1:(old($1, $2)) with lines linewidth 2.5 linecolor rgb ORANGE, \
	'' skip 3 using 1:(old($1, $3)) with lines linewidth 2 linecolor rgb BLUE, \
	'' skip 3 using 1:(old($1, $4)) with lines linewidth 2 linecolor rgb GREY, \
	'' skip 3 using 1:(old($1, $5)) with lines linewidth 2.5 linecolor rgb GREEN

unset label 1
unset label 2
set lmargin at screen MIDDLE + GAP
set rmargin at screen RIGHT
set border 1
set ylabel
eval 'set ytics scale 0 ('.unnamed.')'
set logscale x
set xrange [1e-2:60]
eval 'set xtics ('.later.')'
set xlabel 'true time since the migration' offset 0,0.5
set label 3 'on host B' at graph 0.02, 0.95 left textcolor rgb GREY
set label 4 'system clock alone' at 50, 2.3e-2 right textcolor rgb ORANGE
set label 5 'with chrony on the PTP clock' at 3.3, 3e-4 right textcolor rgb BLUE
set label 6 'with chrony and vmclockd' at 0.35, 3e-6 left textcolor rgb GREEN
set label 7 'vmclock_now()' at 50, 5e-9 right textcolor rgb GREY
set label 8 'grey: less than a reading takes' at 1.15e-2, 1.7e-9 left textcolor '#707070' font ',12'
plot data skip 3 using 1:(new($1, $2)) with lines linewidth 2.5 linecolor rgb ORANGE, \
	'' skip 3 using 1:(new($1, $3)) with lines linewidth 2 linecolor rgb BLUE, \
	'' skip 3 using 1:(new($1, $4)) with lines linewidth 2 linecolor rgb GREY, \
	'' skip 3 using 1:(new($1, $5)) with lines linewidth 2.5 linecolor rgb GREEN
unset multiplot
