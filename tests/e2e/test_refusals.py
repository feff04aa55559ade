"""What a person types that must be refused over the real ssh, and who must be, with a clear error and nothing lost.

SPDX-License-Identifier: Apache-2.0
"""
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from asker import ask, authenticate  # noqa: E402
from refused import BOTH_PROMPTS, assert_refused, prompts  # noqa: E402

# ---- What a person types ----

def test_empty_password(lab, person):
    """I-1: an empty password is refused, and the directory hears nothing of it."""
    before = lab.directory.attribute(person.name, "badPasswordTime")
    assert_refused(lab.sshd.login(person.name, "", lab.codes.fresh(person.name)))
    assert lab.directory.attribute(person.name, "badPasswordTime") == before


def test_wrong_password(lab, person):
    """A wrong password with a right code is refused, and counted once by the directory (I-6)."""
    assert_refused(lab.sshd.login(person.name, "not the password", lab.codes.fresh(person.name)))
    assert lab.directory.bad_password_count(person.name) == 1


@pytest.mark.parametrize("code", ["", "1", "12345", "1234567", "abcdef", "      ", "１２３４５６"])
def test_malformed_code(lab, person, code):
    """I-29: an empty or short code is a wrong code."""
    assert_refused(lab.sshd.login(person.name, person.password, code))


def test_wrong_code_costs_no_bind(lab, person):
    """I-36: with a wrong code even a wrong password is not counted by the directory."""
    assert_refused(lab.sshd.login(person.name, "not the password", lab.codes.wrong(person.name)))
    assert lab.directory.bad_password_count(person.name) == 0


def test_reused_code(lab, person):
    """I-24: a code works once."""
    code = lab.codes.fresh(person.name)
    assert lab.sshd.login(person.name, person.password, code).status == 0
    assert_refused(lab.sshd.login(person.name, person.password, code))
    assert lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name)).status == 0


def test_a_code_under_another_form_of_the_name_is_reused(lab, person):
    """I-18: alice, ALICE, CORP\\alice and alice@corp.example.com share one watermark."""
    code = lab.codes.fresh(person.name)
    assert authenticate(person.name, person.password, code) == "OK"
    for form in (person.name.upper(), f"CORP\\{person.name}", f"{person.name}@corp.example.com",
                 f"{person.name}@CORP.Example.COM"):
        assert authenticate(form, person.password, code) == "DENIED", form
    assert authenticate(f"CORP\\{person.name}", person.password, lab.codes.fresh(person.name)) == "OK"


def test_one_answer_to_both_prompts(lab, person):
    """I-48: by ssh's password method sshd answers each prompt with the same string, which is refused."""
    before = lab.directory.attribute(person.name, "badPasswordTime")
    outcome = lab.sshd.password_login(person.name, person.password)
    assert outcome.status == 255, outcome.transcript
    outcome = lab.sshd.password_login(person.name, lab.codes.fresh(person.name))
    assert outcome.status == 255, outcome.transcript
    assert lab.directory.attribute(person.name, "badPasswordTime") == before


# ---- Who they are ----

@pytest.mark.parametrize("name", ["nobody-at-all", "zoe", "a:b", "a/b", "é漢", "x" * 300])
def test_unknown_and_invalid_names(lab, name):
    """I-19, I-35: names that are unknown, or no names, meet the same prompts and the same refusal."""
    assert_refused(lab.sshd.login(name, "a password", "123456"))


@pytest.mark.parametrize("name, text", [
    ("carol", "disabled"), ("dave", "expired"), ("frank", "")])
def test_accounts_out_of_order(lab, name, text):
    """I-12: disabled and expired are said where the password was right; locked (775) looks like a wrong one."""
    who = lab.people.person(name)
    outcome = lab.sshd.login(name, who.password, lab.codes.fresh(name))
    assert_refused(outcome)
    assert text in outcome.output
    if text:
        outcome = lab.sshd.login(name, "not the password", lab.codes.fresh(name))
        assert_refused(outcome)
        assert text not in outcome.output


@pytest.mark.parametrize("name", ["erin", "gina"])
def test_a_password_to_be_changed_is_no_login(lab, name):
    """I-13: after both factors sshd asks for a new password; without one there is no shell."""
    who = lab.people.person(name)
    outcome = lab.sshd.login(name, who.password, lab.codes.fresh(name), command="echo in")
    assert prompts(outcome)[:2] == BOTH_PROMPTS
    assert "assword:" in prompts(outcome)[2]
    assert "in\n" not in outcome.transcript.replace("\r", "")


def test_nobody_without_a_second_factor(lab):
    """I-31: Ivan is in a mapped group and not enrolled: refused like a wrong code."""
    ivan = lab.people.person("ivan")
    assert_refused(lab.sshd.login("ivan", ivan.password, "123456"))


def test_required_enrolled_lets_in_by_the_password_alone(lab, bridge):
    """I-31: whom the policy lets in without a code must prove the password: a code alone, any text, proves nothing."""
    del bridge  # it is restarted with its first configuration afterwards
    lab.awsfed.configure({"mfa": {"required": "enrolled"}})
    ivan = lab.people.person("ivan")
    assert ask("AUTHENTICATE", USER="ivan", CODE=b"123456", FACTORS=2, SERVICE="sudo")[0] == "DENIED"
    assert authenticate("ivan", "not the password", "123456") == "DENIED"
    assert authenticate("ivan", ivan.password, "123456") == "OK"



def test_a_directory_name_of_a_system_account(lab):
    """I-20: the directory has an enrolled `backup`, and the host has one too, below the minimum uid."""
    who = lab.people.person("backup")
    assert lab.directory.try_password("backup", who.password) == ""
    assert authenticate("backup", who.password, lab.codes.fresh("backup")) == "LOCAL_USER"


def test_too_many_failures_lock_the_source_out(lab, person):
    """I-38: after max-failures even the right factors are refused; AD has counted nothing."""
    for _ in range(5):
        assert_refused(lab.sshd.login(person.name, person.password, lab.codes.wrong(person.name)))
    outcome = lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name))
    assert outcome.status == 255
    assert "too many failed attempts" in outcome.transcript
    assert lab.directory.bad_password_count(person.name) == 0
    subprocess.run(["awsfed-admin", "mfa", "unlock", person.name], check=True)
    assert lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name)).status == 0


@pytest.mark.parametrize("factors", [1, 2])
def test_one_factor_forgives_no_guesses_at_the_other(lab, person, factors):
    """I-37: whoever has one factor, and a service that asks for it alone, has no more guesses at the other than anybody."""
    code = lab.codes.fresh(person.name)

    def alone():
        given = {"PASSWORD": person.password.encode()} if factors == 1 else {"CODE": code.encode()}
        return ask("AUTHENTICATE", USER=person.name, FACTORS=factors, SERVICE="sudo", RHOST="192.0.2.9", **given)[0]

    def guess(n):
        if factors == 1:
            return authenticate(person.name, person.password, lab.codes.wrong(person.name))
        return authenticate(person.name, f"guess {n}", code)

    for n in range(4):
        assert guess(n) == "DENIED"
    assert alone() == "OK"
    assert guess(5) == "DENIED"  # in the second case the code's second use is as wrong as a password
    assert alone() == "LOCKED"
