#!/usr/bin/env bash
# Makes .venv-tables, the Python whose pandas writes the tables that tests read (120 MB to fetch). Silent when it is ready.

set -euo pipefail
cd "$(dirname "$0")/../.."

wanted="numpy==2.4.6 pandas==3.1.1 pyarrow==26.0.1 fastparquet==2026.9.0 openpyxl==3.1.5"
[ "$(cat .venv-tables/ready.txt 2>/dev/null)" = "$wanted" ] && exit 0

echo "making .venv-tables with pandas (once)"
rm -rf .venv-tables
# shellcheck disable=SC2086 # several words
if ! /usr/bin/python3 -m venv .venv-tables ||
    ! .venv-tables/bin/python -m pip install --quiet --no-input --disable-pip-version-check --no-compile \
        --only-binary=:all: --timeout 20 --retries 2 $wanted; then
    rm -rf .venv-tables
    echo "tables: .venv-tables could not be made; see above, connect to the network and try again." >&2
    exit 1
fi
echo "$wanted" > .venv-tables/ready.txt
