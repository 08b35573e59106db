#!/bin/sh
# resources.sh FILE.resources...: what ptxas said of each function, as a table: image, code, function, registers of a thread, bytes of
# shared memory, stack, spill stores and spill loads.

test $# -gt 0 || { echo 'resources.sh: no files' >&2; exit 1; }
format='%-20s %-8s %-14s %9s %8s %8s %8s %8s\n'
printf "$format" image code function registers shared stack stores loads
for file; do
    image=${file##*/}
    awk -v image="${image%.resources}" -v format="$format" '
        /Compiling entry function/ { split($0, quoted, "\047"); name = quoted[2]; code = quoted[4] }
        /bytes stack frame/ { stack = $1; stores = $5; loads = $9 }
        /Used [0-9]+ registers/ {
            shared = 0
            for (i = 2; i <= NF; i++) {
                if ($i ~ /^registers/) registers = $(i - 1)
                if ($i ~ /^smem/) shared = $(i - 2)
            }
            printf format, image, code, name, registers, shared, stack, stores, loads
        }' "$file"
done
