"""Check tests/INVARIANTS.tsv: every test that it names must be there.

A line is "I-nn<TAB>what<TAB>path::name[, path::name …]"; the name is a function's, a data file's stem, or a script's own.

SPDX-License-Identifier: Apache-2.0
"""
import re
import sys
from pathlib import Path


def has_test(path, name):
    """A function of that name, or a conversation in the data file cases/NAME.case beside it."""
    return (path.parent / "cases" / f"{name}.case").is_file() or re.search(
        rf"\b{re.escape(name)}\b", path.read_text()) is not None


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
            elif name and not has_test(Path(path), name):
                yield f"line {number}: {fields[0]}: no {name} in {path}"


def main():
    found = list(problems(Path(sys.argv[1])))
    for problem in found:
        print(f"{sys.argv[1]}: {problem}")
    return 1 if found else 0


sys.exit(main())
