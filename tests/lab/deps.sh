#!/bin/sh
# Install what is missing of tests/packages.txt, and start none of it: the lab runs servers of its own.
# usage: deps.sh [PACKAGE-LIST]
# SPDX-License-Identifier: Apache-2.0
set -eu

list=${1:-$(dirname "$0")/../packages.txt}
policy=/usr/sbin/policy-rc.d

missing=
# shellcheck disable=SC2013  # one word a line
for package in $(sed 's/#.*//' "$list"); do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
    [ "$state" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "deps: everything is installed"
    exit 0
fi
echo "deps: installing$missing"
if [ "$(id -u)" -ne 0 ]; then
    echo "deps: this needs root: sudo make deps" >&2
    exit 1
fi

# invoke-rc.d asks this script whether a service may start, and takes 101 for "no". One that is there is
# the administrator's and stays.
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086  # a list of words
apt-get install -q -y --no-install-recommends $missing
