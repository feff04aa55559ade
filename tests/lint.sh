#!/bin/sh
# What no test sees: form, warnings of both compilers, words that have no place, and the invariants' index.
# SPDX-License-Identifier: Apache-2.0
set -u
failed=0

complain() {
    printf 'lint: %s\n' "$1"
    failed=1
}

sources=$(git ls-files '*.c' '*.h')

for file in $sources; do
    clang-format --dry-run -Werror "$file" 2>/dev/null || complain "$file: not as clang-format writes it"
done

# Functions that review keeps catching, with what to use instead.
ban() {
    # shellcheck disable=SC2086
    hits=$(grep -nE "(^|[^_[:alnum:]])($1)[[:space:]]*\(" $sources | grep -v '^tests/')
    [ -z "$hits" ] || complain "$2:
$hits"
}
ban 'strcpy|strcat|sprintf|vsprintf|gets|stpcpy' "an unbounded copy; use snprintf or fed_secret"
ban 'atoi|atol|strtok|sscanf' "a lenient parser; use base/text.h"
ban 'system|popen' "no shell is ever started"

# The folders' rule: who may include whom (README, "The house").
includes() {
    folder=$1
    shift
    allowed=$(printf '%s|' "$@" "$folder")
    # shellcheck disable=SC2086
    hits=$(git ls-files "$folder/*.c" "$folder/*.h" | xargs -r grep -nE '^#include "' |
        grep -vE "#include \"(${allowed%|})/")
    [ -z "$hits" ] || complain "$folder/ may include only $*:
$hits"
}
includes base base
includes conf base
includes ldap base conf
includes mfa base conf
includes pam_awsfed base
includes bridge base conf ldap mfa

# Every file says what it is under.
for file in $sources $(git ls-files '*.py' '*.sh'); do
    head -n 12 "$file" | grep -q SPDX-License-Identifier || head -n 40 "$file" | grep -q SPDX-License-Identifier ||
        complain "$file: no SPDX-License-Identifier"
done

# Both compilers, warnings as errors.
make --no-print-directory -s -j2 B=build/lint-gcc WERROR=-Werror all units >build/lint-gcc.log 2>&1 ||
    complain "gcc: $(grep -E 'error|warning' build/lint-gcc.log | head -n 20)"
make --no-print-directory -s -j2 CC=clang B=build/lint-clang WERROR=-Werror all units >build/lint-clang.log 2>&1 ||
    complain "clang: $(grep -E 'error|warning' build/lint-clang.log | head -n 20)"

# Shell scripts, where shellcheck is there to say.
# shellcheck disable=SC2046
shellcheck -S warning $(git ls-files '*.sh') .ci/run || complain "shellcheck"

# Every test that the index of invariants names exists.
/usr/bin/python3 tests/invariants.py tests/INVARIANTS.tsv || complain "tests/INVARIANTS.tsv"

[ "$failed" -eq 0 ] && echo "lint: in order"
exit "$failed"
