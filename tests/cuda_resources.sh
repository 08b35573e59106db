#!/bin/sh
# The compiled CUDA kernels: each function of each architecture keeps its values in registers. Runs in the build folder.
# Those that need more are told, not failed: softcap, ALiBi and bias beside large tiles; 256 channels; two bands of rows; the
# warps of Hopper's kernels that copy, which have few registers on purpose (the others, whose loops have the products, spill none).

resources() {
    sh "$srcdir/backends/cuda/resources.sh" backends/cuda/images/*.resources | sed 1d
}

resources > tests/cuda_resources.tmp
count=$(wc -l < tests/cuda_resources.tmp)
if ! grep -q 'ATTN_CUDA_CODES.*sm_' config.h; then
    echo '1..0 # SKIP the kernels are built as PTX alone'
elif test "$count" -eq 0; then
    echo '1..1'
    echo 'not ok 1 - ptxas told of no function'
else
    echo "1..$count"
    awk '{
        spills = $6 + $7 + $8
        told = $1 ~ /_changes|^mma_64_256|^mma_128_|^wgmma/
        if (spills) printf "# %d bytes of stack, %d of spill stores, %d of spill loads\n", $6, $7, $8
        printf "%s %d - %s %s, %s: %d registers\n", spills && !told ? "not ok" : "ok", NR, $1, $2, $3, $4
    }' tests/cuda_resources.tmp
fi
rm -f tests/cuda_resources.tmp
