"""
awsfed-login, the program, against a bridge that says what each test wants: roles, status, logout, usage and help.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import pathlib
import re
import socket
import sys
import time

import pexpect
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake_bridge import Refusal  # noqa: E402
from login_tools import LOGIN, ROOT, bridge, clean, environment, one_line, roles, run, spawn, status  # noqa: E402, F401


# ---- roles, status, logout ----

def test_roles_is_an_aligned_table(bridge):
    bridge.on("ROLES", roles(cached_until=32503679999))
    assert run(bridge, "roles").stdout.splitlines() == [
        "NAME        ACCOUNT              MAX  CODE    CACHED",
        "Admin       111122223333 (prod)  1h   needed  -",
        "Überwacher  444455556666         12h  -       until 2999-12-31 23:59  (default)"]


def test_roles_shows_no_controls(bridge):
    """I-58"""
    bridge.on("ROLES", {"USER": "a", "EXPIRES": 1, "ROLE": [
        {"ROLE_NAME": "x\x1b[2J\ny\u202e", "ALIAS": "\x9b"}]})
    done = run(bridge, "roles")
    assert done.stdout.splitlines()[1].split() == ["x?[2J?y?", "-", "(?)", "-", "-", "-"]


def test_roles_json(bridge):
    bridge.on("ROLES", roles(cached_until=1795300800))
    assert json.loads(run(bridge, "roles", "--json").stdout) == [
        {"name": "Admin", "arn": "arn:aws:iam::111122223333:role/Admin", "account": "111122223333",
         "alias": "prod", "region": "eu-central-1", "max_duration_seconds": 3600, "needs_code": True,
         "cached_until": None, "default": False, "in_use": False},
        {"name": "Überwacher", "arn": "arn:aws:iam::444455556666:role/R", "account": "444455556666",
         "alias": None, "region": None, "max_duration_seconds": 43200, "needs_code": False,
         "cached_until": "2026-11-21T22:40:00Z", "default": True, "in_use": False}]


def test_no_roles_is_not_a_failure(bridge):
    bridge.on("ROLES", {"USER": "bob", "EXPIRES": 1})
    done = run(bridge, "roles")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No AWS roles: none of your groups is mapped to one.\n"
    assert run(bridge, "roles", "--json").stdout == "[]\n"


def test_no_roles_for_the_bridges_reason(bridge):
    """I-58: what the bridge says, without its controls; and with nobody to ask, the overview tells who could sign in for more."""
    bridge.on("ROLES", {"USER": "bob", "CODE_NEEDED": 1, "EXPIRES": 1, "NOTICE": "this sign-in took\x1b no code"})
    bridge.on("STATUS_OF", status)
    assert run(bridge, "roles").stdout == "No AWS roles: this sign-in took? no code.\n"
    done = run(bridge)
    assert done.returncode == 0 and done.stdout.endswith("No AWS roles: this sign-in took? no code.\n"), done


def test_eight_hundred_roles(bridge):
    bridge.on("ROLES", {"USER": "a", "EXPIRES": 1, "ROLE": [
        {"ROLE_NAME": f"Role-{i:03}", "ROLE_ARN": f"arn:aws:iam::111122223333:role/{i}",
         "ACCOUNT": "111122223333", "ALIAS": f"account-{i}", "DURATION": 3600} for i in range(800)]})
    assert len(run(bridge, "roles").stdout.splitlines()) == 801
    assert [r["name"] for r in json.loads(run(bridge, "roles", "--json").stdout)][799] == "Role-799"


def test_status_in_words(bridge):
    bridge.on("STATUS_OF", status)
    done = run(bridge, "status")
    assert done.returncode == 0
    assert re.fullmatch(
        r"Signed in as alice@corp\.example\.com since [-0-9: ]+ from 192\.0\.2\.7 until "
        r"[-0-9: ]+ \(11 h 59 min left\), code proved 1 min ago\.\n", done.stdout)
    bridge.on("STATUS_OF", {"USER": "a", "EXPIRES": 1, "STARTED": 1, "FACTORS": 1, "ROLE_NAME": "R\x1b"})
    done = run(bridge, "status")
    assert done.stdout.endswith("(0 s left), no code proved.\nThe session endpoint gives role R?.\n")


def test_status_json(bridge):
    bridge.on("STATUS_OF", status)
    got = json.loads(run(bridge, "status", "--json").stdout)
    assert 43000 < got.pop("seconds_left") <= 43190
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", got.pop("started"))
    assert got.pop("expires") > "2" and got.pop("code_time") > "2"
    assert got == {"signed_in": True, "user": "alice@corp.example.com", "sid": "S-1-5-21-1-2-3-1104",
                   "factors": ["password", "code"], "rhost": "192.0.2.7", "role": None}


def test_status_signed_out(bridge):
    done = run(bridge, "status")
    assert (done.returncode, done.stdout) == (4, "")
    assert one_line(done.stderr) == "you are not signed in; run awsfed-login"
    done = run(bridge, "status", "--json")
    assert (done.returncode, done.stdout, done.stderr) == (4, '{"signed_in":false}\n', "")


def test_status_for_a_prompt(bridge, tmp_path):
    bridge.on("STATUS_OF", status)
    assert run(bridge, "status", "--prompt").stdout == "aws:11h59m\n"
    for nothing in (status(EXPIRES=1), Refusal("NO_TICKET"), Refusal("BUSY"), None, b"?"):
        bridge.on("STATUS_OF", nothing)
        done = run(bridge, "status", "--prompt")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = run(tmp_path / "nothing", "status", "--prompt")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_prompt_tells_the_end_ahead_on_the_terminal(bridge):
    bridge.on("STATUS_OF", status(EXPIRES=int(time.time()) + 550, MESSAGE=["your sign-in ends in 9 min; to go on, x"]))
    child = spawn(bridge, "status", "--prompt")
    child.expect(pexpect.EOF)
    assert clean(child.before) == "aws:9m\nawsfed-login: your sign-in ends in 9 min; to go on, x\n"
    done = run(bridge, "status", "--prompt")
    assert (done.stdout, done.stderr) == ("aws:9m\n", "")


@pytest.mark.skipif(b"__asan_init" in pathlib.Path(LOGIN).read_bytes(), reason="sanitizers take their time")
def test_a_prompt_costs_less_than_three_milliseconds(bridge):
    """The whole process, with the answer of a bridge written in Python; the median, since other tests may be at work."""
    bridge.on("STATUS_OF", status)
    environ, quiet = environment(AWSFED_SOCKET=bridge.path), [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    times = []
    for _ in range(51):
        begun = time.perf_counter()
        os.waitpid(os.posix_spawn(LOGIN, [LOGIN, "status", "--prompt"], environ, file_actions=quiet), 0)
        times.append(time.perf_counter() - begun)
    assert sorted(times)[25] < 0.003


def test_a_prompt_does_not_wait_for_a_silent_bridge(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen(1)
        begun = time.monotonic()
        assert run(tmp_path / "s", "status", "--prompt").returncode == 0
        assert time.monotonic() - begun < 5


def test_logout(bridge):
    bridge.on("LOGOUT", {})
    done = run(bridge, "logout")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Signed out.\n", "")
    assert run(bridge, "logout", "-q").stdout == ""
    assert bridge.types() == ["LOGOUT", "LOGOUT"]
    bridge.on("LOGOUT", Refusal("NO_TICKET"))
    assert run(bridge, "logout").returncode == 0
    bridge.on("LOGOUT", Refusal("BUSY"))
    assert run(bridge, "logout").returncode == 6


# ---- usage and help ----

def test_wrong_usage(bridge):
    for args in (["role"], ["roles", "x"], ["--rol", "x"], ["env", "--shell", "csh"], ["-d", "5m"],
                 ["roles", "--prompt"], ["env", "--role"]):
        done = run(bridge, *args)
        assert (done.returncode, done.stdout) == (2, ""), args
        one_line(done.stderr)
    assert 'did you mean "roles"?' in run(bridge, "rolse").stderr
    assert 'did you mean "--duration"?' in run(bridge, "--duraton=1h").stderr
    assert bridge.asked == []
    assert one_line(run(bridge, "\x1b[2J\n").stderr) == 'unknown word "?[2J?"; see awsfed-login --help'


def test_help_fits_a_terminal(bridge):
    for args in (["--help"], ["-h"], *([w, "--help"] for w in
                 ("roles", "use", "credential-process", "env", "exec", "console", "configure", "write", "enrol",
                  "recovery-codes", "status", "logout"))):
        done = run(bridge, *args)
        assert done.returncode == 0 and done.stderr == ""
        assert "Usage:\n" in done.stdout and "Exit status:\n" in done.stdout
        assert done.stdout.startswith("awsfed-login " + args[0] if len(args) > 1 else "awsfed-login:")
        assert max(map(len, done.stdout.splitlines())) <= 80 and done.stdout.isascii()
    assert re.fullmatch(r"awsfed-login \d+\.\d+\.\d+\n", run(bridge, "--version").stdout)


def test_the_man_page_has_every_word_and_option(bridge):
    page = (ROOT / "conf/man/awsfed-login.1").read_text()
    listed = run(bridge, "--help").stdout.split("Words:\n")[1].split("\n\n")[0]
    words = re.findall(r"^  ([a-z-]+) ", listed, re.M)
    assert len(words) >= 12
    for word in words:
        assert re.search(rf"^\.It Cm {word}$", page, re.M), word
    for word in ("", *words):
        text = run(bridge, *filter(None, [word]), "--help").stdout
        for option in re.findall(r"--([a-z]+)", text):
            assert re.search(rf"Fl -{option}\b", page), option


def test_an_option_names_the_socket(bridge, tmp_path):
    bridge.on("LOGOUT", {})
    done = run(tmp_path / "nothing", "logout", "--socket", bridge.path)
    assert done.returncode == 0 and bridge.types() == ["LOGOUT"]
