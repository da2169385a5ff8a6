#!/bin/sh
# Make sure that Azurite, Microsoft's emulator of Azure Blob, is there: silent when it is, installed where npm is.
set -eu
version=3.35.0
cd "$(dirname "$0")/../.."
if grep -qs "\"version\": \"$version\"" .npm/node_modules/azurite/package.json; then
    exit 0
fi
if command -v npm >/dev/null 2>&1; then
    echo "installing azurite $version into .npm" >&2
    mkdir -p .npm
    # no lock file: it would record where each package came from
    if npm install --prefix .npm --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error \
        "azurite@$version" >&2; then
        exit 0
    fi
fi
echo "azurite is missing, so the tests of Azure Blob are left out: install npm, then run $0" >&2
exit 0
