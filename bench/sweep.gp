# Draws the output of `attn bench --sweep > sweep.csv`:   gnuplot -e "csv='sweep.csv'" sweep.gp > sweep.svg
# Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
if (!exists("csv")) csv = 'sweep.csv'
set datafile separator ','
set terminal svg size 960,640 dynamic font 'sans,12'
set title 'Attention time by pattern, f32, 1 head, 64 channels'
set xlabel 'tokens'
set ylabel 'seconds'
set logscale x 2
set logscale y
set key outside right
set grid
names = system(sprintf("cut -d, -f1 %s | sed 1d | awk '!seen[$0]++'", csv))
plot for [name in names] sprintf("< awk -F, '$1 == \"%s\"' %s", name, csv) using 2:3 with linespoints title name
