#!/usr/bin/env bash
# The Debian package for a Raspberry Pi: target/debian/rasika_VERSION_arm64.deb, one for each release of Debian.
#
#   RELEASE=trixie|bookworm deb.sh
#
# The version says which: 0.1.0-1~deb12 is older than 0.1.0-1~deb13, so a Pi that goes to the next Debian gets the next
# package.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
source_tree=$(cd "$here/../.." && pwd)
cache=${RASIKA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rasika}
export RELEASE=${RELEASE:-trixie}
cargo_deb_version=3.8.0
revision=1
triple=aarch64-unknown-linux-gnu
packages=${CARGO_TARGET_DIR:-$source_tree/target}/debian

"$here/arm64.sh" build
if [[ $("$cache/cargo-deb/bin/cargo-deb" --version 2>/dev/null) != *"$cargo_deb_version" ]]; then
    echo "setting up cargo-deb $cargo_deb_version"
    CARGO_TARGET_DIR=$cache/cargo-deb-build \
        cargo install --quiet --locked --root "$cache/cargo-deb" "cargo-deb@$cargo_deb_version"
    rm -rf "$cache/cargo-deb-build"
fi
/usr/bin/python3 "$source_tree/models/setup/fetch.py" --architecture aarch64 --files "$cache/aarch64" models lib

eval "$("$here/arm64.sh" env)"
staged=$CARGO_TARGET_DIR/$triple/release/staged
rm -rf "$staged"
mkdir -p "$staged"/{lib,models,doc,man,completions}
cp "$cache/aarch64/lib/libLiteRt.so" "$staged/lib/"
cp "$cache"/aarch64/models/*.tflite "$staged/models/"
cp "$source_tree"/docs/{performer,teacher,builder,raga-authors}.md "$source_tree/models/README.md" "$staged/doc/"
mv "$staged/doc/README.md" "$staged/doc/model-card.md"
cp "$source_tree"/hardware/board/*.{md,svg} "$staged/doc/"
mv "$staged/doc/README.md" "$staged/doc/board.md"
cd "$source_tree"
"$here/deb/notices.py" | gzip -9n >"$staged/doc/crates.txt.gz"
rasika=("$here/arm64.sh" run "$CARGO_TARGET_DIR/$triple/release/rasika")
"${rasika[@]}" man "$staged/man"
"${rasika[@]}" completions bash >"$staged/completions/rasika"
cp "$here/deb/rasikad.1" "$staged/man/"
gzip -9n "$staged"/man/*.1

declare -A debian=([bookworm]=12 [trixie]=13)
mkdir -p "$packages"
"$cache/cargo-deb/bin/cargo-deb" --quiet --no-build --no-strip --package rasika-device --variant "$RELEASE" \
    --target $triple --deb-revision "$revision~deb${debian[$RELEASE]}" --output "$packages"
