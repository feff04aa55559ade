"""The directory as it is in the field: its lockout policy, and hundreds of groups.

SPDX-License-Identifier: Apache-2.0
"""
import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from asker import ask, authenticate  # noqa: E402


def asked_at_login(lab, tap, who):
    """What a login of somebody's asks the directory, once it has been asked before who that is."""
    code = lab.codes.fresh(who.name)
    subprocess.run(["awsfed-admin", "explain", who.name], check=True, capture_output=True)
    tap.take()
    assert authenticate(who.name, who.password, code) == "OK"
    return tap.take()


def test_one_read_a_login_whatever_the_groups(lab, person, bridge):
    """1,500 groups cost the bind and the reads that two groups cost: tokenGroups once, and no group is looked up."""
    norman, first = lab.people.person("norman"), lab.people.take()
    section = f"domain {lab.places.DOMAIN}"
    with lab.tap.Tap(lab.directory.DC1) as tap:
        lab.awsfed.configure({section: {"servers": tap.server}})
        _, few, many = (asked_at_login(lab, tap, who) for who in (first, person, norman))
        lab.awsfed.configure()
    own = []
    for who, asked in ((person, few), (norman, many)):
        assert sum(b"tokenGroups" in content for _, _, content in asked) == 1
        assert not any(b"\x05group" in content for _, _, content in asked), "a group was looked up"
        own.append([kind for kind, name, _ in asked if name == who.dn])
        assert own[-1].count("bind") == 1
    assert own[0] == own[1]


@pytest.fixture
def threshold(lab, bridge):
    """AD locks accounts after three wrong passwords, and the bridge has read that at its start."""
    directory = lab.directory.DC1
    directory.set(lab.places.BASE_DN, lockoutThreshold="3")
    lab.awsfed.configure({"mfa": {"max-failures": "50"}})
    yield 3
    directory.set(lab.places.BASE_DN, lockoutThreshold="10")


def test_the_last_try_is_not_ours_to_spend(lab, person, threshold):
    """I-39: however many wrong passwords are tried, from wherever, AD counts fewer than it takes to lock the account."""
    code = lab.codes.fresh(person.name)
    for n in range(6):
        got, _ = ask("AUTHENTICATE", USER=person.name, PASSWORD=f"wrong password {n}".encode(), CODE=code.encode(),
                     FACTORS=3, SERVICE="sshd", RHOST=f"192.0.2.{n}", TTY="ssh")
        assert got not in ("OK", "LOCAL_USER")
    assert 0 < lab.directory.bad_password_count(person.name) < threshold
    assert lab.directory.try_password(person.name, person.password) == ""


def test_fifteen_hundred_groups(lab, bridge):
    """I-16: 1,500 groups come whole in the one read of a login, and the role among them is found."""
    lab.awsfed.configure({f"domain {lab.places.DOMAIN}": {"timeout": "20s"}})  # Samba's time, not ours
    norman = lab.people.person("norman")
    with lab.sshd.Session("norman", norman.password, lab.codes.fresh("norman")) as session:
        listed = json.loads(session.run("awsfed-login roles --json").out)
    roles = listed["roles"] if isinstance(listed, dict) else listed
    assert [role["name"] for role in roles] == ["dev-readonly"]
    explained = lab.directory.samdb().search(norman.dn, scope=0, attrs=["tokenGroups"])[0]["tokenGroups"]
    assert len(explained) > lab.people.MANY_GROUPS
