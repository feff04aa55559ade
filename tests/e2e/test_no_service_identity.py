"""service-bind = none: a host that has no account of its own in the directory.

SPDX-License-Identifier: Apache-2.0
"""
import json

import pytest

SECTION = "domain corp.example.com"


@pytest.fixture(scope="module")
def sids(lab):
    """SIDs of the groups that the lab's roles name."""
    from samba.dcerpc import security
    from samba.ndr import ndr_unpack
    found = {}
    for name in ("AWS-Prod-Admins", "AWS-Dev-ReadOnly", "AWS-Billing"):
        entry, = lab.directory.samdb().search(
            lab.places.BASE_DN, expression=f"(sAMAccountName={name})", attrs=["objectSid"])
        found[name] = str(ndr_unpack(security.dom_sid, entry["objectSid"][0]))
    return found


@pytest.fixture
def alone(lab, sids, bridge):
    lab.awsfed.configure({
        SECTION: {"service-bind": "none", "service-dn": None, "service-password-file": None},
        "role prod-admin": {"groups": sids["AWS-Prod-Admins"]},
        "role dev-readonly": {"groups": sids["AWS-Dev-ReadOnly"]},
        "role billing": {"groups": sids["AWS-Billing"]}})


def test_sign_in_and_aws_as_oneself(lab, person, alone):
    """I-8: name, state and groups are read as the person, and lead to AWS as ever."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert session.run("id -un").out == f"{person.name}\n"
        ran = session.run("awsfed-login credential-process --role dev-readonly")
        assert ran.status == 0, ran.err
        assert json.loads(ran.out)["AccessKeyId"].startswith("ASIA")
        assert session.run("awsfed-login credential-process --role prod-admin").status == 3


def test_a_name_that_is_somebody_else_s_now(lab, person, alone):
    """I-8: the account was deleted and made anew under the enrolled name: another SID, no login, with every factor right."""
    samdb = lab.directory.samdb()
    samdb.delete(person.dn)
    samdb.newuser(person.name, person.password, userou="OU=People")
    outcome = lab.sshd.login(
        person.name, person.password, lab.codes.fresh(person.name), command="echo shell-came")
    assert outcome.status != 0
    assert "shell-came" not in outcome.output


def test_the_account_phase_alone_is_unavailable(lab, person, alone):
    """I-43, I-45: a public key proves no standing, and nobody can be asked: no shell."""
    outcome = lab.sshd.key_login(person.name, "echo shell-came")
    assert outcome.status != 0
    assert "shell-came" not in outcome.output


def test_a_wrong_password_and_a_stranger(lab, person, alone):
    """I-10: neither gets in; one wrong password is one bind."""
    before = lab.directory.bad_password_count(person.name)
    lab.sshd.login(person.name, "wrong", lab.codes.fresh(person.name), command="true")
    assert lab.directory.bad_password_count(person.name) == before + 1
    assert lab.sshd.login("ivan", lab.people.person("ivan").password, "123456").status != 0
