#!/bin/sh
# The program attn from outside: usage errors, files good and bad, the fixture, the example of the manual page.
# ATTN: the program (./attn). srcdir: the source folder (.). CC: the compiler, for the example.

. "${srcdir-.}/tests/points.sh"

# ---- files --------------------------------------------------------------------------------------------------

# npy FILE DICT BYTES [FILL]: a version 1.0 file with this header and that many bytes of octal value FILL or 0.
npy() {
    {
        printf '\223NUMPY\001\000'
        printf "\\$(printf %o $((${#2} % 256)))\\$(printf %o $((${#2} / 256)))"
        printf %s "$2"
        head -c "$3" /dev/zero | tr '\000' "\\${4-000}"
    } > "$folder/$1"
}

# dict TYPE SHAPE
dict() {
    echo "{'descr': '$1', 'fortran_order': False, 'shape': $2, }"
}

# refuses TITLE REASON FILE: as q, beside a good k and v.
refuses() {
    wants "$1" 1 '' "--q .*: .*$2" run --q "$folder/$3" --k "$folder/good.npy" --v "$folder/good.npy"
}

test_bad_files() {
    npy good.npy "$(dict '<f4' '(3, 8)')" 96
    npy short.npy "$(dict '<f4' '(3, 8)')" 95
    npy long.npy "$(dict '<f4' '(3, 8)')" 97
    npy fortran.npy "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 8), }" 96
    npy big_endian.npy "$(dict '>f4' '(3, 8)')" 96
    npy double.npy "$(dict '<f8' '(3, 8)')" 192
    npy bf16.npy "$(dict '<u2' '(3, 8)')" 48
    npy rank1.npy "$(dict '<f4' '(24,)')" 96
    npy rank3.npy "$(dict '<f4' '(1, 3, 8)')" 96
    npy rank5.npy "$(dict '<f4' '(1, 1, 1, 3, 8)')" 96
    npy huge.npy "$(dict '<f4' '(1048576, 1048576, 256)')" 96
    npy overflow.npy "$(dict '<f4' '(4294967296, 4294967296, 4294967296)')" 96
    npy wide.npy "$(dict '<f4' '(3, 9)')" 108
    npy code.npy "__import__('os').abort()" 96
    npy deep.npy "$(dict '<f4' '(1, 4096)')" 16384
    npy heads.npy "$(dict '<f4' '(2,)')" 8
    printf '\223NUMPY\002\000\377\377\377\377' > "$folder/header.npy"
    printf 'PK' > "$folder/zip.npy"
    : > "$folder/empty.npy"
    wants 'a good file is taken' 0 '^kernel ' '' \
        run --q "$folder/good.npy" --k "$folder/good.npy" --v "$folder/good.npy"
    refuses 'truncated data' 'truncated: shape and type need 96 bytes of data, the file has 95' short.npy
    refuses 'garbage behind the data' '1 bytes follow the data' long.npy
    refuses 'Fortran order' 'Fortran order is not supported' fortran.npy
    refuses 'big-endian' "big-endian type '>f4' is not supported" big_endian.npy
    refuses 'double' "type '<f8' is not supported" double.npy
    refuses 'u2 without --bf16' "type is '<u2'; if that is bf16, say --bf16" bf16.npy
    refuses 'rank 1' 'rank is 1, must be 2 .. 4' rank1.npy
    refuses 'rank 5' 'rank is above 4' rank5.npy
    refuses 'huge shape' 'truncated: shape and type need 1125899906842624 bytes' huge.npy
    refuses 'shape whose product overflows' 'product of the sizes exceeds' overflow.npy
    refuses 'huge header' 'header of 4294967295 bytes exceeds the limit of 65536' header.npy
    refuses 'code instead of a header' "bad header: '.' expected" code.npy
    refuses 'not a .npy file' 'not a .npy file' zip.npy
    refuses 'empty file' 'not a .npy file' empty.npy
    refuses 'missing file' 'cannot be opened' missing.npy
    refuses 'folder' 'not a regular file' .
    good="--k $folder/good.npy --v $folder/good.npy"
    wants 'ranks differ' 1 '' '--k .*: rank is 2, q has 3' run --q "$folder/rank3.npy" $good
    wants 'dims of q and k differ' 1 '' 'size.* 8' run --q "$folder/wide.npy" $good
    wants 'slopes for other heads' 1 '' 'alibi' run --q "$folder/good.npy" $good --alibi "$folder/heads.npy"
    wants 'bf16 with --bf16' 0 'bf16' '' run --bf16 --q "$folder/bf16.npy" --k "$folder/bf16.npy" --v "$folder/bf16.npy"
    wants 'explain reads headers' 0 '^shape .*\[1,1,3,8\] f32' '' explain --q "$folder/good.npy" $good
    wants 'expected output of another shape' 1 '' '--expect .*not that of the output' \
        run --q "$folder/good.npy" $good --expect "$folder/wide.npy"
}

# ---- command line -------------------------------------------------------------------------------------------

test_usage() {
    wants '--help lists the commands' 0 '^  explain ' '' --help
    wants '--version' 0 '^attn [0-9]+\.[0-9]+\.[0-9]+ ' '' --version
    for command in devices run check bench tune explain draw; do
        wants "$command --help" 0 "^Usage: attn $command" '' $command --help
        wants "$command: unknown option" 2 '' "attn $command: unknown option '--nonsense'" $command --nonsense
    done
    for command in devices run check bench tune 'explain full' 'draw full'; do
        wants "$command: unexpected argument" 2 '' "attn ${command% *}: unexpected argument 'nonsense'" $command nonsense
    done
    wants 'no command' 2 '' 'command is missing'
    wants 'unknown command' 2 '' "unknown command nonsense" nonsense
    wants 'unknown option' 2 '' "unknown option --nonsense" --nonsense
    wants 'run without --q' 2 '' '--q is missing' run
    wants 'option without its value' 2 '' '--q needs a value' run --q
    wants 'empty value' 2 '' "--q '': must be" run --q ''
    wants 'flag with a value' 2 '' '--causal takes no value' run --causal=1
    wants 'integer out of range' 2 '' "--threads '1025': must be an integer in 0 .. 1024" run --threads 1025
    wants 'integer with a tail' 2 '' "--threads '3x': must be an integer" run --threads=3x
    wants 'integer above 2^63' 2 '' "--sink '9999999999999999999999': must be an integer" \
        run --sink 9999999999999999999999
    wants 'number' 2 '' "--scale 'nan': must be a finite number" run --scale nan
    wants 'negative softcap' 2 '' "--softcap '-1': must be a finite number in 0 .. " run --softcap -1
    wants 'pair' 2 '' "--window '3': must be two integers L,R in -1 .. " run --window 3
    wants 'choice' 2 '' "--align 'middle': must be one of end start" run --align middle
    wants '--tolerance without --expect' 2 '' '--tolerance needs --expect' run $inputs --tolerance 1
    wants 'explain with --q only' 2 '' 'go together' explain --q "$fixture/q.npy"
    wants 'no such device' 1 '' 'nonsense: ATTN_NO_DEVICE: .*nonsense' run $inputs --device nonsense
}

test_devices() {
    wants 'devices lists cpu' 0 '^cpu .*f32,f16,bf16' '' devices
    wants 'devices lists reference' 0 '^reference ' '' devices
    wants 'devices --json' 0 '"name": "cpu", "description": ".*"max_dim": [0-9]' '' devices --json
    if ! command -v python3 > /dev/null 2>&1; then
        skip 'devices --json is JSON' 'no python3'
    else
        python3 -c 'import json, sys; json.load(sys.stdin)' < "$out" 2> "$err"
        result $? 'devices --json is JSON'
    fi
}

# Each case is in one shard.
test_check() {
    wants 'a shard beyond the last' 2 '' '--shard I,N needs I <= N' check --shard 3,2
    for shard in 1,3 2,3 3,3; do
        "$attn" check --list --shard $shard > "$folder/shard" 2> "$err"
        test -s "$folder/shard"
        result $? "check --shard $shard has cases"
        cat "$folder/shard" >> "$folder/shards"
    done
    "$attn" check --list | sort > "$folder/cases" 2> "$err"
    sort "$folder/shards" | diff - "$folder/cases" > "$out"
    result $? 'shards have every case once'
}

# pairs COUNT OPTION...: pairs that 64 queries see of 64 keys.
pairs() {
    count=$1
    shift
    wants "explain $*" 0 "^pairs  *$count visible of [0-9]+, density 0.[0-9]+" '' \
        explain --device cpu --heads-q 1 --len-q 64 "$@"
}

test_explain() {
    wants 'explain' 0 '^pairs  *67125248 visible of 134217728, density 0.5001' '' explain --causal --device cpu
    pairs 2080 --causal
    pairs 127 --window 1,0
    pairs 1024 --chunk 16
    pairs 1792 --chunk 16 --chunk-back 1
    pairs 124 --chunk 16 --window 1,0
    pairs 1027 --chunk 16 --window 1,0 --union
    pairs 190 --window 0,0 --sink 2
    pairs 6176 --causal --len-k 128
    pairs 2080 --causal --len-k 128 --align start
    pairs 2080 causal
    pairs 127 'window(1, 0)'
    pairs 127 --causal --pattern 'window(1, 1)'
    pairs 640 'keys(0..9) | sink(3)'
    pairs 2080 'heads(0: causal)'
    explain='explain --device cpu --heads-q 1'
    wants 'explain of a pattern counts tiles' 0 '^as lists .* 0 full, 1 partial, 1 distinct' '' $explain causal --n 64
    wants 'explain compares with dense' 0 '^of dense  *0.25 of ' '' $explain 'keys(0..15)' --n 64
    wants 'explain of a pattern says how far it sees' 0 '^ +4 +31 +33 +0.5156' '' \
        $explain 'causal & last(9)' --n 64 --layers 4
    wants 'explain says how a pattern runs' 0 '^  pattern: ' '' $explain 'causal & strided(3)' --n 64
    wants 'explain of an expression with an error' 2 '' 'column 10: ' $explain 'causal & nonsense'
    wants 'explain gives the reasons' 1 '' 'declined: q.size\[3\] is 2000' explain --dim 2000 --device cpu
}

# ---- drawing ------------------------------------------------------------------------------------------------

# well_formed FILE TITLE
well_formed() {
    if command -v xmllint > /dev/null 2>&1; then
        xmllint --noout "$1" 2> "$err"
        result $? "$2"
    elif command -v python3 > /dev/null 2>&1; then
        python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$1" 2> "$err"
        result $? "$2"
    else
        skip "$2" 'neither xmllint nor python3'
    fi
}

test_draw() {
    wants 'draw counts pairs' 0 '^pairs +2080 of 4096, density 0.5078$' '' draw causal
    wants 'draw counts tiles' 0 '^tiles +16 x 16: 6 full, 4 partial, 6 empty; 1 distinct mask$' '' draw causal
    wants 'draw shows each element' 0 '^    0 \|#\.\.\.\|   \+\+\.\.$' '' draw causal --n 4 --tile 2 --ascii
    wants 'draw shows longer lengths in shades' 0 'a letter is 32 queries x 16 keys' '' draw causal --n 1024 --ascii
    wants 'draw counts positions from the end' 0 '^    6 \|#######\.\|' '' draw causal --n 2 --nk 8 --tile 2 --ascii
    wants 'draw counts positions from the start' 0 '^    0 \|#\.\.\.\.\.\.\.\|' '' \
        draw causal --n 2 --nk 8 --tile 2 --ascii --start
    wants 'draw shows one head' 0 '^pairs +64 of 4096' '' draw 'heads(0: full; 1: band(0))' --heads 2 --head 1
    for expression in 'causal & (last(50) | strided(16))' '!(random(8, 3, 1) | global(-2..-1))' 'full & !full'; do
        wants "draw agrees with the schedule of $expression" 0 '^tiles +48 x 128:' '' \
            draw "$expression" --n 200 --nk 300 --tile 48x128
    done
    wants 'draw says what an expression stands for' 0 '^= causal & last\(9\)$' '' draw 'mistral(9)'
    wants 'draw --list' 0 '^mistral\(W = 4096\)$' '' draw --list
    wants 'draw: wrong expression' 2 '' "'causal & \(last': column 15: " draw 'causal & (last'
    wants 'draw: unknown name' 2 '' 'column 10: found "nonsense"' draw 'causal & nonsense'
    wants 'draw: no expression' 2 '' 'either an expression or --list' draw
    wants 'draw: expression and list' 2 '' 'either an expression or --list' draw full --list
    wants 'draw: too large' 2 '' "--n '1025': must be an integer in 1 .. 1024" draw full --n 1025
    wants 'draw: tile' 2 '' "--tile '8x': must be an integer, or two as NxM, in 1 .. 1024" draw full --tile 8x
    wants 'draw: head' 2 '' '--head 2: must be below --heads 2' draw full --heads 2 --head 2
}

test_svg() {
    expression='causal & (last(9) | sink(2)) | heads(0: dilated(3, 2))'
    wants 'draw --svg' 0 '' '' draw "$expression" --svg "$folder/a.svg"
    well_formed "$folder/a.svg" 'it is well-formed XML'
    grep -q '^<title>causal &amp; (last(9) | sink(2))' "$folder/a.svg"
    result $? 'its title is the expression, escaped'
    wants 'draw --svg again' 0 '' '' draw "$expression" --svg "$folder/b.svg"
    same_bytes 'gives the same bytes' "$folder/a.svg" "$folder/b.svg"
    wants 'draw --svg, large' 0 '' '' draw "$expression" --n 1024 --nk 700 --tile 64 --svg "$folder/c.svg"
    well_formed "$folder/c.svg" 'it is well-formed XML'
    wants 'draw --svg in no folder' 1 '' 'cannot be opened' draw full --svg "$folder/none/a.svg"
    mkdir "$folder/pictures"
    wants 'draw --list --svg' 0 '' '' draw --list --n 64 --tile 8 --svg "$folder/pictures"
    diff -r "$folder/pictures" "$source/doc/patterns" > "$out" 2> "$err"
    result $? "doc/patterns holds these pictures ('make pictures' draws them anew)"
}

test_masks() {
    npy ones.npy "$(dict '|b1' '(3, 3)')" 9 001
    npy heads_u1.npy "$(dict '|u1' '(2, 3, 3)')" 18 377
    npy numbers.npy "$(dict '<f4' '(3, 3)')" 36
    npy vector.npy "$(dict '|u1' '(9,)')" 9
    mask="--mask mine=$folder/ones.npy"
    wants 'a block mask' 0 '^pairs +2304 of 4096' '' draw mine $mask --block 16
    wants 'a block mask in an expression' 0 '^pairs +510 of 4096' '' draw 'causal & blocks(mine)' $mask --block 16x4
    wants 'a block mask for each head' 0 '^pairs +0 of 4096' '' \
        draw mine --mask mine="$folder/heads_u1.npy" --block 64 --heads 3 --head 2
    wants 'two block masks' 0 '^pairs +0 of 4096' '' draw 'other & !mine' $mask --mask other="$folder/heads_u1.npy" \
        --block 16 --n 64
    wants 'a mask without --block' 2 '' '--mask needs --block' draw mine $mask
    wants 'a mask without an expression' 2 '' '--mask needs an expression' explain $mask --block 16
    wants 'a mask without a name' 2 '' 'must be NAME=FILE' draw full --mask "$folder/ones.npy" --block 16
    wants 'a mask with the name of a primitive' 1 '' 'name is "full", expected' draw full --mask full="$folder/ones.npy" --block 16
    wants 'a mask of floats' 1 '' "type is '<f4', must be '.u1' or '.b1'" \
        draw mine --mask mine="$folder/numbers.npy" --block 16
    wants 'a mask of rank 1' 1 '' 'rank is 1, must be 2 or 3' draw mine --mask mine="$folder/vector.npy" --block 16
    wants 'a mask as tensor' 1 '' "type is '.b1'; only --mask takes it" \
        run --q "$folder/ones.npy" --k "$folder/ones.npy" --v "$folder/ones.npy"
    same --pattern mine $mask --block 103
    differs --pattern 'mine & causal' $mask --block 103
    same --pattern 'full | causal'
    differs --pattern 'mistral(20)'
}

# ---- results ------------------------------------------------------------------------------------------------

# same OPTION..., differs OPTION...: whether the model's output comes out with these options.
same() {
    wants "same result with $1" 0 '^cpu ' '' run $inputs --device cpu --expect "$fixture/o.npy" --tolerance 1e-5 \
        --repeat 1 "$@"
}

differs() {
    wants "other result with $1" 1 '^cpu ' '' run $inputs --device cpu --expect "$fixture/o.npy" --tolerance 1e-2 \
        --repeat 1 "$@"
}

test_options() {
    npy zero_head.npy "$(dict '<f4' '(12,)')" 48
    npy zero_key.npy "$(dict '<f2' '(1, 309)')" 618
    npy nan_head.npy "$(dict '<f4' '(12,)')" 48 377
    npy nan_key.npy "$(dict '<f4' '(1, 1, 1, 309)')" 1236 377
    same --scale=0.17677669529663687
    differs --scale 0.2
    same --softcap 1e6
    differs --softcap 5
    same --alibi "$folder/zero_head.npy"
    differs --alibi "$folder/nan_head.npy"
    same --bias "$folder/zero_key.npy"
    differs --bias "$folder/nan_key.npy"
    differs --sink-logit "$folder/zero_head.npy"
    differs --window 20,20
    same --window 308,308
}

# ---- the fixture --------------------------------------------------------------------------------------------

# same_bytes TITLE A B
same_bytes() {
    cmp "$2" "$3" > "$out" 2> "$err"
    result $? "$1"
}

# has_header TITLE FILE PATTERN
has_header() {
    head -c 128 "$2" | grep -q -a -E -e "$3"
    result $? "$1"
}

test_fixture() {
    o=$folder/o.npy
    lse=$folder/lse.npy
    wants 'every device reproduces the model' 0 '^cpu .* [0-9.]+x$' '' \
        run $inputs --expect "$fixture/o.npy" --tolerance 1e-5 --device all
    wants 'the reference is in the table' 0 '^reference .* 1\.00x$' '' run $inputs --expect "$fixture/o.npy"
    wants 'a wrong result is found' 1 '^cpu ' '' run $inputs --causal --expect "$fixture/o.npy" --tolerance 1e-5
    wants 'the reference alone' 0 '^error .*to the expected file' '' \
        run $inputs --device reference --expect "$fixture/o.npy" --tolerance 1e-5 --repeat 1
    wants 'no device but the reference' 1 '^cpu .*ATTN_UNSUPPORTED' 'no device but the reference' \
        run --q "$folder/deep.npy" --k "$folder/deep.npy" --v "$folder/deep.npy" --device all
    wants 'one device' 0 '^time .* us|^time .* ms|^time .* s ' '' run $inputs --device cpu --out "$o" --lse "$lse"
    wants 'the output is read again' 0 '^cpu .* 0\.00e\+00 ' '' run $inputs --device cpu --expect "$o" --tolerance 0
    has_header 'the output is f4 in the shape of q' "$o" "'descr': '<f4', .*'shape': \\(1, 12, 309, 32\\)"
    has_header 'the log-sum-exp is f4 without channels' "$lse" "'descr': '<f4', .*'shape': \\(1, 12, 309\\)"
    cp "$o" "$folder/before.npy"
    wants 'one thread gives the same bits' 0 '^kernel' '' run $inputs --device cpu --threads 1 --repeat 2 --out "$o"
    same_bytes 'and replaces the older file' "$o" "$folder/before.npy"
    bf16="--bf16 --q $folder/bf16.npy --k $folder/bf16.npy --v $folder/bf16.npy"
    wants 'bf16 in, bf16 out' 0 'o \[1,1,3,8\] bf16' '' run $bf16 --out "$folder/same.npy"
    has_header 'is u2' "$folder/same.npy" "'descr': '<u2', .*'shape': \\(3, 8\\)"
    wants 'bf16 in, f32 out' 0 'o \[1,1,3,8\] f32' '' run $bf16 --out-type f32 --out "$folder/f32.npy" --lse "$lse"
    has_header 'is f4' "$folder/f32.npy" "'descr': '<f4', .*'shape': \\(3, 8\\)"
    has_header 'the log-sum-exp of rank 2 has rank 1' "$lse" "'shape': \\(3,\\)"
    wants 'layout bshd' 0 'q \[1,309,12,32\] f32' '' run $inputs --layout bshd --repeat 1
    cp "$fixture/q.npy" "$folder/q.npy"
    wants 'an input is not overwritten' 1 '' 'is also an input' run --q "$folder/q.npy" --k "$fixture/k.npy" \
        --v "$fixture/v.npy" --out "$folder/./q.npy"
    same_bytes 'and stays as it was' "$folder/q.npy" "$fixture/q.npy"
    wants 'outputs of one name' 1 '' 'is also the other output' run $inputs --out "$o" --lse "$o"
    wants 'outputs of one new file' 1 'kernel' 'has written' \
        run $inputs --out "$folder/new.npy" --lse "$folder/./new.npy"
    wants 'an output that is no file' 1 'kernel' 'not a regular file' run $inputs --out /dev/null
    wants 'an output in no folder' 1 'kernel' 'cannot be created' run $inputs --out "$folder/none/o.npy"
    cp "$o" "$folder/before.npy"
    (trap '' XFSZ; ulimit -f 100; "$attn" run $inputs --causal --out "$o") > "$out" 2> "$err"
    test $? = 1 && holds "$err" 'cannot be written'
    result $? 'a disk that is full'
    same_bytes 'keeps the older file' "$o" "$folder/before.npy"
    test -z "$(find "$folder" -name '*.tmp*')"
    result $? 'no temporary file is left'
}

# ---- the manual page ----------------------------------------------------------------------------------------

# The program in lib/attn.3, with roff's escapes undone.
manual_example() {
    awk '/^\.EE/ { on = 0 } on { print } /^\.EX/ { on = 1 }' "$source/lib/attn.3" | sed -n '/^#include/,$p' |
        sed -e 's/\\e/\\/g' -e 's/\\-/-/g'
}

# Every option that the program knows is in its manual page.
options_documented() {
    for command in devices run check bench tune explain draw; do
        "$attn" $command --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p'
    done | sort -u | while read -r option; do
        sed 's/\\-/-/g' "$source/tools/attn.1" | grep -q -e "$option" || echo "$option is missing in tools/attn.1"
    done > "$err"
    test ! -s "$err"
    result $? 'attn(1) has every option'
}

# block FILE NUMBER OPENING: the C program of that number in a Markdown file (OPENING ```c), or the block without a
# language behind it (OPENING ```).
block() {
    awk -v wanted="$2" -v opening="$3" '
        /^```/ && inside { inside = 0; next }
        /^```/ {
            inside = 1
            programs += $0 == "```c"
            take = programs == wanted && $0 == opening && !taken
            taken += take
            next
        }
        inside && take' "$1"
}

# runs TITLE: $folder/example.c compiles against the library and prints $folder/expected.
runs() {
    if test ! -f ./libtool || test ! -f ./libattn.la; then
        skip "$1 compiles" 'not in a build folder'
        skip "$1 prints what it says" 'not in a build folder'
        return
    fi
    ./libtool --mode=link --tag=CC ${CC-cc} ${CFLAGS-} -std=c11 -Wall -Wextra -Werror -I"$source/include" \
        "$folder/example.c" libattn.la -o "$folder/example" > "$out" 2> "$err"
    result $? "$1 compiles"
    ./libtool --mode=execute "$folder/example" > "$out" 2> "$err" && diff "$folder/expected" "$out" > "$folder/diff"
    result $? "$1 prints what it says"
}

test_manual() {
    options_documented
    for page in tools/attn.1 lib/attn.3; do
        if command -v groff > /dev/null 2>&1; then
            groff -man -ww -z "$source/$page" > "$out" 2> "$err"
            test ! -s "$err"
            result $? "$page is clean"
        else
            skip "$page is clean" 'no groff'
        fi
    done
    manual_example > "$folder/example.c"
    echo '0.0 49.5' > "$folder/expected"
    runs 'the example of attn(3)'
    for number in 1 2; do
        block "$source/doc/patterns.md" $number '```c' > "$folder/example.c"
        block "$source/doc/patterns.md" $number '```' > "$folder/expected"
        runs "program $number of doc/patterns.md"
    done
}

test_usage
test_devices
test_check
test_bad_files
test_explain
test_options
test_draw
test_svg
test_masks
test_fixture
test_manual
finish
