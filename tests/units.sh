#!/bin/sh
# Run unit test programs one after another and add up what cmocka says of each.
# usage: units.sh BUILD-FOLDER PROGRAM...
# SPDX-License-Identifier: Apache-2.0
set -u
build=$1
shift
mkdir -p "$build/log"
passed=0 failed=0 skipped=0
for program in "$@"; do
    log=$build/log/$(basename "$program").log
    # A program that ends before its first line of result (a crash) counts as one failure.
    timeout 120 ${UNIT_WRAPPER:-} "$program" >"$log" 2>&1
    status=$?
    ok=$(grep -c '^\[       OK \]' "$log")
    # Each of them is said where it fails, and once more at the end.
    bad=$(sed -n 's/^\[  FAILED  \] \([a-z_0-9]*\)$/\1/p' "$log" | sort -u | wc -l)
    [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    left=$(sed -n 's/^\[  SKIPPED \] \([0-9]*\) test(s), listed below:$/\1/p' "$log")
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + ${left:-0}))
    if [ "$bad" -eq 0 ]; then
        printf 'ok   %3d  %s\n' "$ok" "${program#"$build"/}"
    else
        printf 'FAIL %3d  %s (exit %d)\n' "$bad" "${program#"$build"/}" "$status"
        grep -v '^\[ RUN' "$log" | grep -v '^\[       OK' | tail -n 40
    fi
    awk '/^skipped: / { why = substr($0, 10) }
         /^\[  SKIPPED \] [a-z_0-9]+$/ && !said[$NF]++ { print "skipped   " $NF ": " why }' "$log"
done
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
