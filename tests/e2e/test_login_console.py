"""
awsfed-login console against the fake bridge: the address is printed and nothing else, and a browser gets it without
anybody else on the host reading it.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import pathlib
import stat
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake_bridge import Refusal  # noqa: E402
from login_tools import bridge, one_line, run  # noqa: E402, F401

URL = ("https://signin.aws.amazon.com/federation?Action=login&Destination=https%3A%2F%2Fconsole.aws.amazon.com%2F"
       "&SigninToken=s3cret-token")


@pytest.fixture
def ready(bridge):
    bridge.on("CONSOLE", {"ROLE_NAME": "Admin", "ACCOUNT": "111122223333", "CONSOLE_URL": URL})
    return bridge


def test_the_address_and_nothing_else(ready):
    done = run(ready, "console", "-r", "Admin", "-d", "2h", "--service", "s3")
    assert (done.returncode, done.stdout, done.stderr) == (0, URL + "\n", "")
    assert ready.asked == [("CONSOLE", {"ROLE_NAME": "Admin", "DURATION": 7200, "CONSOLE_SERVICE": "s3"})]
    assert json.loads(run(ready, "console", "--json").stdout) == {"url": URL, "role": "Admin",
                                                                  "account": "111122223333"}


@pytest.mark.parametrize("service", ["", "S3", "s3/../x", "a b", "s3?x", "x" * 33, "s3&Action=login"])
def test_a_service_is_a_word(ready, service):
    done = run(ready, "console", "--service", service)
    assert done.returncode == 2 and ready.asked == []
    one_line(done.stderr)


@pytest.mark.parametrize("url", ["http://signin.aws.amazon.com/", "javascript:alert(1)", "https://x/\n", "https://x/\"",
                                 "https://x/<b>", "https://x/\u00e9", ""])
def test_what_is_no_address_is_refused(ready, url):
    """I-58"""
    ready.on("CONSOLE", {"ROLE_NAME": "Admin", "ACCOUNT": "1", "CONSOLE_URL": url})
    done = run(ready, "console")
    assert done.returncode == 1 and done.stdout == ""


def test_refusals_keep_their_statuses(ready):
    for error, want in (("NO_TICKET", 4), ("FRESH_CODE", 4), ("ROLE", 3), ("AWS_REFUSED", 5), ("AWS_UNAVAILABLE", 6)):
        ready.on("CONSOLE", Refusal(error, MESSAGE=["why"]))
        done = run(ready, "console")
        assert (done.returncode, done.stdout, one_line(done.stderr)) == (want, "", "why")


def opener(tmp_path, script):
    (tmp_path / "bin").mkdir()
    path = tmp_path / "bin/xdg-open"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    (tmp_path / "run").mkdir(mode=0o700)
    return {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "DISPLAY": ":9", "XDG_RUNTIME_DIR": str(tmp_path / "run")}


def test_a_browser_gets_a_file_of_ones_own(ready, tmp_path):
    """I-57: the token is in no argument; the page is readable by its owner alone, and gone soon."""
    env = opener(tmp_path, f'printf "%s" "$*" >{tmp_path}/argv; cat "$1" >{tmp_path}/page; '
                           f'stat -c %a "$1" >{tmp_path}/mode; cat /proc/*/cmdline 2>/dev/null >{tmp_path}/all; exit 0')
    done = run(ready, "console", "--open", env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    argument = (tmp_path / "argv").read_text()
    assert argument.startswith(str(tmp_path / "run/awsfed-console.")) and argument.endswith(".html")
    assert (tmp_path / "mode").read_text() == "600\n"
    assert b"s3cret-token" not in (tmp_path / "all").read_bytes()
    assert f'content="0;url={URL.replace("&", "&amp;")}"' in (tmp_path / "page").read_text()
    assert stat.S_IMODE(os.stat(argument).st_mode) == 0o600
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):  # whoever takes it away after a minute
        try:
            if path.read_bytes().startswith(b"/tmp/") or b"awsfed-login\0console\0--open" in path.read_bytes():
                if env["XDG_RUNTIME_DIR"].encode() in (path.parent / "environ").read_bytes():
                    os.kill(int(path.parent.name), 9)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            pass


def test_without_a_browser_it_is_printed(ready, tmp_path):
    """Over ssh, and where the opener fails; the page does not stay."""
    done = run(ready, "console", "--open")
    assert done.returncode == 0 and done.stdout == URL + "\n" and "no browser" in one_line(done.stderr)
    env = opener(tmp_path, "exit 3")
    done = run(ready, "console", "--open", env=env)
    assert done.returncode == 0 and done.stdout == URL + "\n"
    assert list((tmp_path / "run").iterdir()) == []
    assert run(ready, "console", "--open", "--json").returncode == 2
