"""Check tests/INVARIANTS.tsv: every test that it names must be there.

A line is "I-nn<TAB>what<TAB>path::name[, path::name …]"; the name is a function's, a data file's stem, or a script's own.

SPDX-License-Identifier: Apache-2.0
"""
import re
import sys
from pathlib import Path


def problems(index):
    for number, line in enumerate(index.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 3 or not re.fullmatch(r"I-\d+", fields[0]):
            yield f"line {number}: not I-nn, text and tests, separated by tabs"
            continue
        for test in re.split(r"[,\s]+", fields[2].strip()):
            path, _, name = test.partition("::")
            if not Path(path).is_file():
                yield f"line {number}: {fields[0]}: no file {path}"
            elif name and not re.search(rf"\b{re.escape(name)}\b", Path(path).read_text()):
                yield f"line {number}: {fields[0]}: no {name} in {path}"


def main():
    found = list(problems(Path(sys.argv[1])))
    for problem in found:
        print(f"{sys.argv[1]}: {problem}")
    return 1 if found else 0


sys.exit(main())
