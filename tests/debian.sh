#!/bin/sh
# debian.sh PROGRAM TESTS [PACKAGE]: make sure that a Debian program which tests need is there, from the package of its name or
# the one given. Silent when it is, installed where that is allowed; else says which tests are left out.
set -eu

if command -v "$1" >/dev/null 2>&1; then
    exit 0
fi
package="${3:-$1}"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends "$package"; then
        exit 0
    fi
fi
echo "$1 is missing, so $2 are left out: install it with 'apt-get install $package' as root" >&2
exit 0
