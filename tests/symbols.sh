#!/bin/sh
# The shared library from outside: its symbols = lib/attn.map = ATTN_API functions of the headers in include, and it
# needs nothing but libc, libm and OpenMP. make check sets srcdir, NM and OBJDUMP.

library=.libs/libattn.so
scratch=tests/symbols.tmp
rm -rf $scratch
mkdir -p $scratch || exit 1
trap 'rm -rf $scratch' EXIT

cat "$srcdir"/include/*.h > $scratch/headers
sed -n 's/^ATTN_API [^(]*[ *]\(attn_[a-z0-9_]*\)(.*/\1/p' $scratch/headers | sort > $scratch/declared
sed -n 's/^ *\(attn_[a-z0-9_]*\);.*/\1/p' "$srcdir/lib/attn.map" | sort > $scratch/map

# point NUMBER TITLE COMMAND...: what the command prints explains a failure.
point() {
    number=$1
    title=$2
    shift 2
    if "$@" > $scratch/output; then
        echo "ok $number - $title"
    else
        sed 's/^/# /' $scratch/output
        echo "not ok $number - $title"
    fi
}

every_declaration_read() {
    declarations=$(grep -c '^ATTN_API ' $scratch/headers)
    names=$(wc -l < $scratch/declared)
    echo "$declarations declarations, $names names"
    test -s $scratch/declared && test "$declarations" -eq "$names"
}

no_other_library() {
    $OBJDUMP -p $library | awk '$1 == "NEEDED" { print $2 }' > $scratch/needed
    test -s $scratch/needed || return 1
    ! grep -v -E '^(libc|libm|libdl|libgomp|libomp|libomp5|ld-linux[^.]*|ld64|libc\.musl[^.]*|libasan|libubsan)\.so' $scratch/needed
}

echo 1..4
point 1 'every ATTN_API line declares one attn_ function' every_declaration_read
point 2 'map and headers agree' diff $scratch/declared $scratch/map
if test -f $library; then
    $NM -D --defined-only $library | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort > $scratch/library
    point 3 'library and headers agree' diff $scratch/declared $scratch/library
    point 4 'needs libc, libm and OpenMP only' no_other_library
else
    echo 'ok 3 - library and headers agree # SKIP no shared library was built'
    echo 'ok 4 - needs libc, libm and OpenMP only # SKIP no shared library was built'
fi
