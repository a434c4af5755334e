#!/usr/bin/env bash
# Makes .venv-litert, the Python whose ai_edge_litert packages are checked in (40 MB to fetch). Silent when it is ready.

set -euo pipefail
cd "$(dirname "$0")/../.."

# The release whose library the box uses, see models/manifest.toml.
wanted="ai-edge-litert==2.1.4 numpy==2.4.6"
[ "$(cat .venv-litert/ready.txt 2>/dev/null)" = "$wanted" ] && exit 0

echo "making .venv-litert with Google's ai-edge-litert (once)"
rm -rf .venv-litert
# shellcheck disable=SC2086 # two words
if ! /usr/bin/python3 -m venv .venv-litert ||
    ! .venv-litert/bin/python -m pip install --quiet --no-input --disable-pip-version-check --only-binary=:all: \
        --timeout 20 --retries 2 $wanted; then
    rm -rf .venv-litert
    echo "litert: .venv-litert could not be made; see above, connect to the network and try again." >&2
    exit 1
fi
echo "$wanted" > .venv-litert/ready.txt
