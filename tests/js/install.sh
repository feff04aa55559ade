#!/bin/sh
# Install the JavaScript clients and judges that the tests use, where node and npm are there: into the build folder,
# exactly as package-lock.json has them, and nothing of them outside of it. Without them the tests say what they skip.
# usage: install.sh BUILD-FOLDER
# SPDX-License-Identifier: Apache-2.0
set -eu

here=$(dirname "$0")
to=$1/js

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "deps: no node and npm here: the tests in JavaScript will be skipped"
    exit 0
fi
if cmp -s "$here/package-lock.json" "$to/installed"; then
    exit 0
fi
echo "deps: installing the JavaScript clients and judges into $to"
rm -rf "$to"
mkdir -p "$to"
cp "$here/package.json" "$here/package-lock.json" "$to"
# Scripts of packages are not run: none of these needs one.
if (cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error \
        --fetch-retries=1 --fetch-retry-mintimeout=1000 --cache .cache); then
    rm -rf "$to/.cache"
    cp "$here/package-lock.json" "$to/installed"
else
    echo "deps: they cannot be had: the tests in JavaScript will be skipped" >&2
fi
