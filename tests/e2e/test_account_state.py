"""What AD says of an account besides good and bad: hours, hosts, a password that grows old; and names of another suffix.

SPDX-License-Identifier: Apache-2.0
"""
import re
import socket
import subprocess

import ldb
import pytest


def change(lab, person, name, value):
    samdb = lab.directory.samdb()
    message = ldb.Message(ldb.Dn(samdb, person.dn))
    message[name] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, name)
    samdb.modify(message)


def test_a_password_that_expires_soon_is_told(lab, person):
    """A password settings object of three days: the login says when, and goes on."""
    lab.directory.DC1.add_password_settings("three-days", person.dn, max_age_days=3)
    outcome = lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), command="true")
    assert outcome.status == 0
    assert "Your password expires in 2 days." in outcome.transcript


def test_the_settings_of_a_group_count(lab, person):
    """A password settings object of a group: who is in it is told."""
    samdb = lab.directory.samdb()
    samdb.newgroup("Short-Passwords")
    samdb.add_remove_group_members("Short-Passwords", [person.name])
    lab.directory.DC1.add_password_settings("five-days", f"CN=Short-Passwords,CN=Users,{lab.places.BASE_DN}", max_age_days=5)
    outcome = lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), command="true")
    assert outcome.status == 0
    assert "Your password expires in 4 days." in outcome.transcript


def test_nobody_else_is_told(lab, person):
    outcome = lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), command="true")
    assert outcome.status == 0
    assert "expires" not in outcome.transcript


def dn_of(name):
    """Who the bridge takes a name for, by the DN in what it explains; '' for nobody."""
    ran = subprocess.run(["awsfed-admin", "explain", name], text=True, capture_output=True)
    return "".join(re.findall(r"CN=.*", ran.stdout)[:1])


# As AD knows this host, which in a lab in place has a name of its own.
HERE = socket.gethostname().partition(".")[0][:15].upper().encode()


@pytest.mark.parametrize("name,shut,open_", [("logonHours", bytes(21), b"\xff" * 21),
                                            ("userWorkstations", b"ELSEWHERE", b"ELSEWHERE," + HERE)],
                         ids=["hours", "hosts"])
def test_hours_and_hosts(lab, person, name, shut, open_):
    """I-45: the account phase alone keeps to logonHours and userWorkstations."""
    change(lab, person, name, open_)
    assert lab.sshd.key_login(person.name).status == 0
    change(lab, person, name, shut)
    assert lab.sshd.key_login(person.name, "echo shell-came").status != 0
    change(lab, person, name, open_)
    assert lab.sshd.key_login(person.name).status == 0


def test_a_name_with_a_suffix_of_its_own(lab, person):
    """I-18: a userPrincipalName whose suffix is no domain is the same person; one that nobody has is nobody."""
    change(lab, person, "userPrincipalName", f"{person.name}.long@example.org".encode())
    assert dn_of(f"{person.name}.long@example.org") == dn_of(person.name) == person.dn
    assert not dn_of(f"{person.name}.longer@example.org")
    assert not dn_of(f"{person.name}.long@example.net")
