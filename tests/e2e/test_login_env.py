"""
awsfed-login env: what shells make of it, whatever a value holds (I-69).
SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import shutil
import subprocess
import sys

import pexpect
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from login_tools import (ACCESS, CREDENTIALS, NASTY, SECRET, TOKEN, bridge, clean, one_line, run, spawn)  # noqa: E402, F401


SET = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN,
       "AWS_CREDENTIAL_EXPIRATION": "2026-11-21T22:40:00Z", "AWS_REGION": "eu-central-1",
       "AWS_DEFAULT_REGION": "eu-central-1"}
UNSET = ["AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"]


def evaluate(shell, text, folder, before):
    """What the environment is after a shell has evaluated the text, as a person would have it do."""
    done = subprocess.run([shell, "-c", 'eval "$TEXT"; unset TEXT; env -0'], cwd=folder, timeout=60,
                          capture_output=True, env={"PATH": "/usr/bin:/bin", "TEXT": text, **before})
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    assert list(folder.iterdir()) == []
    got = dict(one.split("=", 1) for one in done.stdout.decode().split("\0") if one)
    return {name: value for name, value in got.items() if name.startswith("AWS")}


SHELLS = [s for s in ("bash", "dash", "zsh") if shutil.which(s, path="/usr/bin:/bin")]


@pytest.mark.parametrize("shell", SHELLS)
def test_env_sets_and_clears_what_it_should(bridge, tmp_path, shell):
    (tmp_path / "empty").mkdir()
    bridge.on("CREDENTIALS", CREDENTIALS)
    done = run(bridge, "env", "--role", "Admin", "--shell", "zsh" if shell == "zsh" else "bash")
    assert done.returncode == 0 and done.stderr == ""
    before = {name: "old" for name in UNSET} | {"AWS_REGION": "old", "AWSFED_SOCKET": "kept"}
    after = evaluate(shell, done.stdout, tmp_path / "empty", before)
    assert after == {**SET, "AWSFED_SOCKET": "kept"}


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize("shell", SHELLS)
def test_env_evaluates_to_assignments_for_any_value(bridge, tmp_path, shell, value):
    """I-69"""
    (tmp_path / "empty").mkdir()
    bridge.on("CREDENTIALS", {**CREDENTIALS, "ROLE_NAME": value, "REGION": value,
                              "SESSION_TOKEN": value})
    done = run(bridge, "env", "--role", value)
    after = evaluate(shell, done.stdout, tmp_path / "empty", {})
    assert after == {**SET, "AWS_REGION": value, "AWS_DEFAULT_REGION": value,
                     "AWS_SESSION_TOKEN": value}


def test_env_in_an_unquoted_substitution(bridge, tmp_path):
    """I-69: eval $(...) without the quotes joins the lines; nothing else may come of it."""
    (tmp_path / "empty").mkdir()
    bridge.on("CREDENTIALS", CREDENTIALS)
    text = run(bridge, "env").stdout
    assert evaluate("bash", " ".join(text.split()), tmp_path / "empty", {}) == SET


def test_env_without_a_region_leaves_the_persons_own(bridge, tmp_path):
    (tmp_path / "empty").mkdir()
    bridge.on("CREDENTIALS", {k: v for k, v in CREDENTIALS.items() if k != "REGION"})
    after = evaluate("bash", run(bridge, "env").stdout, tmp_path / "empty", {"AWS_REGION": "mine"})
    assert after["AWS_REGION"] == "mine" and "AWS_DEFAULT_REGION" not in after


def test_env_unset_asks_nobody(tmp_path):
    (tmp_path / "empty").mkdir()
    done = run(tmp_path / "nothing", "env", "--unset")
    assert done.returncode == 0 and done.stderr == ""
    before = {name: "x" for name in [*SET, *UNSET]} | {"AWS_CA_BUNDLE": "kept"}
    assert evaluate("dash", done.stdout, tmp_path / "empty", before) == {"AWS_CA_BUNDLE": "kept"}


def test_env_other_dialects(bridge):
    bridge.on("CREDENTIALS", CREDENTIALS)
    got = {s: run(bridge, "env", "--shell", s).stdout for s in ("fish", "powershell", "dotenv", "json")}
    assert got["fish"].splitlines() == [f"set -e {n};" for n in UNSET] + [
        f"set -gx {n} '{v}';" for n, v in SET.items()]
    assert got["powershell"].splitlines() == [f"$env:{n} = $null;" for n in UNSET] + [
        f"$env:{n} = '{v}';" for n, v in SET.items()]
    assert got["dotenv"].splitlines() == [f"{n}={v}" for n, v in SET.items()]
    assert json.loads(got["json"]) == SET


def test_env_dotenv_refuses_rather_than_guess(bridge):
    """I-69"""
    bridge.on("CREDENTIALS", {**CREDENTIALS, "REGION": "it's $(x)"})
    done = run(bridge, "env", "--shell", "dotenv")
    assert done.returncode == 1 and done.stdout == "" and SECRET not in done.stderr
    assert json.loads(run(bridge, "env", "--shell", "json").stdout)["AWS_REGION"] == "it's $(x)"


@pytest.mark.parametrize("shell, start", [("/usr/bin/fish", "set -e"), ("/bin/bash", "unset"),
                                          ("/bin/unheard-of", "unset"), ("", "unset")])
def test_env_speaks_the_login_shells_dialect(bridge, shell, start):
    bridge.on("CREDENTIALS", CREDENTIALS)
    assert run(bridge, "env", env={"SHELL": shell}).stdout.startswith(start)


def test_env_without_a_ticket_and_a_terminal(bridge):
    done = run(bridge, "env")
    assert done.returncode == 4 and done.stdout == ""
    assert one_line(done.stderr) == "you are not signed in; run awsfed-login"


def test_env_on_a_terminal_hints_and_shows_no_controls(bridge):
    """I-58: what a terminal shows is cleaned; the hint says what the output is for."""
    bridge.on("CREDENTIALS", {**CREDENTIALS, "REGION": "a\x1b]0;b\x07c"})
    child = spawn(bridge, "env")
    child.expect(pexpect.EOF)
    shown = clean(child.before)
    assert 'type: eval "$(awsfed-login env)"' in shown
    assert "a?]0;b?c" in shown and "\x1b" not in shown and "\x07" not in shown
    child = spawn(bridge, "env", "--quiet")
    child.expect(pexpect.EOF)
    assert "type:" not in clean(child.before)
