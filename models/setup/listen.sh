#!/usr/bin/env bash
# Makes .venv-listen, the Python that listens to the music. Silent when it is ready.

set -euo pipefail
cd "$(dirname "$0")/../.."

wanted=device/listen/requirements.txt
cmp -s "$wanted" .venv-listen/ready.txt && exit 0

echo "making .venv-listen with NumPy and scikit-learn (some 60 MB to fetch, once)"
rm -rf .venv-listen
if ! /usr/bin/python3 -m venv .venv-listen ||
    ! .venv-listen/bin/python -m pip install --quiet --no-input --disable-pip-version-check --only-binary=:all: \
        --timeout 20 --retries 2 --requirement "$wanted"; then
    rm -rf .venv-listen
    echo "listen: .venv-listen could not be made; see above, connect to the network and try again." >&2
    exit 1
fi
cp "$wanted" .venv-listen/ready.txt
