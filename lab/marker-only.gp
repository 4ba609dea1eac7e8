# SPDX-License-Identifier: MIT
# Draws docs/marker-only.svg from the data beside it; lab/figure runs it.

load 'figure.gp'
set multiplot
set label 1 'A guest stands still for 5 s; its host gives a marker, and an NTP server the time' \
	at screen 0.5, 0.955 center font ',16'
set label 2 'chronyd, polling each 16 s. Linux '.release.' in QEMU: lab/figure '.name \
	at screen RIGHT, 0.03 right textcolor rgb GREY font ',12'
set yrange [1e-6:1e2]

set lmargin at screen LEFT
set rmargin at screen MIDDLE
set border 3 linecolor rgb GREY
eval 'set ytics ('.named.')'
set ylabel 'error, absolute value'
set xrange [-5:0]
set xtics ('−4 s' -4, '−2 s' -2)
set label 3 'before' at graph 0.5, 0.95 center textcolor rgb GREY
plot data skip 3 using 1:(old($1, $2)) with lines linewidth 2.5 linecolor rgb ORANGE, \
	'' skip 3 using 1:(old($1, $3)) with lines linewidth 2 dashtype 2 linecolor rgb ORANGE, \
	'' skip 3 using 1:(old($1, $4)) with lines linewidth 2.5 linecolor rgb GREEN, \
	'' skip 3 using 1:(old($1, $5)) with lines linewidth 2 dashtype 2 linecolor rgb GREEN

unset label 1
unset label 2
set lmargin at screen MIDDLE + GAP
set rmargin at screen RIGHT
set border 1
set ylabel
eval 'set ytics scale 0 ('.unnamed.')'
set logscale x
set xrange [5e-2:120]
eval 'set xtics ('.later.')'
set xlabel 'true time since the guest runs again' offset 0,0.5
set label 3 'after' at graph 0.02, 0.95 left textcolor rgb GREY
set label 4 'system clock, NTP alone' at 0.06, 9 left textcolor rgb ORANGE
set label 5 'what the kernel says its error is at most' at 0.06, 9e-3 left textcolor rgb ORANGE
set label 6 'system clock with vmclockd' at 5, 3e-5 left textcolor rgb GREEN
set label 7 'bounds of vmclock_now()' at 12, 8e-3 left textcolor rgb GREEN
set label 8 "vmclock_now() gives no time\nand vmclock_system_trusted() says no" at 0.06, 3e-4 left textcolor rgb GREEN
plot data skip 3 using 1:(new($1, $2)) with lines linewidth 2.5 linecolor rgb ORANGE, \
	'' skip 3 using 1:(new($1, $3)) with lines linewidth 2 dashtype 2 linecolor rgb ORANGE, \
	'' skip 3 using 1:(new($1, $4)) with lines linewidth 2.5 linecolor rgb GREEN, \
	'' skip 3 using 1:(new($1, $5)) with lines linewidth 2 dashtype 2 linecolor rgb GREEN
unset multiplot
