#!/bin/sh
# Builds the kernels in C to Wasm, as `cargo bench -p weir-tests --bench kernels` runs them. Needs clang, lld
# and python3 (`apt-get install clang lld`). What comes of it is kept with the sources, so that measuring needs neither.
set -eu
cd "$(dirname "$0")"
flags="--target=wasm32 -O2 -ffreestanding -nostdlib -mbulk-memory -msign-ext -mmutable-globals"
clang --target=wasm32 -mmutable-globals -c border.s -o border.o
for source in *.c; do
  clang $flags border.o "$source" -o "${source%.c}.wasm" \
    -Wl,--no-entry -Wl,--strip-all -Wl,--global-base=4194304 -Wl,-z,stack-size=262144
done
rm border.o
# The linker makes a table that nothing uses, and steps may have none: its section (number 4) is left out.
python3 - *.wasm <<'END'
import sys
for path in sys.argv[1:]:
    data = open(path, "rb").read()
    at, out = 8, bytearray(data[:8])
    while at < len(data):
        start, size, shift, at = at, 0, 0, at + 1
        while True:
            byte = data[at]
            size, shift, at = size | (byte & 0x7F) << shift, shift + 7, at + 1
            if byte < 0x80:
                break
        at += size
        if data[start] != 4:
            out += data[start:at]
    open(path, "wb").write(out)
END
