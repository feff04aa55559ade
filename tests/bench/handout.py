#!/usr/bin/python3
"""
What does handing out a cached credential cost? Whole-process time of `awsfed-login
credential-process` against a C program that only prints the same JSON. The bridge is one that
answers without a thought, so this is the cost of the command; the lab measures the two together.
Prints, asserts nothing. usage: handout.py [RUNS]; AWSFED_BUILD names the build folder.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from fake_bridge import REPLY, TYPES, encode  # noqa: E402

CREDENTIALS = {"ROLE_NAME": "Admin", "ROLE_ARN": "arn:aws:iam::111122223333:role/Admin",
               "ACCOUNT": "111122223333", "ACCESS_KEY": "ASIAIOSFODNN7EXAMPLE",
               "SECRET_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
               "SESSION_TOKEN": "FwoGZXIvYXdzE" * 80, "EXPIRES": 1795300800}


def compile_tool(folder, line=""):
    tool = str(folder / ("printer" if line else "handout"))
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", f"-DLINE={json.dumps(line)}", "-o", tool,
                    str(ROOT / "tests/bench/handout.c")], check=True)
    return tool


def measure(runs, folder, tool, login):
    line = subprocess.run(login, capture_output=True, text=True, check=True).stdout
    printer = compile_tool(folder, line)
    assert subprocess.run([printer, "print"], capture_output=True, text=True).stdout == line
    out = subprocess.run([tool, "time", str(runs), *login, "--", printer, "print"],
                         capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(float, row.split())) for row in out.splitlines()]
    return [sorted(column) for column in zip(*pairs)]


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    build = pathlib.Path(os.environ.get("AWSFED_BUILD", ROOT / "build")).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tool, path, reply = compile_tool(folder), folder / "s", folder / "reply"
        reply.write_bytes(encode(TYPES["CREDENTIALS"] | REPLY, 1, {"STATUS": 0, **CREDENTIALS}))
        bridge = subprocess.Popen([tool, "serve", str(path), str(reply)])
        login = [str(build / "awsfed-login"), "credential-process", "--role", "Admin",
                 "--socket", str(path)]
        try:
            until = time.monotonic() + 10
            while not path.exists() and time.monotonic() < until:
                time.sleep(0.01)
            handout, baseline = measure(runs, folder, tool, login)
        finally:
            bridge.kill()
            bridge.wait()
    for what, times in (("awsfed-login credential-process", handout), ("only printing", baseline)):
        print(f"{what:32} median {statistics.median(times):7.0f} us   "
              f"best {times[0]:7.0f} us   95 % {times[int(len(times) * .95)]:7.0f} us")
    print(f"ratio of medians {statistics.median(handout) / statistics.median(baseline):.2f}")


if __name__ == "__main__":
    main()
