"""awsfed-admin by its words: help, usage, and a man page that has all of them.

SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import completing  # noqa: E402

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


def test_help_of_a_word_is_about_that_word(tmp_path):
    """Wherever --help stands, nothing is done: it is no name of a user, nor of a file."""
    for words in (["check"], ["doctor"], ["mfa", "export"], ["mfa", "enrol", "alice"], ["mfa", "unlock"], ["explain"], ["saml", "init"],
                  ["aws-setup"], ["sessions"], ["revoke"], ["whois"], ["report"], ["pam-lint"], ["oidc"], ["mfa"]):
        for option in ("--help", "-h"):
            done = subprocess.run([ADMIN, *words, option], text=True, capture_output=True, timeout=30, cwd=tmp_path)
            assert (done.returncode, done.stderr) == (0, ""), words
            assert f"  {words[0]}" in done.stdout and ("whois" in done.stdout) == (words[0] == "whois"), words
    assert "--ticket" in admin("mfa", "enrol", "--help").stdout
    assert "mfa export" not in admin("mfa", "enrol", "--help").stdout
    assert not list(tmp_path.iterdir())
    assert admin("mfa", "export", "--nonsense").returncode == 2 and not list(tmp_path.iterdir())


def test_the_bridge_is_the_configuration_s_own(lab, tmp_path):
    """-c names another bridge's configuration: nobody of the usual one is meant then."""
    tmp_path.chmod(0o755)
    lab.awsfed.write_config({"bridge": {"socket": "/run/no-such-bridge"}}, tmp_path)
    for words in (["mfa", "list"], ["sessions"], ["explain", "alice"]):
        done = admin("-c", str(tmp_path), *words)
        assert done.returncode == 6 and "/run/no-such-bridge" in done.stderr, done.stderr
    assert admin("-c", str(tmp_path), "--socket", str(lab.awsfed.SOCKET), "sessions").returncode == 0
    (tmp_path / "awsfed.conf").write_text("[bridge]\nwrokers = 1\n")
    done = admin("-c", str(tmp_path), "sessions")
    assert done.returncode == 1 and "awsfed.conf:2: unknown key" in done.stderr, done.stderr


def test_a_certificate_that_may_not_be_read_is_there(lab):
    """Who is not root is not told to make one."""
    done = lab.awsfed.as_user("alice", ["awsfed-admin", "saml", "metadata"])
    assert done.returncode == 1 and "Permission denied" in done.stderr and "init" not in done.stderr, done.stderr


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


# ---- Completions ----

ENVIRONMENT = {"PATH": f"{os.path.dirname(ADMIN)}:/usr/bin:/bin", "HOME": "/dev/null/none", "LC_ALL": "C.UTF-8"}


def in_bash(*words):
    return completing.in_bash("awsfed-admin", words, ENVIRONMENT)


def in_fish(line):
    return completing.in_fish("awsfed-admin", line, ENVIRONMENT)


def words_of_help():
    found = [re.match(r"  ([a-z][a-z-]*)", line) for line in admin("--help").stdout.splitlines()]
    return sorted({match.group(1) for match in found if match})


@pytest.mark.parametrize("shell", [lambda *words: in_bash(*words), lambda *words: in_fish(" ".join(("awsfed-admin", *words)))],
                         ids=["bash", "fish"])
def test_completion(shell):
    """Words, second words, options and their values are those of --help; a USER is nobody's to guess."""
    assert sorted(shell("")) == words_of_help()
    assert shell("-c", "/etc", "aws") == ["aws-setup"]
    assert shell("oidc", "") == ["metadata", "rotate"] and shell("oidc", "ro") == ["rotate"]
    assert shell("aws-setup", "--f") == ["--format"] and shell("oidc", "rotate", "--") == ["--finish"]
    assert shell("aws-setup", "--format", "t") == ["terraform"] and shell("report", "--format", "") == ["csv", "json", "text"]
    assert shell("revoke", "alice", "--") == ["--apply"] and shell("revoke", "") == []


def test_completion_in_zsh(tmp_path):
    line, rest = "awsfed-admin aws-setup --format t", "erraform"
    completing.in_zsh(line, rest, ENVIRONMENT, tmp_path).close(force=True)
