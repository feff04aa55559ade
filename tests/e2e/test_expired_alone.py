"""Expired passwords with service-bind = none: nobody but their owner is there to change them, and AD lets that one not bind. Kerberos does.

SPDX-License-Identifier: Apache-2.0
"""
from functools import partial
import json
from pathlib import Path
import sys

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from asker import ask, at_once, authenticate, run_as  # noqa: E402
from refused import BOTH_PROMPTS, prompts  # noqa: E402
from test_password import CHANGE, NEW, change_at_login, passwd, works  # noqa: E402


@pytest.fixture
def due(lab, person):
    """Somebody who must change the password at the next login, as after a reset by the help desk (773)."""
    lab.directory.samdb().force_password_change_at_next_login(f"(sAMAccountName={person.name})")
    return person


@pytest.fixture
def expired(lab, person):
    """Somebody whose password has grown too old (532)."""
    lab.directory.DC1.expire_password(person.name, person.dn)
    return person


def is_due(lab, person, code="773"):
    return lab.directory.try_password(person.name, person.password) == code


def words(outcome):
    return " ".join(outcome.transcript.split())


def stays_out(outcome):
    return outcome.status != 0 and "shell came" not in outcome.output


# ---- What changes nothing ----

def test_no_change_without_the_second_factor(lab, due, alone):
    """I-13, I-36: with a wrong code nobody is asked for a new password, nothing tells that one is due, and AD hears nothing."""
    outcome = lab.sshd.login(due.name, due.password, lab.codes.wrong(due.name), due.password, NEW, NEW)
    assert stays_out(outcome) and prompts(outcome) == BOTH_PROMPTS and "expired" not in outcome.transcript
    assert is_due(lab, due) and lab.directory.bad_password_count(due.name) == 0


def test_no_change_with_a_wrong_password(lab, due, alone):
    """I-6: nor with a right code and a wrong password, which is one try at AD; nor with a wrong one at the change, which is one more."""
    outcome = lab.sshd.login(due.name, "not the password", lab.codes.fresh(due.name), due.password, NEW, NEW)
    assert stays_out(outcome) and prompts(outcome) == BOTH_PROMPTS
    assert lab.directory.bad_password_count(due.name) == 1
    outcome = lab.sshd.login(due.name, due.password, lab.codes.fresh(due.name), "nor this", NEW, NEW, command="echo shell came")
    assert stays_out(outcome) and prompts(outcome) == BOTH_PROMPTS + CHANGE
    assert lab.directory.bad_password_count(due.name) == 2
    assert is_due(lab, due)


@pytest.mark.parametrize("new, said", [("Sh0rt!", "short"), ("lettersandnomore", "complex"), (None, "history")])
def test_what_ad_refuses(lab, due, alone, new, said):
    """I-14: AD's own refusal reaches the person in plain words, and the old password stays."""
    outcome = change_at_login(lab, due, new or due.password)
    assert said in outcome.transcript.lower(), outcome.transcript
    assert stays_out(outcome) and is_due(lab, due)
    assert lab.awsfed.audit(event="change-password", user=due.name)[-1]["error"] == "PASSWORD_REFUSED"


def test_a_name_that_is_somebody_else_s_now(lab, due, alone):
    """I-8: the account was made anew, with the same first password, even: the enrolled person has no hand in it."""
    samdb = lab.directory.samdb()
    samdb.delete(due.dn)
    samdb.newuser(due.name, due.password, userou="OU=People")
    samdb.force_password_change_at_next_login(f"(sAMAccountName={due.name})")
    outcome = change_at_login(lab, due, NEW)
    assert stays_out(outcome) and prompts(outcome) == BOTH_PROMPTS + CHANGE
    assert is_due(lab, due) and lab.directory.bad_password_count(due.name) == 0


def test_where_no_code_was_proved_it_is_changed_elsewhere(lab, due, configure_alone):
    """I-12, I-13: whom a network spares the code is told what to do, and no more."""
    configure_alone(mfa={"exempt-networks": "127.0.0.0/8"})
    outcome = lab.sshd.login(due.name, due.password, "", due.password, NEW, NEW)
    assert stays_out(outcome) and prompts(outcome) == BOTH_PROMPTS
    assert "cannot do that: change it where you can" in words(outcome)
    assert is_due(lab, due)


def test_an_expired_password_opens_nothing(lab, due, alone):
    """I-13: both factors right, and no session, no ticket and no change without a code or a receipt come of it."""
    password = due.password.encode()
    assert ask("CHANGE_PASSWORD", USER=due.name, PASSWORD=password, NEW_PASSWORD=NEW.encode(), SERVICE="passwd")[0] == "DENIED"
    said, got = ask("AUTHENTICATE", USER=due.name, PASSWORD=password, CODE=lab.codes.fresh(due.name).encode(), FACTORS=3, SERVICE="sshd")
    assert said == "OK"
    for phase in ("ACCOUNT", "SESSION_OPEN"):
        assert ask(phase, USER=due.name, SERVICE="sshd", RECEIPT=got["RECEIPT"])[0] == "PASSWORD_EXPIRED"
    code = lab.codes.fresh(due.name)
    shell = run_as(due.uid, f"print(ask('SIGN_IN', PASSWORD={password!r}, CODE={code.encode()!r})[0])")
    assert shell == ["PASSWORD_EXPIRED"]
    assert is_due(lab, due)


def _logs_in(lab, due):
    """With the expired password, after two wrong ones at the address that authenticate() asks from: the receipt."""
    code = lab.codes.fresh(due.name)
    tries = [partial(authenticate, due.name, f"not this {i}", code) for i in range(2)]
    assert at_once(*tries) == ["DENIED"] * 2
    said, got = ask("AUTHENTICATE", USER=due.name, PASSWORD=due.password.encode(), CODE=code.encode(), FACTORS=3, SERVICE="sshd",
                    RHOST="192.0.2.9")
    assert said == "OK" and lab.directory.bad_password_count(due.name) == 2
    return got["RECEIPT"]


def test_an_expired_password_forgives_nothing(lab, due, configure_alone):
    """I-39: AD forgets no wrong password for one that has expired; would we, our limit would come after AD's."""
    configure_alone(mfa={"max-failures": "3"})
    _logs_in(lab, due)
    assert authenticate(due.name, "nor this", lab.codes.fresh(due.name)) == "DENIED"
    assert authenticate(due.name, due.password, lab.codes.fresh(due.name)) == "LOCKED"
    assert lab.directory.bad_password_count(due.name) == 3


def test_a_change_forgives(lab, due, configure_alone):
    """I-39: the login after it sets AD's count to zero, and ours."""
    configure_alone(mfa={"max-failures": "3"})
    receipt = _logs_in(lab, due)
    assert ask("CHANGE_PASSWORD", USER=due.name, PASSWORD=due.password.encode(), NEW_PASSWORD=NEW.encode(), SERVICE="sshd",
               RHOST="192.0.2.9", RECEIPT=receipt)[0] == "OK"
    assert lab.directory.bad_password_count(due.name) == 0
    code = lab.codes.fresh(due.name)
    assert at_once(*[partial(authenticate, due.name, f"nor this {i}", code) for i in range(2)]) == ["DENIED"] * 2
    assert authenticate(due.name, NEW, code) == "OK"


# ---- Somebody in between ----

def _flipped(answer):
    return answer[:-1] + bytes([answer[-1] ^ 1])


def _error(answer):
    """A KRB-ERROR of number 0 in a frame: a success, to whoever does not ask who wrote it."""
    realm = b"\xa9\x12\x1b\x10CORP.EXAMPLE.COM\xaa\x10\x30\x0e\xa0\x03\x02\x01\x02\xa1\x07\x30\x05\x1b\x03krb"
    fields = (b"\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e\xa4\x11\x18\x0f20260101000000Z\xa5\x03\x02\x01\x00\xa6\x03\x02\x01\x00"
              + realm + b"\xac\x04\x04\x02\x00\x00")
    error = b"\x7e" + bytes([len(fields) + 2]) + b"\x30" + bytes([len(fields)]) + fields
    return (6 + len(error)).to_bytes(2, "big") + b"\0\1\0\0" + error


@pytest.mark.parametrize("answer", [_flipped, _error])
def test_a_forged_answer_is_no_success(lab, due, configure_alone, answer):
    """What the domain controller did not sign opens nothing, and says nothing: the person is told that nobody knows."""
    with lab.between.Between(answer) as between:
        configure_alone()
        outcome = change_at_login(lab, due, NEW)
        assert between.changes == 1
    assert stays_out(outcome)
    assert "did not say whether your password was changed" in words(outcome)
    assert works(lab, due, NEW)  # it was, as it happens; a login with it shows


def test_nobody_changes_passwords(lab, due, configure_alone):
    """Without the service (TCP port 464) nothing is changed, and the person is told where else."""
    with lab.between.Between(None):
        configure_alone()
        outcome = change_at_login(lab, due, NEW)
    assert stays_out(outcome) and is_due(lab, due)
    assert "this host could not do that: change it where you can" in words(outcome)
    assert "464" in lab.awsfed.audit(event="change-password", user=due.name)[-1]["reason"]


# ---- What is changed ----

def test_must_change_at_login(lab, due, alone):
    """I-13, I-14, I-31: the new password is asked for twice; then the login goes on, with the roles of who was read with it."""
    answers = [due.password, lab.codes.fresh(due.name), due.password, NEW, NEW]
    with lab.sshd.Session(due.name, *answers) as session:
        assert session.run("id -un").out == f"{due.name}\n"
        ran = session.run("awsfed-login credential-process --role dev-readonly")
        assert ran.status == 0, ran.err
        assert json.loads(ran.out)["AccessKeyId"].startswith("ASIA")
        assert session.run("awsfed-login credential-process --role prod-admin").status == 3
    assert works(lab, due, NEW) and not works(lab, due, due.password)
    told = lab.awsfed.audit(event="change-password", user=due.name)[-1]
    assert told["outcome"] == "granted" and "reason" not in told
    assert authenticate(due.name, NEW, lab.codes.fresh(due.name)) == "OK"


def test_a_password_that_grew_too_old(lab, expired, alone):
    """I-6, I-13: 532; letters of any script; and no try of AD's is spent on the way."""
    assert is_due(lab, expired, "532")
    new = "Grün & größer als 77 €"
    outcome = change_at_login(lab, expired, new)
    assert outcome.status == 0 and outcome.output.endswith("shell came"), outcome.transcript
    assert prompts(outcome) == BOTH_PROMPTS + CHANGE
    assert works(lab, expired, new) and lab.directory.bad_password_count(expired.name) == 0


def test_by_another_spelling_of_the_name(lab, due, alone):
    """I-18: Kerberos takes the name as AD does."""
    name = f"{lab.places.NETBIOS}\\{due.name.upper()}"
    said, got = ask("AUTHENTICATE", USER=name, PASSWORD=due.password.encode(), CODE=lab.codes.fresh(due.name).encode(),
                    FACTORS=3, SERVICE="sshd")
    assert said == "OK"
    assert ask("CHANGE_PASSWORD", USER=name, PASSWORD=due.password.encode(), NEW_PASSWORD=NEW.encode(), SERVICE="sshd",
               RECEIPT=got["RECEIPT"])[0] == "OK"
    assert ask("ACCOUNT", USER=name, SERVICE="sshd", RECEIPT=got["RECEIPT"])[0] == "OK"
    assert works(lab, due, NEW)


def test_who_may_not_log_in_here(lab, due, configure_alone):
    """Only the entry says so, and it can be read only with the new password: it is changed, and there is no shell."""
    configure_alone({"login-groups": lab.directory.sid("AWS-Billing")})
    outcome = change_at_login(lab, due, NEW)
    assert stays_out(outcome)
    assert "Your password was changed, but this login cannot go on: this account is not in a group" in words(outcome)
    assert works(lab, due, NEW)


# ---- passwd(1) ----

def test_passwd(lab, person, alone):
    """I-14: as the person, bound with the current password; a wrong one, or a wrong code, changes nothing."""
    code = lab.codes.fresh(person.name)
    assert passwd(lab, person, person.password, lab.codes.wrong(person.name), NEW, NEW).status != 0
    assert lab.directory.bad_password_count(person.name) == 0
    assert passwd(lab, person, "not the password", code, NEW, NEW).status != 0
    assert lab.directory.bad_password_count(person.name) == 1
    assert works(lab, person, person.password)
    outcome = passwd(lab, person, person.password, code, NEW, NEW)
    assert outcome.status == 0, outcome.transcript
    assert works(lab, person, NEW) and not works(lab, person, person.password)


def test_passwd_of_an_expired_one(lab, due, alone):
    """I-13, I-14: by Kerberos, after password and code."""
    outcome = passwd(lab, due, due.password, lab.codes.fresh(due.name), NEW, NEW)
    assert outcome.status == 0, outcome.transcript
    assert works(lab, due, NEW)
