#!/bin/sh
# The example doc/record_vulkan.c against the library in this build folder; skipped without Vulkan's headers or a device.
# make check sets srcdir, CC and CFLAGS.

folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
strict='-std=c11 -Wall -Wextra -Werror'

echo 1..2
if ! printf '#include <vulkan/vulkan.h>\nint main(void) { return 0; }\n' | ${CC-cc} -x c - -lvulkan -o "$folder/probe" 2> /dev/null; then
    echo "ok 1 - doc/record_vulkan.c compiles # SKIP no headers of Vulkan"
    echo "ok 2 - doc/record_vulkan.c prints what it says # SKIP no headers of Vulkan"
    exit
fi
./libtool --mode=link --tag=CC ${CC-cc} ${CFLAGS-} $strict -I"$srcdir/include" "$srcdir/doc/record_vulkan.c" \
    libattn.la -lvulkan -o "$folder/example" > "$folder/log" 2>&1 && echo "ok 1 - doc/record_vulkan.c compiles" ||
    { echo "not ok 1 - doc/record_vulkan.c compiles"; sed 's/^/# /' "$folder/log"; exit; }
./libtool --mode=execute "$folder/example" > "$folder/printed" 2> "$folder/log"
status=$?
if test $status = 77; then
    echo "ok 2 - doc/record_vulkan.c prints what it says # SKIP no device of Vulkan"
elif test $status = 0 && test "$(cat "$folder/printed")" = 4.0000; then
    echo "ok 2 - doc/record_vulkan.c prints what it says"
else
    echo "not ok 2 - doc/record_vulkan.c prints what it says"
    sed 's/^/# /' "$folder/printed" "$folder/log"
fi
