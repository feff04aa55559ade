#!/bin/sh
# The whole journey, step by step, on real parts: packages, build, lab, Alice's login, AWS; then nothing is left.
# usage: demo.sh        with SHELL_AFTER=1 it ends in Alice's ssh session; leaving that takes the lab down
# SPDX-License-Identifier: Apache-2.0
set -eu

cd "$(dirname "$0")/.."
# A lab of its own, whatever else is up.
export LAB_NAME=lab-demo
say() { printf '\n== %s\n' "$*"; }
fail() {
    printf '\nThe demo failed: %s\n' "$*" >&2
    exit 1
}
[ "$(id -u)" -eq 0 ] || fail "it needs root, for a lab with users and servers of its own: sudo make demo"

say "Packages"
sh tests/lab/deps.sh
say "Build"
${MAKE:-make} -s all
echo "built: $(cd "${AWSFED_BUILD:-build}" && echo awsfed-* pam_awsfed.so)"

# What the lab could touch if its walls were not tight.
watched="/etc /run /home /usr/local/bin /usr/local/sbin /var/lib/samba /var/lib/sudo"
listing=$(mktemp -d)
trap 'rm -rf "$listing"' EXIT
trap 'exit 130' HUP INT TERM
# shellcheck disable=SC2086  # a list of folders
/usr/bin/python3 -B tests/lab/snapshot.py $watched >"$listing/before"

say "The lab: a domain controller, an AWS that checks everything, sshd, the bridge"
tests/lab/lab run /usr/bin/python3 -B tests/demo.py || fail "see above; logs are in ${AWSFED_BUILD:-build}/$LAB_NAME/log"

say "What is left on this host"
# shellcheck disable=SC2086
/usr/bin/python3 -B tests/lab/snapshot.py $watched >"$listing/after"
diff "$listing/before" "$listing/after" || fail "the host is not as it was (- before, + after)"
echo "Nothing: $(wc -l <"$listing/after") files and folders below $watched are as they were before."
