"""
Choosing a role at a terminal, and the role of the whole session: the picker on a real pty, the plain list where the
terminal can do no more, and nothing of either without a person.
SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import re
import sys
import time

import pexpect
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake_bridge import Refusal  # noqa: E402
from login_tools import (CREDENTIALS, LOGIN, answer, bridge, clean, echoes, ended, environment,  # noqa: E402, F401
                         one_line, run, status)

NAMES = ["Admin", "Auditor", "Admin-dev", "Überwacher"]
UP, DOWN, ESCAPE = "\x1b[A", "\x1b[B", "\x1b"


def many_roles(_=None):
    now = int(time.time())
    return {"USER": "alice@corp.example.com", "EXPIRES": now + 43190, "ROLE": [
        {"ROLE_NAME": name, "ROLE_ARN": f"arn:aws:iam::{i:012}:role/r", "ACCOUNT": f"{i:012}",
         "ALIAS": ["prod", "prod", "dev\x1b[31m", "eu"][i], "DURATION": 3600, "CODE_NEEDED": int(i == 1),
         "CACHED_UNTIL": now + 2990 if i == 0 else 1} for i, name in enumerate(NAMES)]}


@pytest.fixture
def several(bridge):
    def credentials(fields):
        if "ROLE_NAME" not in fields:
            return Refusal("ROLE", MESSAGE=["several roles fit; name one with --role"])
        return {**CREDENTIALS, "ROLE_NAME": fields["ROLE_NAME"], "EXPIRES": int(time.time()) + 3600}

    bridge.on("ROLES", many_roles)
    bridge.on("CREDENTIALS", credentials)
    bridge.on("STATUS_OF", status)
    bridge.on("USE", lambda fields: {"ROLE_NAME": fields["ROLE_NAME"], "ROLE_ARN": "a", "ACCOUNT": "1" * 12,
                                     "ALIAS": "prod", "EXPIRES": int(time.time()) + 43190})
    return bridge


def at(bridge, tmp_path, *args, term="xterm", columns=80, **more):
    return pexpect.spawn(LOGIN, list(args), timeout=20, encoding="utf-8", dimensions=(24, columns),
                         env=environment(AWSFED_SOCKET=bridge.path, TERM=term, HOME=str(tmp_path), **more))


def chosen(bridge):
    return [fields.get("ROLE_NAME") for kind, fields in bridge.asked if kind in ("CREDENTIALS", "USE")]


def test_typing_chooses(several, tmp_path):
    child = at(several, tmp_path, "env", "--shell", "json")
    child.expect_exact("Which role? ")
    child.expect_exact("Überwacher")
    assert not echoes(child)
    child.send("ADMIN de")
    child.expect_exact("> Admin-dev")
    child.send("\r")
    child.expect_exact('"AWS_ACCESS_KEY_ID"')
    child.expect(pexpect.EOF)
    assert ended(child) == 0 and chosen(several) == [None, "Admin-dev"]


def test_rows_say_account_alias_time_and_code_cleaned(several, tmp_path):
    """I-58"""
    child = at(several, tmp_path, "use", NO_COLOR="1")
    child.expect_exact("Which role? ")
    child.expect("Überwacher[^\n]*eu")
    shown = child.before + child.after
    assert re.search(r"> Admin +000000000000 prod  49m left", shown)
    assert re.search(r"  Auditor +000000000001 prod  needs code", shown)
    assert "dev?[31m" in shown and "\x1b[31m" not in shown and "\x1b[1m" not in shown, "NO_COLOR"
    child.send(ESCAPE)
    child.expect("no role chosen")
    child.expect(pexpect.EOF)
    assert ended(child) == 1 and chosen(several) == []


def test_arrows_choose_and_the_last_used_comes_first(several, tmp_path):
    child = at(several, tmp_path, "use")
    child.expect("Überwacher[^\n]*eu")
    child.send(UP)
    child.expect_exact("> Überwacher")
    child.send(UP + "\n")
    child.expect_exact("Every shell of this session is now Admin-dev in account 111111111111 (prod).")
    child.expect(pexpect.EOF)
    assert ended(child) == 0 and chosen(several) == ["Admin-dev"]
    assert run(several, "use", "Auditor", env={"HOME": str(tmp_path)}).returncode == 0
    assert (tmp_path / ".local/state/awsfed/recent").read_text() == "Auditor\nAdmin-dev\n"
    child = at(several, tmp_path, "use")
    child.expect("> (?:\x1b[^m]*m)?Auditor[^\n]*\n[^\n]*Admin-dev[^\n]*\n[^\n]*Admin ")
    child.sendeof()
    child.expect(pexpect.EOF)
    assert ended(child) == 1


def test_the_list_is_kept_where_it_can_be(several, tmp_path):
    """A home that cannot be written to is no failure."""
    for env in ({"HOME": "/proc"}, {"HOME": ""}, {"XDG_STATE_HOME": "/dev/null", "HOME": str(tmp_path)}):
        assert run(several, "use", "Admin", env=env).returncode == 0
    assert run(several, "use", "Admin", env={"XDG_STATE_HOME": str(tmp_path / "x")}).returncode == 0
    assert (tmp_path / "x/awsfed/recent").read_text() == "Admin\n"


def test_a_plain_list_where_the_terminal_can_do_no_more(several, tmp_path):
    child = at(several, tmp_path, "use", term="dumb")
    child.expect_exact("Which role? Number or name: ")
    assert re.search(r"  1  Admin .*\n  2  Auditor .*\n  3  Admin-dev .*\n  4  Überwacher", clean(child.before))
    assert "\x1b" not in child.before and echoes(child)
    for wrong in ("0", "5", "Adm", "x" * 200):
        child.sendline(wrong)
        child.expect_exact("Which role? Number or name: ")
    child.sendline("3")
    child.expect_exact("now Admin-dev")
    child.expect(pexpect.EOF)
    child = at(several, tmp_path, "use", term="")
    child.expect_exact("Number or name: ")
    child.sendline("Auditor")
    child.expect_exact("now Auditor")
    child.expect(pexpect.EOF)
    child = at(several, tmp_path, "use", term="dumb")
    child.expect_exact("Number or name: ")
    child.sendline("")
    child.expect_exact("no role chosen")
    child.expect(pexpect.EOF)
    assert ended(child) == 1


def test_ctrl_c_leaves_the_terminal_as_it_was(several, tmp_path):
    child = at(several, tmp_path, "use")
    child.expect("Überwacher[^\n]*eu")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.signalstatus == 2 and chosen(several) == []


def test_long_lists_scroll_and_narrow_terminals_cut(bridge, tmp_path):
    reply = many_roles()
    reply["ROLE"] = [{**reply["ROLE"][0], "ROLE_NAME": f"role-{i:03}"} for i in range(300)]
    bridge.on("ROLES", reply)
    bridge.on("USE", lambda fields: {"ROLE_NAME": fields["ROLE_NAME"], "ACCOUNT": "1" * 12, "ROLE_ARN": "a",
                                     "EXPIRES": 2**33})
    child = at(bridge, tmp_path, "use", columns=24)
    child.expect_exact("(300 of 300)")
    assert max(len(line) for line in re.sub("\x1b[^a-zA-Z]*[a-zA-Z]", "", child.before).split("\r\n")) <= 24
    child.send(UP)
    child.expect_exact("role-299")
    child.send("\x15" + "29")
    child.expect_exact("(13 of 300)")
    child.send("8\r")
    child.expect_exact("now role-298")
    child.expect(pexpect.EOF)
    assert ended(child) == 0


def test_a_fresh_code_is_asked_for_after_the_choice(several, tmp_path):
    """Step-up: the role wants a fresher code than the ticket has."""
    fresh = []

    def use(fields):
        return {"ROLE_NAME": fields["ROLE_NAME"], "ACCOUNT": "1" * 12, "ROLE_ARN": "a",
                "EXPIRES": 2**33} if fresh else Refusal("FRESH_CODE")
    several.on("USE", use)
    several.on("SIGN_IN", lambda _: fresh.append(1) or status())
    child = at(several, tmp_path, "use")
    child.expect_exact("Which role? ")
    child.expect("Überwacher[^\n]*eu")
    child.send("audit\r")
    answer(child)
    child.expect_exact("now Auditor")
    child.expect(pexpect.EOF)
    assert ended(child) == 0


def test_nobody_is_asked_without_a_person(several):
    """I-67 and every script: no terminal, no picker."""
    done = run(several, "env")
    assert done.returncode == 3 and one_line(done.stderr) == "several roles fit; name one with --role"
    done = run(several, "use")
    assert done.returncode == 2 and "awsfed-login use ROLE" in one_line(done.stderr)
    done = run(several, "credential-process")
    assert done.returncode == 3 and one_line(done.stderr)
    assert "ROLES" not in several.types()


def test_credential_process_never_picks(several, tmp_path):
    """I-67"""
    child = at(several, tmp_path, "credential-process")
    child.expect(pexpect.EOF)
    assert "Which role" not in child.before and ended(child) == 3 and "ROLES" not in several.types()


def test_one_role_that_is_refused_is_no_choice(bridge, tmp_path):
    bridge.on("ROLES", {**many_roles(), "ROLE": []})
    bridge.on("CREDENTIALS", Refusal("ROLE", MESSAGE=["you have no AWS role"]))
    child = at(bridge, tmp_path, "env")
    child.expect(pexpect.EOF)
    assert ended(child) == 3 and clean(child.before) == "awsfed-login: you have no AWS role\n"


def test_use_refuses_what_is_not_mine(bridge):
    bridge.on("USE", Refusal("ROLE", MESSAGE=['no role "X" for you']))
    done = run(bridge, "use", "X")
    assert done.returncode == 3 and one_line(done.stderr) == 'no role "X" for you'
    assert bridge.asked[0] == ("USE", {"ROLE_NAME": "X"})


@pytest.mark.parametrize("words", [("use",), ("credential-process", "-r"), ("exec", "-r")])
def test_a_role_that_is_nearly_mine_is_named(several, words):
    """Of a name that begins like one, or is a letter off; not of any other, and with the status of a refusal."""
    for kind in ("USE", "CREDENTIALS"):
        several.on(kind, Refusal("ROLE", MESSAGE=["no such role for you"]))
    more = ("--", "true") if words[0] == "exec" else ()
    for typed, said in (("Adm", 'no such role for you; did you mean "Admin"?'), ("auditor", '; did you mean "Auditor"?'),
                        ("Überwachen", '; did you mean "Überwacher"?'), ("payroll", "no such role for you")):
        done = run(several, *words, typed, *more)
        assert done.returncode == 3 and done.stdout == "" and one_line(done.stderr).endswith(said), done.stderr
    several.on("ROLES", Refusal("SYSTEM"))
    assert one_line(run(several, *words, "Adm", *more).stderr) == "no such role for you"


def test_a_shell_that_stays_with_something_else_is_told(several):
    """`use` is of the session's endpoint, which SDKs ask last."""
    assert run(several, "use", "Admin").stderr == ""
    line = one_line(run(several, "use", "Admin", env={"AWS_PROFILE": "old\x1b"}).stderr)
    assert 'stays with the profile "old?"' in line and "env --unset" in line
    good = {"AWS_ACCESS_KEY_ID": "ASIA", "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00Z"}
    assert "stays with them" in one_line(run(several, "use", "Admin", env=good).stderr)
    assert run(several, "use", "-q", "Admin", env=good).stderr == "" and run(several, "status", env=good).stderr == ""


def test_a_filter_that_fits_nothing_says_so(several, tmp_path):
    child = at(several, tmp_path, "use")
    child.expect_exact("> ")
    child.send("zzz\r")
    child.expect_exact("(0 of 4)")
    child.send(ESCAPE)
    child.expect("no role chosen")
    child.expect(pexpect.EOF)
    assert ended(child) == 1


def test_a_sign_in_that_ends_soon_is_told(several):
    several.on("USE", {"ROLE_NAME": "A", "ROLE_ARN": "a", "ACCOUNT": "1" * 12, "EXPIRES": 2**33,
                       "MESSAGE": ["your sign-in ends in 9 min; run x"]})
    assert one_line(run(several, "use", "A").stderr) == "your sign-in ends in 9 min; run x"
    assert run(several, "use", "A", "-q").stderr == ""


def test_progress_is_shown_on_a_terminal_only(several, tmp_path):
    def slow(_):
        time.sleep(1.2)
        return many_roles()
    several.on("ROLES", slow)
    child = at(several, tmp_path, "roles", term="dumb")
    child.expect(pexpect.EOF)
    assert "Waiting for the answer .." in child.before and re.search(r"\r +\rNAME ", child.before)
    assert run(several, "roles").stderr == ""


def test_a_prompt_shows_no_progress(several, tmp_path):
    """It is drawn within a second or not at all, and what it is drawn on is a terminal."""
    several.on("STATUS_OF", lambda _: time.sleep(0.8) or status())
    child = at(several, tmp_path, "status", "--prompt", term="dumb")
    child.expect(pexpect.EOF)
    assert re.fullmatch(r"aws:11h59m\r\n", child.before)


def test_changing_the_second_factor_shows_progress(bridge, tmp_path):
    bridge.on("RECOVERY_CODES", lambda _: time.sleep(1.2) or {"RECOVERY_CODE": ["abcd-efgh"]})
    child = at(bridge, tmp_path, "recovery-codes", term="dumb")
    answer(child)
    child.expect(pexpect.EOF)
    assert "Waiting for the answer .." in child.before and "abcd-efgh" in child.before
