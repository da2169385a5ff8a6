#!/bin/sh
# Make sure that the browser of the browser tests, and what reads its PDFs, are there: silent when they are, installed where
# that is allowed.
set -eu

missing=
command -v chromium >/dev/null 2>&1 || missing=chromium
command -v pdftotext >/dev/null 2>&1 || missing="$missing poppler-utils"
if [ -z "$missing" ]; then
    exit 0
fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # names of packages
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; then
        exit 0
    fi
fi
echo "missing: $missing, so browser tests are left out: install with 'apt-get install $missing' as root" >&2
exit 0
