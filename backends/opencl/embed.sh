#!/bin/sh
# embed.sh FILE...: prints C that holds each text file as an array of bytes that ends with 0; x/forward.cl becomes
# attn_opencl_text_forward. Numbers, not string literals: compilers limit the length of those.

echo '/* Made by embed.sh. */'
echo '#include "opencl/texts.h"'
for file; do
    test -r "$file" || { echo "embed.sh: cannot read $file" >&2; exit 1; }
    name=${file##*/}
    echo
    echo "const char attn_opencl_text_${name%.*}[] = {"
    od -An -v -tu1 "$file" | sed 's/ *\([0-9][0-9]*\)/ \1,/g'
    echo ' 0'
    echo '};'
done
