#!/bin/sh
# Run each fuzzer over its corpus for a while. New inputs stay in the build folder; a crash is one file there.
# usage: run.sh BUILD-FOLDER SECONDS FUZZER...
# SPDX-License-Identifier: Apache-2.0
set -u
build=$1 seconds=$2
shift 2
here=$(dirname "$0")
passed=0 failed=0
for fuzzer in "$@"; do
    name=$(basename "$fuzzer")
    name=${name#fuzz_}
    found=$build/fuzz/found/$name
    log=$build/log/fuzz_$name.log
    mkdir -p "$found" "$build/log"
    seeds=$here/corpus/$name
    [ -d "$seeds" ] || seeds=
    # The first folder is the one that new inputs go to.
    # shellcheck disable=SC2086
    if "$fuzzer" -max_total_time="$seconds" -max_len=70000 -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="$found/crash-" -print_final_stats=1 "$found" $seeds >"$log" 2>&1; then
        passed=$((passed + 1))
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        printf 'ok   %s: %s runs\n' "$name" "${runs:-?}"
    else
        failed=$((failed + 1))
        printf 'FAIL %s: %s\n' "$name" "$log"
        tail -n 40 "$log"
    fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
