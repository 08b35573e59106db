# Draws the output of `attn bench --sweep > sweep.csv`:   gnuplot -e "csv='sweep.csv'" sweep.gp > sweep.svg
# Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
if (!exists("csv")) csv = 'sweep.csv'
set datafile separator ','
set terminal svg size 960,640 dynamic font 'sans,12'
set title 'Attention time by pattern, f32, 1 head, 64 channels'
set xlabel 'tokens'
set ylabel 'seconds'
set logscale xy 2
set format y '2^{%L}'
set key outside right
set grid
names = system(sprintf("cut -d, -f1 %s | sed 1d | awk '!seen[$0]++'", csv))
plot for [name in names] csv using (strcol(1) eq name ? $2 : NaN):3 with linespoints title name
