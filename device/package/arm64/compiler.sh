#!/usr/bin/env bash
# Debian's Rust compiler for this machine with the standard library for arm64, unpacked into a folder.
#
#   compiler.sh FOLDER
#
# `rustc-web` is the current compiler that Debian 12 keeps for its browsers. It runs on Debian 13 as well.

set -euo pipefail

folder=$1
[[ -e $folder/.done ]] && exit 0
source "$(dirname "$0")/debian.sh"

echo "setting up the arm64 compiler (220 MB)"
rm -rf "$folder"
mkdir -p "$folder"
trap 'rm -rf "$folder/.apt"' EXIT
debian_open "$folder/.apt" "amd64 arm64" bookworm bookworm-updates bookworm-security

# The one that PACKAGE depends on whose name matches PATTERN: its version number changes with every update.
needed() {
    debian_apt apt-cache --no-all-versions show "$1" |
        sed -n 's/^Depends: //p' | tr ',|' '\n\n' | sed 's/ //g; s/(.*//' | grep -xE "$2" | head -n 1
}
std=$(needed libstd-rust-web-dev 'libstd-rust-web-[0-9.]+')
llvm=$(needed "$std" 'libllvm[0-9]+')
cd "$folder/.apt"
debian_apt apt-get -qq download rustc-web libstd-rust-web-dev libstd-rust-web-dev:arm64 "$std" "$llvm"
for package in *.deb; do
    dpkg-deb -x "$package" "$folder"
done
touch "$folder/.done"
