#!/usr/bin/env bash
# The Pi's headers and libraries, unpacked into a folder: no maintainer script runs, so nothing is emulated.
#
#   sysroot.sh FOLDER RELEASE GXX     GXX: the version of libstdc++ in that release

set -euo pipefail

folder=$1 release=$2 gxx=$3 gnu=aarch64-linux-gnu
# One that an earlier version of this script made lacks something.
is_done=$folder/.done-with-libav
[[ -e $is_done ]] && exit 0
source "$(dirname "$0")/debian.sh"

echo "setting up the libraries of Debian $release for arm64 (1 GB)"
rm -rf "$folder"
mkdir -p "$folder"
trap 'rm -rf "$folder/.apt"' EXIT
debian_open "$folder/.apt" arm64 "$release" "$release-updates" "$release-security"
debian_apt apt-get -qq -y --download-only install libc6-dev "libstdc++-$gxx-dev" \
    libopencv-imgproc-dev libopencv-videoio-dev libopencv-imgcodecs-dev libasound2-dev \
    libavformat-dev libavcodec-dev libavutil-dev libswscale-dev >/dev/null

# base-files would have made these: /lib is /usr/lib.
mkdir -p "$folder"/usr/{lib,bin,sbin}
for link in lib bin sbin; do
    ln -s "usr/$link" "$folder/$link"
done
for package in "$folder"/.apt/cache/archives/*.deb; do
    # Not dpkg-deb -x: it would replace the links above by the folders of older packages.
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink --no-same-owner -C "$folder"
done
# And update-alternatives these.
for library in blas/libblas lapack/liblapack; do
    there=$folder/usr/lib/$gnu/${library#*/}.so.3
    [[ -e $there ]] || ln -s "$library.so.3" "$there"
done
touch "$is_done"
