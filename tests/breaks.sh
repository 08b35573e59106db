#!/bin/sh
# That the checks see what they are there for: makes each deliberate break of breaks.list in a copy of the sources and
# expects the check named there to fail. Called in a configured build folder by `make breaks`, which sets srcdir, CC,
# CXX, NM, OBJDUMP, NVCC and MAKE; BREAKS='NAME...' are the only ones to make. Takes minutes, so make check leaves it out.

list=$srcdir/tests/breaks.list
scratch=$PWD/tests/breaks.tmp
make=${MAKE-make}
points=0
passed=0
failed=0
skipped=0

# The checks that take a device are run on the portable kernels, which compile fastest. Two threads, where there are two
# processors: of two work items, one must not always follow the other.
ATTN_CPU_ISA=c
OMP_NUM_THREADS=2
CMOCKA_MESSAGE_OUTPUT=TAP
CFLAGS=-O1
export ATTN_CPU_ISA OMP_NUM_THREADS CMOCKA_MESSAGE_OUTPUT CFLAGS

# ---- test points --------------------------------------------------------------------------------------------

ok() {
    points=$((points + 1)) passed=$((passed + 1))
    echo "ok $points - $1"
}

# not_ok TITLE REASON [LOG]
not_ok() {
    points=$((points + 1)) failed=$((failed + 1))
    echo "not ok $points - $1"
    echo "# $2"
    test -z "$3" || tail -n 20 "$3" | sed 's/^/# /'
}

skip() {
    points=$((points + 1)) skipped=$((skipped + 1))
    echo "ok $points - $1 # SKIP $2"
}

# ---- the copy -----------------------------------------------------------------------------------------------

# What `make dist` would pack: configure is among it, so nothing of Autotools runs.
copy_sources() {
    rm -rf "$scratch"
    mkdir -p "$scratch/build" && $make distdir distdir=tests/breaks.tmp/source && chmod -R u+w "$scratch/source"
}

# Optimisation that does not take long, warnings that stop nothing, of the x86 kernels those of one level, and CUDA's as PTX.
configure_copy() {
    cd "$scratch/build" && ../source/configure CFLAGS="$CFLAGS" attn_cv_isa_avx512=no --with-cuda-arch=compute_80 &&
        $make && $make check TESTS=
}

# ---- checks -------------------------------------------------------------------------------------------------
# A check is a command of breaks.list: `attn ARGUMENT...`, a unit test, or a script of tests/.

# targets CHECK: what to build for it. header.tap compiles by itself.
targets() {
    case $1 in
    attn\ *) echo attn ;;
    unit_*) echo "tests/$1" ;;
    header.tap) ;;
    symbols.sh) echo libattn.la ;;
    tool.sh | tune.sh) echo attn libattn.la ;;
    *) echo all ;;
    esac
}

# why_not CHECK: why it cannot be run here; nothing when it can.
why_not() {
    case $1 in
    attn\ *--isa\ *)
        isa=${1#*--isa }
        isa=${isa%% *}
        ATTN_CPU_ISA=$isa ./attn devices > /dev/null 2>&1 || echo "no $isa"
        ;;
    unit_*) test -x "tests/$1" || echo 'it is not built' ;;
    header.tap) test "${CXX-:}" != : && command -v "${CXX%% *}" > /dev/null 2>&1 || echo 'no C++ compiler' ;;
    symbols.sh) test -f .libs/libattn.so || echo 'no shared library was built' ;;
    installed.sh) command -v "${PKG_CONFIG-pkg-config}" > /dev/null 2>&1 || echo 'no pkg-config' ;;
    esac
}

# A break may make an endless loop.
within_limit() {
    if command -v timeout > /dev/null 2>&1; then
        timeout 300 "$@"
    else
        "$@"
    fi
}

# run_check CHECK: in the build folder of the copy.
run_check() {
    set -f
    set -- $1
    set +f
    case $1 in
    attn)
        shift
        within_limit ./attn "$@"
        ;;
    unit_*) within_limit "tests/$1" ;;
    installed.sh)
        rm -rf installed
        $make install DESTDIR="$PWD/installed" && $make installcheck DESTDIR="$PWD/installed"
        ;;
    *) within_limit sh "../source/tests/$1" ;;
    esac
}

# passes CHECK: no failure in its exit status, nor in its test points. Its output is left in $scratch/log.
passes() {
    run_check "$1" > "$scratch/log" 2>&1 < /dev/null && ! grep -q '^not ok' "$scratch/log"
}

# ---- the list -----------------------------------------------------------------------------------------------

# wanted NAME
wanted() {
    case " ${BREAKS:-$1} " in
    *" $1 "*) ;;
    *) return 1 ;;
    esac
}

# One file an entry; a paragraph of comments is none.
split_list() {
    mkdir "$scratch/entries" &&
        awk -v folder="$scratch/entries" '
            BEGIN { RS = "" }
            /(^|\n)[^#]/ { print > sprintf("%s/%03d", folder, ++n) }' "$list"
}

# read_entry FILE: sets name, file, check and says; the sed commands are left in $scratch/commands.
read_entry() {
    name='' file='' check='' says=''
    : > "$scratch/commands"
    while IFS= read -r line; do
        case $line in
        'break '*) name=${line#* } ;;
        'file '*) file=${line#* } ;;
        'sed '*) printf '%s\n' "${line#* }" >> "$scratch/commands" ;;
        'check '*) check=${line#* } ;;
        'says '*) says=${line#* } ;;
        '#'*) ;;
        *) not_ok "breaks.list" "not understood: $line" ;;
        esac
    done < "$1"
}

# each FUNCTION: calls it for every entry wanted.
each() {
    for entry in "$scratch"/entries/*; do
        read_entry "$entry"
        ! wanted "$name" || $1
    done
}

# Without a break, every check must pass: one that always fails sees nothing.
check_whole() {
    grep -q -x -F -e "$check" "$scratch/checks" && return
    printf '%s\n' "$check" >> "$scratch/checks"
    reason=$(why_not "$check")
    if test -n "$reason"; then
        printf '%s\n' "$check" >> "$scratch/cannot"
        skip "without a break $check passes" "$reason"
    elif passes "$check"; then
        ok "without a break $check passes"
    else
        not_ok "without a break $check passes" 'it fails' "$scratch/log"
    fi
}

# change FILE: every sed command changes it.
change() {
    test -s "$scratch/commands" || return 1
    while IFS= read -r command; do
        sed -e "$command" "$1" > "$scratch/changed" || return 1
        ! cmp -s "$1" "$scratch/changed" || return 1
        cat "$scratch/changed" > "$1"
    done < "$scratch/commands"
}

build() {
    test -z "$targets" || $make $targets
}

# With its old time, unless the broken file is in a build: the time of attn.h decides whether configure is made again.
put_back() {
    cp -p "$scratch/whole" "$broken"
    test -z "$targets" || touch "$broken"
}

make_break() {
    title="break $name is seen by $check"
    broken=$scratch/source/$file
    targets=$(targets "$check")
    if grep -q -x -F -e "$check" "$scratch/cannot"; then
        skip "$title" 'it cannot be run here'
        return
    fi
    if test -z "$check" || test -z "$says" || ! cp -p "$broken" "$scratch/whole"; then
        not_ok "$title" 'breaks.list: no check, no says, or no such file'
        return
    fi
    if ! change "$broken"; then
        not_ok "$title" "breaks.list: a sed command changes nothing in $file"
    elif ! build > "$scratch/log" 2>&1 < /dev/null; then
        not_ok "$title" 'the broken tree does not build' "$scratch/log"
    elif passes "$check"; then
        not_ok "$title" 'the check passes'
    elif grep -q -E -e "$says" "$scratch/log"; then
        ok "$title"
    else
        not_ok "$title" "the check fails, but does not say: $says" "$scratch/log"
    fi
    put_back
}

trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
log=tests/breaks.log
copy_sources > $log 2>&1 && split_list && (configure_copy) >> $log 2>&1 || {
    echo "Bail out! The copy of the sources cannot be built; the whole log is $log."
    tail -n 20 $log | sed 's/^/# /'
    exit 1
}
cd "$scratch/build" || exit 1
srcdir=../source
: > "$scratch/checks"
: > "$scratch/cannot"
each check_whole
each make_break
echo "1..$points"
echo "# $passed passed, $failed failed, $skipped skipped"
test $failed = 0 && test $passed -gt 0
