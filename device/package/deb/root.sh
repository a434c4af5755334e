#!/usr/bin/env bash
# A Debian for arm64 with everything the package depends on, as a folder to install into. Root only.
#
#   root.sh FOLDER RELEASE PACKAGE.deb

set -euo pipefail

folder=$1 release=$2 package=$3
depends=$(dpkg-deb --field "$package" Depends | sed 's/([^)]*)//g; s/ //g')
# What the test looks at the package with: systemd knows its units, udev its rules.
wanted=$depends,systemd,udev
[[ -e $folder/.done && $(cat "$folder/.done") == "$wanted" ]] && exit 0

echo "setting up Debian $release for arm64 to install into (emulated: some minutes)"
rm -rf --one-file-system "$folder"
mkdir -p "$folder"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
mmdebstrap --quiet --mode=root --variant=minbase --architectures=arm64 --include="$wanted" \
    --aptopt='Acquire::Languages "none"' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$release" "$folder" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$log" 2>&1 || {
    tail -n 15 "$log" >&2
    exit 1
}
echo "$wanted" >"$folder/.done"
