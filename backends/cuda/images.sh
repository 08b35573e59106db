#!/bin/sh
# images.sh rules|table LIST CODES: reads kernels.list and prints
#   rules   a makefile that compiles each line to FOLDER/NAME.fatbin for those of CODES ("sm_80 compute_80") that it is for, and
#           keeps what ptxas says of registers and memory in FOLDER/NAME.resources. It wants QUIET, NVCC, NVCCFLAGS and SOURCE.
#           A line's options are kept in FOLDER/NAME.options, so that changing one line compiles no other.
#   table   C: the images as arrays, and their table (image.h)
# FOLDER comes from the environment.

what=$1
list=$2
codes=$3

# codes_for LEAST: those of $codes that a line with this least compute capability is compiled for.
codes_for() {
    for code in $codes; do
        number=${code#*_}
        case $1 in
        *a) test "$number" = "$1" || continue ;;
        *) test "${number%a}" -ge "$1" || continue ;;
        esac
        printf ' %s' "$code"
    done
}

# type_options TYPES
type_options() {
    case $1 in
    f32) echo '-DK_TYPE=1 -DV_TYPE=1' ;;
    f16) echo '-DK_TYPE=2 -DV_TYPE=2 -DMMA_TYPE=2' ;;
    bf16) echo '-DK_TYPE=3 -DV_TYPE=3 -DMMA_TYPE=3' ;;
    any | -) ;;
    *) echo "images.sh: $list: types $1" >&2; exit 1 ;;
    esac
}

# dtype TYPES: attn_dtype.
dtype() {
    case $1 in
    f32 | f16 | bf16) echo "ATTN_$1" | tr a-z A-Z ;;
    *) echo ATTN_NONE ;;
    esac
}

# name_of IMAGE TYPES
name_of() {
    echo "$1_$2" | sed 's/_-$//'
}

# keep FILE: standard input becomes FILE, unless that has the same.
keep() {
    cat > "$1.tmp"
    if cmp -s "$1.tmp" "$1"; then rm -f "$1.tmp"; else mv -f "$1.tmp" "$1"; fi
}

# paths TEXTS: a line each.
paths() {
    echo "$1" | tr , '\n' | sed 's,^[^/]*$,gpu/&,; s,^,$(SOURCE)/,'
}

# options_of TYPES CODES TEXTS OPTIONS: nvcc's. The last text is compiled, the others are put in front of it.
options_of() {
    types=$(type_options "$1") || exit 1
    targets=$(for code in $2; do printf ' -gencode arch=compute_%s,code=%s' "${code#*_}" "$code"; done)
    before=$(paths "$3" | sed '$d; s,^, -include ,' | tr -d '\n')
    echo "$types $4$targets -include \$(SOURCE)/cuda/dialect.cuh -include \$(SOURCE)/gpu/shared.h$before" \
        "-x cu $(paths "${3##*,}")"
}

# rule NAME OPTIONS TEXTS
rule() {
    cat << END

all: $FOLDER/$1.fatbin
$FOLDER/$1.fatbin: $FOLDER/$1.options \$(SOURCE)/cuda/dialect.cuh \$(SOURCE)/gpu/shared.h \
    $(paths "$3" | tr '\n' ' ')
	@echo '  NVCC     $1'
	\$(QUIET)\$(NVCC) \$(NVCCFLAGS) $2 -o \$@.tmp > $FOLDER/$1.resources 2>&1 || { cat $FOLDER/$1.resources; exit 1; }
	@mv -f \$@.tmp \$@
END
}

# array NAME: words, not bytes, since compilers take long over long lists; fat binaries are read in words of 8 bytes.
array() {
    printf '\nstatic const uint64_t %s[] = {\n' "$1"
    od -An -v -tx8 "$FOLDER/$1.fatbin" | sed 's/ *\([0-9a-f][0-9a-f]*\)/ 0x\1,/g' || exit 1
    echo '};'
}

# each FUNCTION: calls it with image, types, least, texts and options of every line that some of $codes is for, once for each of its
# types.
each() {
    grep -v -e '^#' -e '^$' "$list" | while read -r image every_type least texts options; do
        built=$(codes_for "$least")
        for types in $(echo "$every_type" | tr , ' '); do
            test -z "$built" || $1 || exit 1
        done
    done
}

print_rule() {
    name=$(name_of "$image" "$types")
    nvcc_options=$(options_of "$types" "$built" "$texts" "$options") || exit 1
    echo "$nvcc_options" | keep "$FOLDER/$name.options"
    rule "$name" "$nvcc_options" "$texts"
}

print_array() {
    array "$(name_of "$image" "$types")"
}

# shared_bytes OPTIONS: of dynamic shared memory, 0 when they do not say.
shared_bytes() {
    bytes=$(echo "$1" | sed -n 's/.*-DSHARED_BYTES=\([0-9]*\).*/\1/p')
    echo "${bytes:-0}"
}

print_row() {
    printf '    { "%s", %s, "%s", %d, %s },\n' "$image" "$(dtype "$types")" "${built# }" "$(shared_bytes "$options")" \
        "$(name_of "$image" "$types")"
}

case $what in
rules)
    echo '# Made by images.sh.'
    echo 'all:'
    each print_rule
    ;;
table)
    echo '/* Made by images.sh. */'
    echo '#include <stdint.h>'
    echo '#include "cuda/image.h"'
    each print_array || exit 1
    printf '\nconst attn_cuda_image attn_cuda_images[] = {\n'
    each print_row
    echo '};'
    echo
    echo 'const int attn_cuda_image_count = sizeof attn_cuda_images / sizeof attn_cuda_images[0];'
    ;;
*)
    echo 'images.sh: rules or table' >&2
    exit 1
    ;;
esac
