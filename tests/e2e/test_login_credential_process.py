"""
awsfed-login credential-process: the contract of the SDKs, for any value and after any failure (I-67).
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pexpect
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake_bridge import ERRORS, Refusal, TYPES, encode  # noqa: E402
from login_tools import (ACCESS, CREDENTIALS, LOGIN, NASTY, SECRET, TOKEN, bridge, clean, ended, environment,  # noqa: E402, F401
                         one_line, run, spawn)


def test_credential_process_is_exactly_the_contract(bridge):
    """I-67"""
    bridge.on("CREDENTIALS", CREDENTIALS)
    done = run(bridge, "credential-process", "--role", "Admin")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout == (
        f'{{"Version":1,"AccessKeyId":"{ACCESS}","SecretAccessKey":"{SECRET}",'
        f'"SessionToken":"{TOKEN}","Expiration":"2026-11-21T22:40:00Z","AccountId":"111122223333"}}\n')
    assert bridge.asked == [("CREDENTIALS", {"ROLE_NAME": "Admin"})]


def test_credential_process_asks_for_the_duration(bridge):
    bridge.on("CREDENTIALS", CREDENTIALS)
    assert run(bridge, "credential-process", "-d", "90m").returncode == 0
    assert bridge.asked == [("CREDENTIALS", {"DURATION": 5400})]


def test_credential_process_hands_on_a_long_token_whole(bridge):
    token = "x" * 60000 + "=="
    bridge.on("CREDENTIALS", {**CREDENTIALS, "SESSION_TOKEN": token})
    assert json.loads(run(bridge, "credential-process").stdout)["SessionToken"] == token


@pytest.mark.parametrize("value", NASTY)
def test_credential_process_is_json_for_any_value(bridge, value):
    bridge.on("CREDENTIALS", {**CREDENTIALS, "SESSION_TOKEN": value})
    done = run(bridge, "credential-process")
    assert json.loads(done.stdout)["SessionToken"] == value
    assert done.stdout.isascii() and done.stdout.count("\n") == 1


@pytest.mark.parametrize("missing", ["ACCESS_KEY", "SECRET_KEY", "SESSION_TOKEN", "EXPIRES"])
def test_credential_process_refuses_half_a_credential(bridge, missing):
    bridge.on("CREDENTIALS", {k: v for k, v in CREDENTIALS.items() if k != missing})
    done = run(bridge, "credential-process")
    assert done.returncode == 1 and done.stdout == ""
    one_line(done.stderr)


def test_credential_process_refuses_an_empty_key_and_an_impossible_time(bridge):
    for broken in ({"SECRET_KEY": ""}, {"EXPIRES": 253402300800}, {"EXPIRES": 2**64 - 1}):
        bridge.on("CREDENTIALS", {**CREDENTIALS, **broken})
        done = run(bridge, "credential-process")
        assert done.returncode == 1 and done.stdout == ""


@pytest.mark.parametrize("error", sorted(ERRORS))
def test_credential_process_fails_in_one_line(bridge, error):
    """I-67, and the table of exit statuses: every error there is."""
    bridge.on("CREDENTIALS", Refusal(error))
    done = run(bridge, "credential-process")
    number, kind, text = ERRORS[error]
    want = {"DENIED": 3, "UNAVAILABLE": 6, "INPUT": 1, "INTERNAL": 1}[kind]
    want = {"NO_TICKET": 4, "FRESH_CODE": 4, "AWS_REFUSED": 5}.get(error, want)
    assert (done.returncode, done.stdout, one_line(done.stderr)) == (want, "", text)


def test_credential_process_tells_the_bridges_words_cleaned(bridge):
    """I-58, I-67: still one line, without controls."""
    bridge.on("CREDENTIALS", Refusal("AWS_REFUSED", MESSAGE=[
        "trust\npolicy\x1b[2J\u202e\x9b", "", "tell them"]))
    done = run(bridge, "credential-process", "-r", "Admin")
    assert done.returncode == 5
    assert one_line(done.stderr) == "trust?policy?[2J??; tell them"


def test_a_fresh_code_names_the_command_that_asks_for_it(bridge):
    bridge.on("CREDENTIALS", Refusal("FRESH_CODE"))
    done = run(bridge, "credential-process", "--role", "Admin")
    assert done.returncode == 4 and one_line(done.stderr).endswith("run awsfed-login --role Admin")


def test_without_a_bridge(tmp_path):
    for word in (["credential-process"], ["env"], ["roles"], ["status"], ["logout"], []):
        done = run(tmp_path / "nothing", *word)
        assert (done.returncode, done.stdout) == (6, "")
        assert one_line(done.stderr) == "the awsfed bridge is not running"


@pytest.mark.parametrize("reply", [
    b"AF", b"", b"\0" * 16,
    encode(TYPES["CREDENTIALS"] | 0x80, 1, {"STATUS": 0, **CREDENTIALS}),  # another request's
    encode(TYPES["ROLES"] | 0x80, 1, {"STATUS": 0}),
    encode(TYPES["CREDENTIALS"], 1, {})])
def test_a_mangled_reply_gives_nothing(bridge, reply):
    """I-54, from the asking side."""
    bridge.on("CREDENTIALS", reply or None)
    done = run(bridge, "credential-process")
    assert done.returncode in (1, 6) and done.stdout == ""
    one_line(done.stderr)


def test_credential_process_never_prompts_on_a_terminal(bridge):
    """I-67: with a terminal at every descriptor, no ticket is a line and an exit."""
    child = spawn(bridge, "credential-process")
    child.expect(pexpect.EOF)
    assert clean(child.before) == "awsfed-login: you are not signed in; run awsfed-login\n"
    assert ended(child) == 4 and bridge.types() == ["CREDENTIALS"]


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_credential_process_does_nothing_superfluous(bridge, tmp_path):
    """I-67: no file but libc, one socket, one write, no terminal; no locale, time zone or NSS."""
    bridge.on("CREDENTIALS", CREDENTIALS)
    log = tmp_path / "trace"
    done = subprocess.run(["strace", "-f", "-o", str(log), LOGIN, "credential-process"], text=True,
                          env=environment(AWSFED_SOCKET=bridge.path, LANG="de_DE.UTF-8",
                                          ASAN_OPTIONS="detect_leaks=0"),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60, check=True)
    calls = log.read_text()
    opened = re.findall(r'open(?:at)?\([^"]*"([^"]*)"', calls)
    assert "libasan" in calls or [os.path.basename(path) for path in opened] in (
        ["ld.so.cache", "libc.so.6"], ["libc.so.6"]), opened
    assert "/dev/tty" not in calls
    assert len(re.findall(r"\bwrite\(", calls)) == 1 and len(re.findall(r"\bsocket\(", calls)) == 1
    assert "write(1, " in calls and json.loads(done.stdout)["Version"] == 1
    assert not re.search(r"\b(clone3?|v?fork)\(", calls) and "rt_sigaction(SIGPIPE" in calls


def test_botocore_takes_what_credential_process_gives(bridge, tmp_path):
    """I-67: the SDK itself, with a role name that a shell would trip over."""
    botocore = pytest.importorskip("botocore.session")
    bridge.on("CREDENTIALS", {**CREDENTIALS, "EXPIRES": int(time.time()) + 3600})
    config = tmp_path / "config"
    config.write_text("[profile p]\ncredential_process = "
                      f'{LOGIN} credential-process --socket {bridge.path} --role "A $(b)"\n')
    keep = dict(os.environ)
    try:
        for name in [n for n in os.environ if n.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(AWS_CONFIG_FILE=str(config), AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "no"),
                          AWS_EC2_METADATA_DISABLED="true")
        got = botocore.Session(profile="p").get_credentials().get_frozen_credentials()
    finally:
        os.environ.clear()
        os.environ.update(keep)
    assert got[:3] == (ACCESS, SECRET, TOKEN)
    assert bridge.asked[0] == ("CREDENTIALS", {"ROLE_NAME": "A $(b)"})


def test_a_closed_pipe_is_a_failure_not_a_signal(bridge):
    bridge.on("CREDENTIALS", CREDENTIALS)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as end:
        done = subprocess.run([LOGIN, "credential-process"], stdout=end, stderr=subprocess.PIPE,
                              text=True, env=environment(AWSFED_SOCKET=bridge.path), timeout=60)
    assert done.returncode == 1
    assert one_line(done.stderr) == "cannot write to standard output: Broken pipe"


def test_a_full_disk_is_a_failure(bridge):
    bridge.on("CREDENTIALS", CREDENTIALS)
    with open("/dev/full", "w") as full:
        done = subprocess.run([LOGIN, "credential-process"], stdout=full, stderr=subprocess.PIPE,
                              text=True, env=environment(AWSFED_SOCKET=bridge.path), timeout=60)
    assert done.returncode == 1 and "No space left" in one_line(done.stderr)
