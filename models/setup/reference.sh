#!/usr/bin/env bash
# Makes .venv, the Python that MediaPipe's own package runs in. Silent when it is ready.

set -euo pipefail
cd "$(dirname "$0")/../.."

wanted=models/goldens/requirements.txt
cmp -s "$wanted" .venv/ready.txt && exit 0

echo "making .venv with MediaPipe (some 200 MB to fetch, once)"
rm -rf .venv
if ! /usr/bin/python3 -m venv .venv ||
    ! .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check --only-binary=:all: \
        --timeout 20 --retries 2 --requirement "$wanted"; then
    rm -rf .venv
    echo "reference: .venv could not be made; see above, connect to the network and try again." >&2
    exit 1
fi
cp "$wanted" .venv/ready.txt
