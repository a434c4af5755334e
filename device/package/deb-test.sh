#!/usr/bin/env bash
# Installs the Debian package into a Debian for arm64, under emulation: what it brings, what `rasikad doctor` says, what
# it sees in a picture, what stays when it is removed, and that nothing stays when it is purged with its recordings.
#
#   RELEASE=trixie|bookworm deb-test.sh     builds the package first; needs root, or sudo

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
source_tree=$(cd "$here/../.." && pwd)
export RASIKA_CACHE=${RASIKA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rasika} RELEASE=${RELEASE:-trixie}
packages=${CARGO_TARGET_DIR:-$source_tree/target}/debian
picture=$source_tree/models/files/media/astronaut.png

if [[ ${1:-} != --as-root ]]; then
    "$here/deb.sh"
    [[ -e $picture ]] || /usr/bin/python3 "$source_tree/models/setup/fetch.py" media
    host=${HOST_RASIKAD:-${CARGO_TARGET_DIR:-$source_tree/target}/release/rasikad}
    [[ -x $host ]] || host=
    variables=(RASIKA_CACHE="$RASIKA_CACHE" RELEASE="$RELEASE" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-}" HOST_RASIKAD="$host")
    if [[ $(id -u) -eq 0 ]]; then
        exec env "${variables[@]}" "$0" --as-root
    elif command -v sudo >/dev/null; then
        exec sudo env "${variables[@]}" "$0" --as-root
    fi
    echo "deb-test: installing into another system is root's; run it as root or with sudo." >&2
    exit 1
fi

number=$([[ $RELEASE == trixie ]] && echo 13 || echo 12)
package=$(ls -t "$packages"/rasika_*~deb"$number"_arm64.deb | head -n 1)
endings=()
at_end() { endings=("$1" "${endings[@]}"); }
trap 'for ending in "${endings[@]}"; do eval "$ending" || true; done' EXIT

source "$here/deb/emulation.sh"
emulate
pristine=$RASIKA_CACHE/pi-$RELEASE
"$here/deb/root.sh" "$pristine" "$RELEASE" "$package"
pi=$(mktemp -d "$RASIKA_CACHE/deb-test.XXXXXX")
at_end "rm -rf --one-file-system '$pi'"
cp -a "$pristine/." "$pi"
rm "$pi/.done"
# mmdebstrap told it to leave out documents; a Pi does not.
rm -f "$pi"/etc/dpkg/dpkg.cfg.d/99mmdebstrap
mount -t proc proc "$pi/proc"
at_end "umount '$pi/proc'"
# LiteRT looks there what processor it runs on.
mount -t sysfs -o ro sysfs "$pi/sys"
at_end "umount '$pi/sys'"

failures=0
# check WHAT COMMAND…: the command must succeed.
check() {
    local what=$1 out
    shift
    if out=$("$@" 2>&1); then
        echo "  ok    $what"
    else
        echo "  FAIL  $what"
        [[ -z $out ]] || sed 's/^/          /' <<<"$out"
        failures=$((failures + 1))
    fi
}
not() { ! "$@"; }
on_pi() { chroot "$pi" env -i PATH=/usr/sbin:/usr/bin QEMU_CPU="$QEMU_CPU" DEBIAN_FRONTEND=noninteractive "$@"; }
install_it() {
    cp "$package" "$pi/tmp/rasika.deb"
    on_pi dpkg -i /tmp/rasika.deb
    rm "$pi/tmp/rasika.deb"
}
# Everything on the disk but what dpkg itself writes down, and who there is. The group gpio may stay: others use it.
everything() {
    (cd "$pi" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./var/lib/dpkg -o -path ./var/log -o \
        -path ./var/cache -o -path ./tmp \) -prune -o -print | grep -vE '(passwd|group|shadow|subuid|subgid)-$' | sort)
    grep -v '^gpio:' "$pi/etc/group" | sort
    sort "$pi/etc/passwd"
}
in_group() { on_pi id -nG rasika | tr ' ' '\n' | grep -qx "$1"; }
enabled() { [[ -L $pi/etc/systemd/system/multi-user.target.wants/$1 ]]; }

echo "== $(basename "$package") on Debian $RELEASE, arm64 under qemu ($QEMU_CPU)"
before=$(everything)
check "installs" install_it
check "installs again over itself" install_it
check "all its libraries are there" not grep -q 'not found' <(on_pi /usr/lib/ld-linux-aarch64.so.1 --list /usr/bin/rasikad 2>&1)
for group in video audio dialout gpio; do
    if grep -q "^$group:" "$pi/etc/group"; then check "rasika is in the group $group" in_group $group; fi
done
check "takes are private" test "$(stat -c '%U %a' "$pi/var/lib/rasika" 2>/dev/null | cut -d' ' -f2)" = 750
check "the services start with the system" enabled rasikad.service
check "                            and the gadget" enabled rasika-gadget.service
check "the units are well formed" on_pi systemd-analyze verify --man=no rasikad.service rasika-gadget.service
if on_pi udevadm verify --help >/dev/null 2>&1; then
    check "the udev rules are well formed" on_pi udevadm verify /usr/lib/udev/rules.d/70-rasika.rules
fi
check "it may switch the board off, and nothing else" test -e "$pi/usr/share/polkit-1/rules.d/50-rasika.rules"
check "notices are there" grep -q LiteRT "$pi/usr/share/doc/rasika/copyright"
check "manual pages are there" test -e "$pi/usr/share/man/man1/rasikad.1.gz" -a -e "$pi/usr/share/man/man1/rasika-pull.1.gz"

echo "== the programs"
check "rasikad" on_pi rasikad --version
check "rasika" on_pi rasika --version
check "ragas" grep -q Bhairavi <(on_pi rasikad raga list)
on_pi rasikad doctor --json >"$pi/tmp/doctor.json" 2>/dev/null || true
check "doctor: models, LiteRT and groups are well; only hardware is missing" python3 - "$pi/tmp/doctor.json" <<'P'
import json, sys

findings = json.load(open(sys.argv[1]))
verdicts = {finding["about"]: finding["verdict"] for finding in findings}
assert all(verdicts[about] == "ok" for about in ("models", "litert", "groups", "disk")), findings
failed = {about for about, verdict in verdicts.items() if verdict == "fail"}
# There is no camera here and no sound card, nor shall there be; on a machine that has them these are well too.
assert failed <= {"camera", "alsa", "pins"}, findings
P
cp "$picture" "$pi/tmp/face.png"
check "sees a face" bash -c 'chroot "$1" env -i PATH=/usr/bin QEMU_CPU="$2" rasikad see /tmp/face.png --json >"$1/tmp/seen.json"' - "$pi" "$QEMU_CPU"
check "                with 478 points, and probabilities that sum to at most 1" python3 - "$pi/tmp/seen.json" <<'P'
import json, sys

seen = json.loads(open(sys.argv[1]).readline())
assert len(seen["face"]["landmarks"]) == 478 and seen["face"]["score"] > 0.9, seen["face"]["score"]
values = seen["probabilities"].values() if isinstance(seen["probabilities"], dict) else seen["probabilities"]
assert 0.5 < sum(values) < 1.001, values
P
if [[ -n ${HOST_RASIKAD:-} ]]; then
    "$HOST_RASIKAD" see "$picture" --json >"$pi/tmp/host.json" 2>/dev/null
    # The name of the file is no number.
    sed -i 's/"file":"[^"]*",//' "$pi/tmp/host.json" "$pi/tmp/seen.json"
    check "sees what this machine sees, within 1e-3" "$here/compare.py" "$pi/tmp/host.json" "$pi/tmp/seen.json"
else
    echo "  --    not compared with this machine: \`make build\` first"
fi
rm -f "$pi"/tmp/*

echo "== removed, purged"
echo "# mine" >>"$pi/etc/default/rasikad"
touch "$pi/var/lib/rasika/takes.sqlite"
check "an upgrade leaves my settings" install_it
check "                           as they were" grep -q '# mine' "$pi/etc/default/rasikad"
check "removes" on_pi dpkg -r rasika
check "the programs are gone" not test -e "$pi/usr/bin/rasikad"
check "settings stay" grep -q '# mine' "$pi/etc/default/rasikad"
check "recordings stay" test -e "$pi/var/lib/rasika/takes.sqlite"
check "purges" on_pi dpkg -P rasika
check "settings are gone" not test -e "$pi/etc/default/rasikad" -o -e "$pi/etc/rasika"
check "recordings stay even so" test -e "$pi/var/lib/rasika/takes.sqlite"
check "                and their owner" on_pi id rasika
check "installs over old recordings" install_it
touch "$pi/etc/rasika/purge-recordings"
check "purges with the recordings, when asked" on_pi dpkg -P rasika
check "nothing is left behind" diff <(echo "$before") <(everything)

if [[ $failures -gt 0 ]]; then
    echo "deb-test: $failures checks fail." >&2
    exit 1
fi
echo "all is well"
