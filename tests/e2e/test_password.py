"""Changing an own password: at login when AD wants it, and with passwd(1); what AD says to it, in words.

SPDX-License-Identifier: Apache-2.0
"""
from pathlib import Path
import sys

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from asker import ask, authenticate  # noqa: E402
from refused import BOTH_PROMPTS, prompts  # noqa: E402

NEW = "Brand-new secret 77"
CHANGE = ["Current password:", "New password:", "Retype new password:"]


@pytest.fixture
def must_change(lab, person):
    """Somebody who must change the password at the next login, as after a reset by the help desk."""
    lab.directory.samdb().force_password_change_at_next_login(f"(sAMAccountName={person.name})")
    return person


def change_at_login(lab, person, new, again=None):
    return lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), person.password, new, again or new,
                          command="echo shell came")


def passwd(lab, person, *answers):
    uid = str(person.uid)
    return lab.terminal.converse(["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "passwd"], answers)


def works(lab, person, password):
    return lab.directory.try_password(person.name, password) == ""


# ---- At login ----

def test_must_change_at_login(lab, must_change):
    """I-13, I-14: after both factors the new password is asked for twice; then the login goes on, with it alone."""
    outcome = change_at_login(lab, must_change, NEW)
    assert outcome.status == 0, outcome.transcript
    assert prompts(outcome) == BOTH_PROMPTS + CHANGE
    assert outcome.output.endswith("shell came")
    assert works(lab, must_change, NEW) and not works(lab, must_change, must_change.password)
    assert lab.sshd.login(must_change.name, NEW, lab.codes.fresh(must_change.name)).status == 0


def test_no_new_password_without_the_second_factor(lab, must_change):
    """I-13: with a wrong code nobody is asked for a new password, and nothing tells that one is due."""
    outcome = lab.sshd.login(must_change.name, must_change.password, lab.codes.wrong(must_change.name), NEW, NEW)
    assert outcome.status == 255
    assert prompts(outcome) == BOTH_PROMPTS
    assert lab.directory.try_password(must_change.name, must_change.password) == "773"


def test_must_change_where_only_the_code_is_asked_for(lab, must_change):
    """I-13, I-36: with factors=totp the change itself proves the old password; one that is wrong changes nothing and counts."""
    name, old = must_change.name, must_change.password.encode()
    said, got = ask("AUTHENTICATE", USER=name, CODE=lab.codes.fresh(name).encode(), FACTORS=2, SERVICE="sshd")
    assert said == "OK"

    def change(old_password):
        return ask("CHANGE_PASSWORD", USER=name, PASSWORD=old_password, NEW_PASSWORD=NEW.encode(), SERVICE="sshd",
                   RECEIPT=got["RECEIPT"])[0]

    assert ask("ACCOUNT", USER=name, SERVICE="sshd", RECEIPT=got["RECEIPT"])[0] == "PASSWORD_EXPIRED"
    assert change(b"not the password") == "DENIED"
    assert not works(lab, must_change, NEW)
    assert change(old) == "OK"
    assert works(lab, must_change, NEW)
    assert ask("ACCOUNT", USER=name, SERVICE="sshd", RECEIPT=got["RECEIPT"])[0] == "OK"


def test_two_that_differ(lab, must_change):
    """Two different new passwords change nothing, and there is no shell."""
    outcome = change_at_login(lab, must_change, NEW, "Another secret 78")
    assert "do not match" in outcome.transcript
    assert "shell came" not in outcome.transcript
    assert lab.directory.try_password(must_change.name, must_change.password) == "773"


@pytest.mark.parametrize("new, said", [("Sh0rt!", "short"), ("lettersandnomore", "complex")])
def test_what_ad_refuses(lab, must_change, new, said):
    """I-14: AD's own refusal reaches the person in plain words, and the old password stays."""
    outcome = change_at_login(lab, must_change, new)
    assert said in outcome.transcript.lower(), outcome.transcript
    assert "shell came" not in outcome.transcript
    assert lab.directory.try_password(must_change.name, must_change.password) == "773"


# ---- passwd(1) ----

def test_passwd(lab, person):
    """I-14: with the current password and a code; only the new one works afterwards."""
    outcome = passwd(lab, person, person.password, lab.codes.fresh(person.name), NEW, NEW)
    assert outcome.status == 0, outcome.transcript
    assert works(lab, person, NEW) and not works(lab, person, person.password)


def test_passwd_to_what_was_wrong_a_moment_ago(lab, person):
    """A password that AD rejected is not sent again for a while, unless it has become the right one."""
    code = lab.codes.fresh(person.name)
    assert authenticate(person.name, NEW, code) == "DENIED"
    assert passwd(lab, person, person.password, code, NEW, NEW).status == 0
    assert authenticate(person.name, NEW, lab.codes.fresh(person.name)) == "OK"


def test_passwd_with_a_wrong_password(lab, person):
    """I-6, I-14: nothing changes, and AD counts one wrong password, as for a login."""
    outcome = passwd(lab, person, "not the password", lab.codes.fresh(person.name), NEW, NEW)
    assert outcome.status != 0
    assert works(lab, person, person.password)


def test_passwd_with_a_wrong_code(lab, person):
    """I-36: without the second factor the directory hears nothing of it."""
    outcome = passwd(lab, person, person.password, lab.codes.wrong(person.name), NEW, NEW)
    assert outcome.status != 0
    assert lab.directory.bad_password_count(person.name) == 0
    assert works(lab, person, person.password)


def test_passwd_of_the_last_password(lab, person):
    """I-14: the password of before is in AD's history: refused, in words."""
    assert passwd(lab, person, person.password, lab.codes.fresh(person.name), NEW, NEW).status == 0
    outcome = passwd(lab, person, NEW, lab.codes.fresh(person.name), person.password, person.password)
    assert outcome.status != 0
    assert "used before" in outcome.transcript or "history" in outcome.transcript, outcome.transcript
    assert works(lab, person, NEW)


def test_passwd_of_the_local_user(lab, bridge):
    """I-23: a local user's password is pam_unix's business, with the bridge down as ever."""
    bridge.kill()
    old, new = lab.people.BREAKGLASS_PASSWORD, "Another-glass-10"
    as_local = ["setpriv", f"--reuid={lab.people.BREAKGLASS_UID}", f"--regid={lab.people.BREAKGLASS_UID}",
                "--clear-groups", "passwd"]
    for first, second in ((old, new), (new, old)):
        outcome = lab.terminal.converse(as_local, [first, second, second])
        assert outcome.status == 0, outcome.transcript
        assert "One-time code" not in outcome.transcript
