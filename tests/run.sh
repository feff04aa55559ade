#!/bin/sh
# Everything that proves the project: build, units, the AWS stand-in's own tests, the end-to-end
# tests in the lab, and the proof that a lab leaves the host as it was.
# usage: run.sh BUILD-FOLDER
# SPDX-License-Identifier: Apache-2.0
set -u
build=$1
python=/usr/bin/python3
log=$build/log
export PYTHONDONTWRITEBYTECODE=1
# Nothing of the tests stays in /tmp; the name is short, for it becomes part of sockets' names.
PYTEST_DEBUG_TEMPROOT=$(mktemp -d /tmp/tXXXXXX)
export PYTEST_DEBUG_TEMPROOT
trap 'rm -rf "$PYTEST_DEBUG_TEMPROOT"' EXIT
trap 'exit 130' HUP INT TERM
passed=0 failed=0 skipped=0

part() { printf '\n== %s\n' "$1"; }

# Add a runner's last counts to ours; a part that failed without saying how often counts once.
add() {
    status=$1 file=$2
    ok=$(grep -oE '[0-9]+ passed' "$file" | tail -n 1 | cut -d' ' -f1)
    bad=$(grep -oE '[0-9]+ (failed|errors?)' "$file" | tail -n 2 | awk '{n += $1} END {print n + 0}')
    left=$(grep -oE '[0-9]+ skipped' "$file" | tail -n 1 | cut -d' ' -f1)
    [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    # A test that was skipped has proved nothing: it is named above with its reason, and counted at the end.
    passed=$((passed + ${ok:-0})) failed=$((failed + bad)) skipped=$((skipped + ${left:-0}))
}

run() {
    name=$1
    shift
    part "$name"
    mkdir -p "$log"
    { "$@" 2>&1 && echo 0 >"$log/status" || echo $? >"$log/status"; } | tee "$log/$name.txt"
    add "$(cat "$log/status")" "$log/$name.txt"
}

# A lab waits more than it works: one more of them than there are cores, each taking the next file of tests. In a plain
# container there is no room for more than one, and what the tests do there is to be undone as a whole.
end_to_end() {
    set -- -B -m pytest -q -rsfE -p no:cacheprovider --durations=10 tests/e2e
    if PYTHONPATH=tests "$python" -B -c 'import sys; from lab import namespaces; sys.exit(not namespaces.possible())'; then
        tests/lab/lab run true # what is made once, for all
        for number in $(seq $(($(nproc) + 1))); do
            set -- "$@" --tx "popen//python=env LAB_NAME=lab-$number tests/lab/lab run $python -B"
        done
        "$python" "$@" --dist loadfile --max-worker-restart=0
    else
        "$python" -B tests/lab/snapshot.py processes >"$log/before"
        tests/lab/lab run "$python" "$@"
        status=$?
        "$python" -B tests/lab/snapshot.py processes >"$log/after"
        diff "$log/before" "$log/after" >"$log/left.txt" && return $status
        head -n 40 "$log/left.txt"
        echo "the tests left this behind (< before, > after); all of it is in $log/left.txt"
        return 1
    fi
}

part build
make --no-print-directory -s -j2 B="$build" WERROR="${WERROR:-}" all units || {
    echo "the build failed"
    echo "0 passed, 1 failed"
    exit 1
}

run units make --no-print-directory -s B="$build" check
run stand-in "$python" -B -m pytest -q -rsfE -p no:cacheprovider tests/lab/aws
AWSFED_BUILD=$build
export AWSFED_BUILD
run end-to-end end_to_end
run host-unchanged "$python" -B -m pytest -q -rsfE -p no:cacheprovider tests/lab/test_host_unchanged.py

echo
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped" | tee "$log/total.txt"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
