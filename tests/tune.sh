#!/bin/sh
# Kernels by name, and attn tune, from outside. ATTN: the program (./attn). srcdir: the source folder (.).

. "${srcdir-.}/tests/points.sh"

test_kernels() {
    wants 'devices --kernels' 0 '^cpu +flash-c$' '' devices --kernels
    wants 'explain --kernel' 0 '^  flash-c is named by the problem$' '' explain --device cpu --kernel flash-c
    wants 'explain: unknown kernel' 1 '' 'kernel is "abacus", device cpu has .*flash-c' \
        explain --device cpu --kernel abacus
    wants 'run --kernel' 0 '^kernel +flash-c' '' run $inputs --device cpu --kernel flash-c --repeat 1
    wants 'run --kernel beside the reference' 0 '^reference ' '' \
        run $inputs --device cpu --kernel flash-c --repeat 1 --expect "$fixture/o.npy"
    wants 'run --kernel on every device' 2 '' '--kernel needs --device' run $inputs --device all --kernel flash-c
    wants 'bench: unknown kernel' 1 '' 'attn bench: .*: plan: kernel is "abacus"' \
        bench --kernel abacus --case x/n1/h1/d8/f32
    wants 'check --kernel' 0 '^[1-9][0-9]* passed, 0 failed, 0 skipped$' '' \
        check --device cpu --kernel flash-c --filter feature/n70:30
    wants 'check: unknown kernel' 1 '' "'abacus': no device has it" check --kernel abacus
}

# prefers PATTERN TITLE: what explain says of a problem of the class that test_tune tunes.
prefers() {
    wants "$2" 0 "$1" '' explain --device cpu --len-q 1 --len-k 64 --heads-q 1 --dim 64
}

# Where one kernel takes every problem there is nothing to choose, and nothing is kept.
test_tune() {
    XDG_CACHE_HOME=$folder/cache
    ATTN_TUNE=1
    export XDG_CACHE_HOME ATTN_TUNE
    mkdir "$XDG_CACHE_HOME"
    prefers '^kernel ' 'nothing is preferred at first'
    test -z "$(ls "$XDG_CACHE_HOME")"
    result $? 'and looking makes no folder'
    tune='tune --device cpu --rounds 1 --filter f32/d64/decode'
    wants 'tune --dry-run' 0 ' chosen$|no class' '' $tune --dry-run
    test -z "$(ls "$XDG_CACHE_HOME")"
    result $? 'keeps nothing'
    wants 'tune' 0 ' chosen$|no class' '' $tune
    chosen=$(awk '$NF == "chosen" { print $2 }' "$out")
    if test -n "$chosen"; then
        test_kept "$chosen"
    else
        prefers '^kernel +flash-c$' 'one kernel is not preferred'
    fi
    wants 'tune of one kernel' 0 '^reference: no class with a choice' '' tune --device reference
    wants 'tune --forget' 0 'nothing is kept' '' tune --device cpu --forget
    prefers '^kernel ' 'explain says so no more'
    ! grep -q preferred "$out"
    result $? 'and takes the first kernel'
    wants 'tune --forget --dry-run' 2 '' '--forget takes neither' tune --forget --dry-run
    ATTN_TUNE=0
    wants 'tune with ATTN_TUNE=0' 1 '' 'ATTN_TUNE is 0' tune --device cpu --forget
}

# test_kept KERNEL: it was chosen, and is in a file.
test_kept() {
    prefers "^  $1 is preferred for f32/d64/decode by attn tune$" 'explain says that a choice is from attn tune'
    file=$(echo "$XDG_CACHE_HOME"/libattn/tune/*.txt)
    sed 's/ [^ ]*$/ flash-c/;1s/.*/other/' "$file" > "$folder/other"
    sed '1!s/ [^ ]*$/ flash-c/' "$file" > "$folder/edited"
    cat "$folder/edited" > "$file"
    prefers '^kernel +flash-c$' 'what the file says is taken'
    cat "$folder/other" > "$file"
    ATTN_VERBOSE=1 "$attn" explain --device cpu --len-q 1 --heads-q 1 --dim 64 > "$out" 2> "$err"
    holds "$err" 'tune: .* is damaged or of another device; ignored' && ! grep -q preferred "$out"
    result $? 'a file of another device is ignored'
}

test_kernels
test_tune
finish
