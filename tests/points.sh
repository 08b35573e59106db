# What the tests of the program attn share: where things are, and test points. Sourced.
# ATTN: the program (./attn). srcdir: the source folder (.).

attn=${ATTN-./attn}
source=${srcdir-.}
fixture=$source/tests/fixture
inputs="--q $fixture/q.npy --k $fixture/k.npy --v $fixture/v.npy"
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
out=$folder/stdout
err=$folder/stderr
points=0
failed=0

# ---- test points --------------------------------------------------------------------------------------------

# result STATUS TITLE: one test point; on failure shows what the program said.
result() {
    points=$((points + 1))
    if test "$1" = 0; then
        echo "ok $points - $2"
        return
    fi
    failed=$((failed + 1))
    echo "not ok $points - $2"
    sed 's/^/# stdout: /' "$out" | head -n 20
    sed 's/^/# stderr: /' "$err" | head -n 20
}

skip() {
    points=$((points + 1))
    echo "ok $points - $1 # SKIP $2"
}

# attn_exits STATUS ARGUMENT...
attn_exits() {
    wanted=$1
    shift
    "$attn" "$@" > "$out" 2> "$err"
    status=$?
    test $status = "$wanted" || { echo "exit status $status, wanted $wanted" >> "$err"; return 1; }
}

# holds FILE PATTERN: a line of FILE matches; with an empty PATTERN, FILE is empty.
holds() {
    if test -z "$2"; then
        test ! -s "$1"
    else
        grep -q -E -e "$2" "$1"
    fi
}

# wants TITLE STATUS STDOUT STDERR ARGUMENT...: the exit status, and a pattern for each stream.
wants() {
    title=$1 wanted_status=$2 wanted_out=$3 wanted_err=$4
    shift 4
    attn_exits "$wanted_status" "$@" && holds "$out" "$wanted_out" && holds "$err" "$wanted_err"
    result $? "$title"
}

# finish: behind the last point.
finish() {
    echo "1..$points"
    test $failed = 0
}
