#!/bin/sh
# Make sure that the browser of the browser tests is there: silent when it is, installed where that is allowed.
set -eu

if command -v chromium >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; then
        exit 0
    fi
fi
echo "chromium is missing, so the browser tests are left out: install it with 'apt-get install chromium' as root" >&2
exit 0
