"""
awsfed-login asks a person at a terminal for password and code.
SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import re
import sys

import pexpect
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake_bridge import ERRORS, Refusal  # noqa: E402
from login_tools import (CREDENTIALS, SECRET, answer, bridge, clean, ended, one_line, roles, run, signing_in,  # noqa: E402, F401
                         spawn, status)


def test_sign_in_shows_who_until_when_and_the_roles(bridge):
    signing_in(bridge)
    child = spawn(bridge)
    answer(child)
    child.expect(pexpect.EOF)
    assert re.match(r"\s*Signed in as alice@corp\.example\.com until [-0-9: ]+ \(11 h 59 min\)\.\n\n"
                    r"NAME ", clean(child.before))
    assert "Überwacher" in child.before and "s3cret" not in child.before and "123456" not in child.before
    assert ended(child) == 0
    kind, fields = bridge.asked[1]
    assert kind == "SIGN_IN" and fields["TTY"].startswith("/dev/pts/")
    assert bridge.types() == ["STATUS_OF", "SIGN_IN", "ROLES"]


def test_with_a_ticket_nothing_is_asked(bridge):
    bridge.on("STATUS_OF", status)
    bridge.on("ROLES", roles)
    done = run(bridge)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("Signed in as alice@corp.example.com until ")
    assert "Admin" in done.stdout
    assert run(bridge, "-q").stdout == ""


def test_without_a_terminal_it_says_what_to_run(bridge):
    done = run(bridge)
    assert (done.returncode, done.stdout) == (4, "")
    assert one_line(done.stderr) == "sign-in needed, and no terminal to ask on; run awsfed-login in one"
    assert bridge.types() == ["STATUS_OF"]


def test_three_tries(bridge):
    signing_in(bridge)
    child = spawn(bridge)
    for _ in range(2):
        answer(child, code="000000")
        child.expect_exact("authentication failed; try again.")
    answer(child, code="000000")
    child.expect(pexpect.EOF)
    assert clean(child.before).endswith("awsfed-login: authentication failed\n")
    assert ended(child) == 3 and bridge.types().count("SIGN_IN") == 3


def test_a_second_try_may_be_right(bridge):
    signing_in(bridge)
    child = spawn(bridge)
    answer(child, password="wrong")
    child.expect_exact("try again.")
    answer(child)
    child.expect(pexpect.EOF)
    assert "Signed in as" in child.before and ended(child) == 0


def test_a_used_code_is_said_and_tried_again(bridge):
    bridge.on("SIGN_IN", Refusal("REPLAY"))
    child = spawn(bridge)
    answer(child)
    child.expect_exact("this one-time code was used already; try again.")
    child.expect_exact("Password: ")
    child.close(force=True)


@pytest.mark.parametrize("error, exit_status", [("LOCKED", 3), ("DISABLED", 3), ("PASSWORD_EXPIRED", 3),
                                           ("NOT_ENROLLED", 3), ("DIRECTORY", 6), ("STORE", 6)])
def test_what_another_try_cannot_change_ends_at_once(bridge, error, exit_status):
    bridge.on("SIGN_IN", Refusal(error))
    child = spawn(bridge)
    answer(child)
    child.expect(pexpect.EOF)
    assert clean(child.before).endswith(f"awsfed-login: {ERRORS[error][2]}\n")
    assert ended(child) == exit_status and bridge.types().count("SIGN_IN") == 1


def test_empty_and_overlong_answers_go_nowhere(bridge):
    """I-1, I-2, I-29: the bridge never hears of them."""
    child = spawn(bridge)
    child.expect_exact("Password: ")
    child.sendline("")
    child.expect_exact("try again.")
    child.expect_exact("Password: ")
    child.sendline("p" * 512)
    child.expect_exact("try again.")
    child.expect_exact("Password: ")
    child.sendline("p" * 511)
    child.expect_exact("One-time code: ")
    child.sendline("")
    child.expect(pexpect.EOF)
    assert ended(child) == 3 and bridge.types() == ["STATUS_OF"]


def test_the_rest_of_an_overlong_answer_does_not_reach_the_next_prompt(bridge):
    signing_in(bridge)
    child = spawn(bridge)
    child.expect_exact("Password: ")
    child.sendline("p" * 600 + "Q" * 400)
    child.expect_exact("try again.")
    answer(child)
    child.expect(pexpect.EOF)
    assert "Signed in as" in child.before and ended(child) == 0


def test_the_longest_password_and_a_code_with_blanks_arrive_as_typed(bridge):
    signing_in(bridge, password="ä" * 255 + "p", code="123 456")
    child = spawn(bridge)
    answer(child, password="ä" * 255 + "p", code="123 456")
    child.expect(pexpect.EOF)
    assert ended(child) == 0


def test_what_is_typed_ahead_is_no_answer(bridge):
    child = spawn(bridge)
    child.expect_exact("Password: ")
    child.send("typed\rahead\r")  # the second line stands before its prompt does
    child.expect_exact("One-time code: ")
    child.sendline("")
    child.expect_exact("try again.")
    assert "SIGN_IN" not in bridge.types()
    child.close(force=True)


def test_end_of_input_ends_it(bridge):
    child = spawn(bridge)
    child.expect_exact("Password: ")
    child.sendeof()
    child.expect(pexpect.EOF)
    assert clean(child.before).endswith("awsfed-login: not signed in\n") and ended(child) == 4


def test_messages_of_a_sign_in_are_passed_on(bridge):
    bridge.on("ROLES", roles)
    bridge.on("SIGN_IN", status(MESSAGE=["your password expires in 3 days\x1b[5m"]))
    child = spawn(bridge)
    answer(child)
    child.expect(pexpect.EOF)
    assert "awsfed-login: your password expires in 3 days?[5m" in child.before and ended(child) == 0


def test_env_signs_in_where_somebody_sits(bridge):
    def sign_in(fields):
        bridge.on("CREDENTIALS", CREDENTIALS)
        return status()
    bridge.on("SIGN_IN", sign_in)
    bridge.on("CREDENTIALS", Refusal("FRESH_CODE"))
    child = spawn(bridge, "env", "--role", "Admin")
    answer(child)
    child.expect(pexpect.EOF)
    assert f"export AWS_SECRET_ACCESS_KEY='{SECRET}';" in child.before and ended(child) == 0
    assert bridge.types() == ["CREDENTIALS", "SIGN_IN", "CREDENTIALS"]


def test_a_role_that_wants_a_fresh_code_gets_one(bridge):
    bridge.on("STATUS_OF", status)
    bridge.on("ROLES", roles)
    bridge.on("SIGN_IN", status)
    child = spawn(bridge, "--role", "Admin")
    answer(child)
    child.expect(pexpect.EOF)
    assert "Signed in as" in child.before and ended(child) == 0
    assert bridge.types() == ["STATUS_OF", "ROLES", "SIGN_IN", "ROLES"]
    child = spawn(bridge, "--role", "Überwacher")
    child.expect(pexpect.EOF)
    assert "Password" not in child.before and ended(child) == 0
