# shellcheck shell=bash
# A private apt: packages of any Debian release and architecture, downloaded and unpacked into a folder.
# No root, nothing installed, the machine's own package lists untouched. To be sourced.
#
#   debian_open FOLDER ARCHITECTURES SUITE…   e.g. debian_open /tmp/x "amd64 arm64" bookworm bookworm-security
#   debian_apt PROGRAM ARGS…                  apt-get or apt-cache in it

debian_open() {
    private_apt=$1
    local architectures=$2 keyring=/usr/share/keyrings/debian-archive-keyring.gpg suite
    shift 2
    rm -rf "$private_apt"
    mkdir -p "$private_apt"/{state/lists/partial,cache/archives/partial}
    : >"$private_apt/status"
    for suite; do
        case $suite in
            *-security) echo "deb [signed-by=$keyring] ${DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security} $suite main" ;;
            *) echo "deb [signed-by=$keyring] ${DEBIAN_MIRROR:-http://deb.debian.org/debian} $suite main" ;;
        esac
    done >"$private_apt/sources.list"
    cat >"$private_apt/apt.conf" <<C
Dir::State "$private_apt/state";
Dir::State::status "$private_apt/status";
Dir::Cache "$private_apt/cache";
Dir::Etc::sourcelist "$private_apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "$(id -un)";
APT::Architecture "${architectures%% *}";
APT::Architectures { $(printf '"%s"; ' $architectures)};
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
C
    debian_apt apt-get -qq update
}

debian_apt() {
    APT_CONFIG=$private_apt/apt.conf "$@"
}
