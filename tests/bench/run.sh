#!/bin/sh
# Every measurement of tests/bench, one after the other. A script that says "Run in the lab" is run there.
# usage: run.sh BUILD-FOLDER [NAME…]      (make bench; names without .py: login handout)
# SPDX-License-Identifier: Apache-2.0
set -u
AWSFED_BUILD=$1
export AWSFED_BUILD
shift
here=$(dirname "$0")
python=/usr/bin/python3
failed=0

for script in "$here"/*.py; do
    name=$(basename "$script" .py)
    [ $# -eq 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
    printf '\n== %s\n' "$name"
    if grep -q 'Run in the lab' "$script"; then
        "$here/../lab/lab" run "$python" -B "$script"
    else
        "$python" -B "$script"
    fi || failed=1
done
exit $failed
