"""awsfed-admin by its words: help, usage, and a man page that has all of them.

SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import subprocess
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
ADMIN = str(Path(os.environ.get("AWSFED_BUILD", REPO / "build")).resolve() / "awsfed-admin")


def admin(*words):
    return subprocess.run([ADMIN, *words], text=True, capture_output=True, timeout=30)


def test_help_is_an_answer_and_nonsense_is_not():
    assert admin("--help").returncode == 0 and admin("--version").stdout.startswith("awsfed-admin ")
    for words in ([], ["frobnicate"], ["mfa"], ["mfa", "enrol"], ["revoke"], ["--nonsense"], ["check", "more"]):
        done = admin(*words)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert done.stderr.rstrip().splitlines()[-1].startswith("awsfed-admin: "), words


def test_without_a_bridge_it_says_which_socket():
    done = admin("--socket", "/run/no-such-bridge", "sessions")
    assert done.returncode == 6 and "/run/no-such-bridge" in done.stderr


def test_the_man_page_has_every_word():
    """--help and awsfed-admin(8) name the same words and options."""
    page = re.sub(r"\s+", " ", re.sub(r"\\&|^\.\w+ ", " ", (REPO / "conf/man/awsfed-admin.8").read_text(), flags=re.M))
    for line in admin("--help").stdout.splitlines():
        word = re.match(r"  ([a-z]+(?: [a-z-]+)?)(?= |$)", line)
        if word:
            assert word.group(1) in page, line
        for option in re.findall(r"--([a-z-]+)", line):
            assert f"-{option}" in page, line
