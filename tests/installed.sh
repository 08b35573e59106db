#!/bin/sh
# The installed library, as a user meets it: pkg-config finds it, and the program printed in README.md compiles with
# the flags it gives, runs, and prints what README.md says (the first block without a language).
# make installcheck sets srcdir, CC, PKG_CONFIG_PATH, PKG_CONFIG_SYSROOT_DIR and LD_LIBRARY_PATH.

set -e
scratch=tests/installed.tmp
rm -rf $scratch
mkdir -p $scratch
trap 'rm -rf $scratch' EXIT

# block LANGUAGE: the first code block of README.md with that language.
block() {
    awk -v opening="\`\`\`$1" '
        /^```/ && inside { inside = 0; if (found) exit; next }
        /^```/ { inside = 1; found = $0 == opening; next }
        inside && found' "$srcdir/README.md"
}

block c > $scratch/program.c
test -s $scratch/program.c || { echo "README.md: no C program"; exit 1; }
block '' > $scratch/expected

# As a static library too: Libs.private must be complete.
for how in '' --static; do
    flags=$(${PKG_CONFIG:-pkg-config} --cflags --libs $how attn)
    test -z "$how" || flags=$(echo "$flags" | sed 's/-lattn/-l:libattn.a/')
    $CC -Wall -Wextra -Werror $scratch/program.c -o $scratch/program $flags
    $scratch/program > $scratch/printed
    cat $scratch/printed
    diff $scratch/expected $scratch/printed
done
