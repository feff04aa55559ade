"""
Completions in the shells themselves: words and options as --help has them, roles as the bridge does, and a role's name
is text and nothing else.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import completing  # noqa: E402
from login_tools import LOGIN, NO_HOME, bridge, environment, roles, run  # noqa: E402, F401

PATH = f"{os.path.dirname(LOGIN)}:/usr/bin:/bin"


def words_of_help(bridge):
    listed = run(bridge, "--help").stdout.split("Words:\n")[1].split("\n\n")[0]
    return re.findall(r"^  ([a-z-]+) ", listed, re.M)


def asking(bridge, **more):
    return environment(AWSFED_SOCKET=bridge.path, PATH=PATH, **more)


def in_bash(bridge, *words, cwd=None):
    return completing.in_bash("awsfed-login", words, asking(bridge), cwd)


def in_fish(bridge, line, cwd=None):
    return completing.in_fish("awsfed-login", line, asking(bridge, HOME=str(cwd or NO_HOME)), cwd)


def test_bash(bridge, tmp_path):
    bridge.on("ROLES", roles)
    assert in_bash(bridge, "") == words_of_help(bridge)
    assert in_bash(bridge, "-q", "st") == ["status"] and in_bash(bridge, "--role", "x", "st") == ["status"]
    assert set(in_bash(bridge, "console", "--")) >= {"--role", "--service", "--open", "--json", "--help"}
    assert "-r" in in_bash(bridge, "exec", "-") and "--need" in in_bash(bridge, "exec", "--n")
    assert in_bash(bridge, "env", "--shell", "z") == ["zsh"]
    assert in_bash(bridge, "use", "A") == ["Admin"] and in_bash(bridge, "env", "-r", "A") == ["Admin"]
    assert "true" in in_bash(bridge, "exec", "--", "tru") and in_bash(bridge, "roles", "x") == []
    (tmp_path / "a-file").touch()
    assert in_bash(bridge, "exec", "-r", "x", "--", "cat", "a-f", cwd=tmp_path) == ["a-file"]


def test_fish(bridge):
    bridge.on("ROLES", roles)
    assert sorted(in_fish(bridge, "awsfed-login ")) == sorted(words_of_help(bridge))
    assert in_fish(bridge, "awsfed-login use A") == ["Admin"] and in_fish(bridge, "awsfed-login env -r A") == ["Admin"]
    assert in_fish(bridge, "awsfed-login env --shell z") == ["zsh"]
    assert "--service" in in_fish(bridge, "awsfed-login console --s")


def in_zsh(bridge, line, rest, tmp_path):
    child = completing.in_zsh(line, rest, asking(bridge), tmp_path)
    child.send("\x01echo \x05\r")  # the completed line, as an argument of echo
    child.expect(r"\n(awsfed-login [^\r]*)\r")
    found = child.match.group(1)
    child.close(force=True)
    return found


def test_zsh(bridge, tmp_path):
    bridge.on("ROLES", roles)
    for line, want in (("awsfed-login stat", "awsfed-login status"), ("awsfed-login use Adm", "awsfed-login use Admin"),
                       ("awsfed-login env -r Adm", "awsfed-login env -r Admin"),
                       ("awsfed-login console --serv", "awsfed-login console --service")):
        assert in_zsh(bridge, line, want[len(line):], tmp_path).strip() == want


@pytest.mark.parametrize("name", ["A$(touch$IFS'BROKEN')", "A`touch\u00a0BROKEN`", "A;touch${IFS}BROKEN", "A'\"\\"])
def test_a_hostile_role_is_text(bridge, tmp_path, name):
    """I-69's spirit: what a completion offers evaluates to itself."""
    reply = roles()
    reply["ROLE"][0]["ROLE_NAME"] = name
    bridge.on("ROLES", reply)
    offered = in_bash(bridge, "use", "A", cwd=tmp_path)
    assert len(offered) == 1
    shown = subprocess.run(["bash", "-c", f"printf %s {offered[0]}"], capture_output=True, text=True, timeout=60,
                           check=True, cwd=tmp_path)
    assert shown.stdout == name
    in_fish(bridge, "awsfed-login use A", cwd=tmp_path)
    assert not list(tmp_path.glob("BROKEN*"))
