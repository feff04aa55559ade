"""AD's own lockout: its last try is never spent, and a rejected password is not sent twice.

SPDX-License-Identifier: Apache-2.0
"""
from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent))
from asker import ask, authenticate  # noqa: E402

LIMIT = 10  # lockoutThreshold of the lab's domain


def test_the_last_try_is_not_spent(lab, person):
    """I-38, I-39: with nine wrong passwords of somebody else's on record even the right one has to wait, and nothing is sent."""
    for _ in range(LIMIT - 1):
        assert lab.directory.try_password(person.name, "not the password") == "52e"
    assert lab.directory.bad_password_count(person.name) == LIMIT - 1
    code = lab.codes.fresh(person.name)
    assert authenticate(person.name, "wrong", code) == "LOCKED"
    assert authenticate(person.name, person.password, code) == "LOCKED"
    assert lab.directory.bad_password_count(person.name) == LIMIT - 1
    assert lab.directory.try_password(person.name, person.password) == ""
    assert authenticate(person.name, person.password, code) == "OK"


def test_the_last_try_is_not_spent_on_a_change(lab, person):
    """I-39: nor by a change of the password, whose receipt may be of the code alone: a wrong old one would be the last."""
    def change(old):
        return ask("CHANGE_PASSWORD", USER=person.name, PASSWORD=old.encode(), NEW_PASSWORD=b"Brand-new secret 77",
                   SERVICE="sshd", RECEIPT=receipt)[0]
    said, got = ask("AUTHENTICATE", USER=person.name, CODE=lab.codes.fresh(person.name).encode(), FACTORS=2, SERVICE="sshd")
    assert said == "OK"
    receipt = got["RECEIPT"]
    for _ in range(LIMIT - 1):
        assert lab.directory.try_password(person.name, "not the password") == "52e"
    assert change("wrong") == "LOCKED"
    assert lab.directory.bad_password_count(person.name) == LIMIT - 1
    assert lab.directory.try_password(person.name, person.password) == ""
    assert change(person.password) == "OK"


def test_a_rejected_password_is_sent_once(lab, person):
    """I-39: the same wrong password again is wrong, and costs the account nothing."""
    code = lab.codes.fresh(person.name)
    for _ in range(3):
        assert authenticate(person.name, "wrong", code) == "DENIED"
    assert lab.directory.bad_password_count(person.name) == 1
    assert authenticate(person.name, person.password, code) == "OK"


def test_the_settings_of_a_group_are_the_limit(lab, person, bridge):
    """I-39: a password settings object of a group locks after three: the third is not ours to spend, nor the right one's."""
    samdb, dc = lab.directory.samdb(), lab.directory.DC1
    samdb.newgroup("Careful")
    samdb.add_remove_group_members("Careful", [person.name])
    dc.add_password_settings("three-tries", f"CN=Careful,CN=Users,{lab.places.BASE_DN}", lockout=3)
    dc.grant_read(f"CN=Password Settings Container,CN=System,{lab.places.BASE_DN}", lab.people.SERVICE_NAME)
    lab.awsfed.configure()  # it has to look at them, of which there are several, afresh
    code = lab.codes.fresh(person.name)
    assert authenticate(person.name, "wrong one", code) == "DENIED"
    assert authenticate(person.name, "wrong two", code) == "DENIED"
    assert authenticate(person.name, "wrong three", code) == "LOCKED"
    assert authenticate(person.name, person.password, code) == "LOCKED"
    assert lab.directory.bad_password_count(person.name) == 2
    assert lab.directory.try_password(person.name, person.password) == ""
    assert authenticate(person.name, person.password, code) == "OK"
