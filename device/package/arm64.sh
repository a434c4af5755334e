#!/usr/bin/env bash
# Builds for a Raspberry Pi (64 bit) on a Debian 12 or 13 machine with an Intel or AMD processor.
#
#   arm64.sh build            rasikad and rasika, into target/arm64-RELEASE; what is missing is set up first
#   arm64.sh setup            the set-up alone
#   arm64.sh cargo ARGS…      cargo for the Pi: `arm64.sh cargo test` runs the tests under qemu-user
#   arm64.sh run BIN ARGS…    runs a program of the Pi under qemu-user
#   arm64.sh needs BIN        the libraries and the C library that a program asks of the Pi
#   arm64.sh env              the variables of the cross build, for eval
#
#   RELEASE=trixie|bookworm   the Pi's Debian (default trixie): OpenCV's version ties a program to one of them
#   RASIKA_CACHE=DIR          compiler, libraries (1.5 GB), default ~/.cache/rasika
#   CPU=cortex-a72|…          the processor qemu plays

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
source_tree=$(cd "$here/../.." && pwd)
cache=${RASIKA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rasika}
release=${RELEASE:-trixie}
case $release in
    trixie) gxx=14 ;;
    bookworm) gxx=12 ;;
    *)
        echo "arm64: RELEASE is '$release'; use trixie or bookworm." >&2
        exit 2
        ;;
esac
triple=aarch64-unknown-linux-gnu
gnu=aarch64-linux-gnu
compiler=$cache/rust-web
sysroot=$cache/sysroot-$release
fetched=$cache/aarch64
wrappers=$cache/wrappers-$release
built=${CARGO_TARGET_DIR:-$source_tree/target}/arm64-$release
python=/usr/bin/python3

# The rustup way, if someone has added the target; else Debian's own compiler, which needs nothing but Debian.
rustup_has_target() {
    [[ -d $(rustc --print target-libdir --target $triple 2>/dev/null) ]]
}

setup() {
    if [[ $(uname -m) != x86_64 ]]; then
        echo "arm64: this machine is $(uname -m); build on a Pi with \`make build\`, here only Intel and AMD can." >&2
        exit 1
    fi
    command -v cargo >/dev/null || {
        echo "arm64: Rust is missing: install it with rustup, see rust-lang.org/tools/install." >&2
        exit 1
    }
    "$source_tree/models/setup/packages.sh" arm64
    mkdir -p "$cache"
    rustup_has_target || "$here/arm64/compiler.sh" "$compiler"
    "$here/arm64/sysroot.sh" "$sysroot" "$release" "$gxx"
    "$python" "$source_tree/models/setup/fetch.py" --architecture aarch64 --files "$fetched" lib
    write_wrappers
}

# Small programs that cargo calls: they know where the compiler and the Pi's libraries are.
write_wrappers() {
    mkdir -p "$wrappers"
    local tool
    for tool in rustc rustdoc; do
        wrapper $tool "LD_LIBRARY_PATH='$compiler/usr/lib/x86_64-linux-gnu'\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH} \\
    exec '$compiler/usr/bin/$tool' \"\$@\""
    done
    for tool in clang clang++; do
        wrapper aarch64-$tool "exec $tool --target=$gnu --sysroot='$sysroot' -fuse-ld=lld \"\$@\""
    done
    # A real Pi's processor: with qemu's own choice XNNPACK takes SVE kernels, ten times slower to emulate.
    wrapper run "exec qemu-aarch64-static -cpu \"\${CPU:-cortex-a72}\" -L '$sysroot' \\
    -E LD_LIBRARY_PATH='$fetched/lib' \"\$@\""
}

# A wrapper is written only when it says something new: a newer file would make cargo build all again.
wrapper() {
    local text=$'#!/bin/sh\n'$2$'\n'
    [[ -e $wrappers/$1 && $(cat "$wrappers/$1"; echo .) == "$text." ]] && return
    printf '%s' "$text" >"$wrappers/$1"
    chmod +x "$wrappers/$1"
}

variables() {
    local under=${triple//-/_}
    local upper=${under^^}
    rustup_has_target || echo "export RUSTC='$wrappers/rustc' RUSTDOC='$wrappers/rustdoc'"
    # Symbols stay, for a panic's backtrace; line tables would make the package four times as large.
    cat <<V
export CARGO_BUILD_TARGET=$triple CARGO_TARGET_DIR='$built' CARGO_PROFILE_RELEASE_STRIP=debuginfo
export CARGO_TARGET_${upper}_LINKER='$wrappers/aarch64-clang' CARGO_TARGET_${upper}_RUNNER='$wrappers/run'
export CC_$under='$wrappers/aarch64-clang' CXX_$under='$wrappers/aarch64-clang++' AR_$under=ar
export LITERT_LIB_DIR='$fetched/lib'
export PKG_CONFIG_ALLOW_CROSS_$under=1 PKG_CONFIG_SYSROOT_DIR_$under='$sysroot'
export PKG_CONFIG_LIBDIR_$under='$sysroot/usr/lib/$gnu/pkgconfig:$sysroot/usr/share/pkgconfig'
export OPENCV_INCLUDE_PATHS='$sysroot/usr/include/opencv4,$sysroot/usr/include/$gnu/opencv4'
export OPENCV_LINK_PATHS='$sysroot/usr/lib/$gnu'
V
}

in_cross() {
    eval "$(variables)"
    cd "$source_tree"
    "$@"
}

case ${1:-} in
    setup) setup ;;
    build)
        setup
        in_cross cargo build --release --package rasika-device --package rasika-host --bins --features rasika-device/rppal
        echo "built for $release: $built/$triple/release/{rasikad,rasika}"
        ;;
    cargo)
        setup
        in_cross "$@"
        ;;
    run)
        shift
        exec "$wrappers/run" "$@"
        ;;
    needs)
        readelf -d "$2" | grep -E 'NEEDED|RUNPATH'
        readelf -V "$2" | grep -oE '(GLIBC|GLIBCXX)_[0-9.]+' | sort -Vu |
            awk -F_ '{ newest[$1] = $0 } END { for (name in newest) print " newest symbols:", newest[name] }'
        ;;
    env) variables ;;
    *)
        sed -n '3,14s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
esac
