#!/usr/bin/env bash
# Installs the Debian packages that are missing. Silent, and asks for nothing, when all are there.
#
#   packages.sh build       what building and testing needs
#   packages.sh demo        that, and what the demo renders sound and film with
#   packages.sh reference   that, and what MediaPipe's own Python package needs
#   packages.sh arm64       what building for a Raspberry Pi needs
#   packages.sh rig         what building needs, and what the virtual rig is made with

set -euo pipefail

build=(g++ libc6-dev make pkg-config clang libclang-dev libasound2-dev
    libopencv-core-dev libopencv-imgproc-dev libopencv-imgcodecs-dev libopencv-videoio-dev
    libavformat-dev libavcodec-dev libavutil-dev libswscale-dev
    gstreamer1.0-plugins-base ffmpeg ca-certificates python3 python3-pip python3-venv)
demo=(fluidsynth fluid-soundfont-gm)
reference=(python3-venv libegl1 libgles2 libgl1)
# g++ with its headers reads OpenCV's; the Pi's own libraries are unpacked elsewhere.
arm64=(g++ libc6-dev make binutils pkg-config clang libclang-dev lld qemu-user-static mmdebstrap
    ca-certificates debian-archive-keyring python3 python3-pip)
rig=(flex bison bc patch xz-utils kmod e2fsprogs ffmpeg debian-archive-keyring)

case "${1:-build}" in
    build) wanted=("${build[@]}") ;;
    demo) wanted=("${build[@]}" "${demo[@]}") ;;
    reference) wanted=("${build[@]}" "${reference[@]}") ;;
    arm64) wanted=("${arm64[@]}") ;;
    rig) wanted=("${build[@]}" "${rig[@]}") ;;
    *)
        echo "packages: unknown set '$1'; use build, demo, reference, arm64 or rig." >&2
        exit 2
        ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "packages: this is not Debian; what Rasika needs is named in models/setup/packages.sh." >&2
    exit 0
fi

installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' "${wanted[@]}" 2>/dev/null || true)"
missing=()
for package in "${wanted[@]}"; do
    [[ $installed == *" installed:$package "* ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

by_hand="apt-get install --no-install-recommends ${missing[*]}"
if [[ $(id -u) -eq 0 ]]; then
    as_root=()
elif command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
    as_root=(sudo)
else
    echo "packages: these Debian packages are missing and only root can install them; as root: $by_hand" >&2
    exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt_get() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=120 \
        -o Dpkg::Use-Pty=0 -o Acquire::Retries=2 "$@" </dev/null >"$log" 2>&1
}

echo "installing Debian packages: ${missing[*]}"
# The lists are brought up to date only when what they say does not work.
if ! apt_get install --no-install-recommends "${missing[@]}" &&
    ! { apt_get update && apt_get install --no-install-recommends "${missing[@]}"; }; then
    tail -n 5 "$log" >&2
    echo "packages: apt-get could not install them; when that is mended, as root: $by_hand" >&2
    exit 1
fi
