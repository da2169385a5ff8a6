#!/bin/sh
# Build the wheel, install it with the pins into an empty environment outside the checkout, and audit the demo estate.
set -eu
python=$1
root=$(pwd)
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
"$python" -m pip --disable-pip-version-check --quiet wheel --no-deps --no-build-isolation --wheel-dir "$room" "$root"
"$python" -m venv "$room/venv"
"$room/venv/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes -r "$root/requirements.txt"
"$room/venv/bin/python" -m pip --disable-pip-version-check --quiet install --no-deps "$room"/ringfence-*.whl
cd "$room"
"$room/venv/bin/ringfence" audit --demo --allow-partial -o out
test -n "$(find out -name report.html)"
echo "wheel: ok"
