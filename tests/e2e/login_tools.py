"""
What tests of awsfed-login against the fake bridge share: how to run it, with and without a terminal, and what the bridge
says when it says yes.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import subprocess
import sys
import termios
import time

import pexpect
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake_bridge import FakeBridge, Refusal  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("AWSFED_BUILD", ROOT / "build"))
LOGIN = str((BUILD / "awsfed-login").resolve())
NO_HOME = "/dev/null/none"  # not even a shell run by root can make it

ACCESS, SECRET, TOKEN = "ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "FwoGZX//+token=="
CREDENTIALS = {"ROLE_NAME": "Admin", "ROLE_ARN": "arn:aws:iam::111122223333:role/Admin",
               "ACCOUNT": "111122223333", "REGION": "eu-central-1", "ACCESS_KEY": ACCESS,
               "SECRET_KEY": SECRET, "SESSION_TOKEN": TOKEN, "EXPIRES": 1795300800}


def status(_=None, **more):
    """Computed when it is asked for: a run of all tests takes longer than a minute."""
    now = int(time.time())
    return {"USER": "alice@corp.example.com", "SID": "S-1-5-21-1-2-3-1104", "EXPIRES": now + 43190,
            "STARTED": now - 1, "FACTORS": 3, "CODE_TIME": now - 90, "RHOST": "192.0.2.7", **more}


def roles(_=None, cached_until=1):
    return {"USER": "alice@corp.example.com", "EXPIRES": int(time.time()) + 43190, "ROLE": [
        {"ROLE_NAME": "Admin", "ROLE_ARN": "arn:aws:iam::111122223333:role/Admin",
         "ACCOUNT": "111122223333", "ALIAS": "prod", "REGION": "eu-central-1", "DURATION": 3600,
         "CODE_NEEDED": 1},
        {"ROLE_NAME": "Überwacher", "ROLE_ARN": "arn:aws:iam::444455556666:role/R",
         "ACCOUNT": "444455556666", "DURATION": 43200, "CODE_NEEDED": 0,
         "CACHED_UNTIL": cached_until, "DEFAULT": 1}]}


NASTY = ["$(touch BROKEN)", "'; touch BROKEN; '", "`touch BROKEN`", "\\'; touch BROKEN; \\'",
         "a\ntouch BROKEN\n", "it's", "é漢🔑 “‘’”", "* ? ~ ! $HOME ${x} #", "-n", "\x1b[31m\x07"]


def environment(**more):
    """What a test's process gets: nothing of the caller's terminal, shell or AWS."""
    return {"PATH": "/usr/bin:/bin", "TZ": "UTC", "HOME": NO_HOME,
            # A process that is not dumpable can be searched for leaks by root only.
            "ASAN_OPTIONS": f"detect_leaks={int(os.geteuid() == 0)}",
            **more}


@pytest.fixture
def bridge(tmp_path):
    with FakeBridge(tmp_path / "s") as fake:
        yield fake


def run(bridge, *args, env=None, **options):
    """The command without a terminal."""
    path = bridge.path if isinstance(bridge, FakeBridge) else str(bridge)
    return subprocess.run([LOGIN, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                          text=True, start_new_session=True,
                          env=environment(AWSFED_SOCKET=path, **(env or {})), **options)


def one_line(text):
    assert text.startswith("awsfed-login: ") and text.endswith("\n") and text.count("\n") == 1, text
    return text[len("awsfed-login: "):-1]


def spawn(bridge, *args, **options):
    return pexpect.spawn(LOGIN, list(args), timeout=20, encoding="utf-8", echo=True,
                         env=environment(AWSFED_SOCKET=bridge.path, TERM="dumb"), **options)


def clean(shown):
    return shown.replace("\r\n", "\n")


def ended(child):
    """The exit status; None after a signal."""
    child.close()
    return child.exitstatus


def echoes(child):
    return bool(termios.tcgetattr(child.child_fd)[3] & termios.ECHO)


def signing_in(bridge, password="s3cret pässword", code="123456"):
    """Make the fake bridge hold a ticket from the right answers on."""
    def sign_in(fields):
        if (fields["PASSWORD"], fields["CODE"]) != (password.encode(), code.encode()):
            return Refusal("DENIED")
        bridge.on("STATUS_OF", status)
        bridge.on("ROLES", roles)
        return status()
    bridge.on("SIGN_IN", sign_in)


def answer(child, **factors):
    child.expect_exact("Password: ")
    assert not echoes(child)
    type_in(child, **factors)


def type_in(child, password="s3cret pässword", code="123456"):
    """What follows the first prompt."""
    child.sendline(password)
    child.expect_exact("One-time code: ")
    assert not echoes(child)
    child.sendline(code)
