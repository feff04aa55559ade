"""The measurements that run without the lab's servers still run; what they measure is for `make bench`.

SPDX-License-Identifier: Apache-2.0
"""
import os
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]


def test_mfa(lab):
    """awsfed, pam_oath and pam_google_authenticator each verify a few codes, one after the other."""
    done = subprocess.run([sys.executable, "-B", REPO / "tests/bench/mfa.py", "5", "3"], text=True, capture_output=True,
                          env={"PATH": lab.places.PATH, "BENCH_STORES": "sqlite",
                               "AWSFED_BUILD": os.environ.get("AWSFED_BUILD", str(REPO / "build"))})
    assert done.returncode == 0, done.stderr
    assert [line.split(" people  ")[1][:26].strip() for line in done.stdout.splitlines()] == \
        ["awsfed, SQLite", "pam_oath", "pam_google_authenticator"]
