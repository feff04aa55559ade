"""Two domains of two forests behind one bridge, with a namesake in each: who is meant, what they may, and one of them down.

SPDX-License-Identifier: Apache-2.0
"""
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from asker import authenticate  # noqa: E402

CORP = "domain corp.example.com"
ALICE = "CN=alice,OU=People,DC=corp,DC=example,DC=com"
NAMESAKE = "CN=alice,CN=Users,DC=labs,DC=example,DC=net"
OLGA = "CN=olga,CN=Users,DC=labs,DC=example,DC=net"


def explain(lab, *words):
    return subprocess.run(["awsfed-admin", "explain", *words], text=True, capture_output=True,
                          env={"PATH": lab.places.PATH}).stdout


def dn_of(lab, name):
    """Who the bridge takes a name for; '' for nobody."""
    return "".join(re.findall(r"CN=.*", explain(lab, name))[:1])


def of_labs(lab, name):
    return next(person for person in lab.people.OF_LABS if person.name == name)


def login(lab, name, password, code=None):
    return authenticate(name, password, code or lab.codes.fresh(name))


def at_once(*attempts):
    """Several logins at the same time, since each denial is held back; their results in order."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda attempt: authenticate(*attempt), attempts))


@pytest.mark.parametrize("name, whose", [
    ("alice", ALICE), ("ALICE", ALICE), ("CORP\\alice", ALICE), ("corp+Alice", ALICE), ("alice@corp.example.com", ALICE),
    ("LABS\\alice", NAMESAKE), ("labs+ALICE", NAMESAKE), ("alice@Labs.Example.net", NAMESAKE),
    ("LABS\\olga", OLGA), ("olga.long@example.org", OLGA),
    ("olga", ""), ("CORP\\olga", ""), ("OTHER\\alice", ""), ("OTHER+alice", ""), ("alice@example.net", "")])
def test_who_is_meant(lab, labs, name, whose):
    """I-18: each form names one person of one domain; a plain name is the default domain's, and no other's."""
    assert dn_of(lab, name) == whose


def test_a_plain_name_without_a_default(lab, labs, person):
    """I-10: no domain is the default: a plain name is nobody's, whether both domains have it or one; no password is sent."""
    lab.awsfed.configure({**labs.CONFIG, CORP: {"default": None}})
    alice, olga = lab.people.person("alice"), of_labs(lab, "olga")
    before = [lab.directory.bad_password_count("alice"), labs.DC.bad_password_count("alice")]
    assert dn_of(lab, "alice") == dn_of(lab, "olga") == ""
    assert at_once(("alice", alice.password, "123456"), ("alice", "wrong", "123456"),
                   ("olga", olga.password, "123456")) == ["DENIED"] * 3
    assert "no [domain] is the default" in lab.awsfed.audit(event="login", user="olga")[-1]["reason"]
    assert [lab.directory.bad_password_count("alice"), labs.DC.bad_password_count("alice")] == before
    assert authenticate(f"CORP\\{person.name}", person.password, lab.codes.fresh(person.name)) == "OK"


def test_namesakes_share_nothing(lab, labs):
    """I-18: seed, watermark and failures are the SID's: the namesake's code, lock and password are their own."""
    alice, namesake = lab.people.person("alice"), of_labs(lab, "alice")
    code = lab.codes.fresh("LABS\\alice")
    assert at_once(("LABS\\alice", namesake.password, lab.codes.fresh("alice")),
                   ("LABS\\alice", alice.password, code)) == ["DENIED"] * 2
    assert login(lab, "LABS\\alice", namesake.password, code) == "OK"
    # One after the other: of five under way together one may be told to wait, and is not counted.
    for _ in range(5):
        assert login(lab, "alice@labs.example.net", namesake.password, lab.codes.wrong("LABS\\alice")) == "DENIED"
    assert login(lab, "LABS+alice", namesake.password, lab.codes.fresh("LABS\\alice")) == "LOCKED"
    assert login(lab, "alice", alice.password) == "OK"
    sids = {line["user"]: line["sid"] for line in lab.awsfed.audit(event="login", outcome="granted")}
    assert sids["LABS\\alice"] != sids["alice"]
    subprocess.run(["awsfed-admin", "mfa", "unlock", "LABS\\alice"], check=True, capture_output=True)


def test_groups_of_another_domain(lab, labs):
    """I-21: NETBIOS\\group and a DN mean that domain's group alone; the namesake is in a group of the right name, elsewhere."""
    ops = f"CN=Ops,CN=Users,{lab.places.LABS.base_dn}"
    lab.awsfed.configure({**labs.CONFIG,
                          labs.SECTION: {**labs.CONFIG[labs.SECTION], "deny-groups": "CORP\\AWS-Billing"},
                          "role prod-admin": {"groups": "CORP\\AWS-Prod-Admins"},
                          "role dev-readonly": {"groups": f'AWS-Dev-ReadOnly, "{ops}"'}})
    said = explain(lab, "LABS\\alice")
    assert "role: dev-readonly" in said and "role: prod-admin" not in said
    assert "login-groups and deny-groups let in: yes" in said
    assert "role: prod-admin" in explain(lab, "alice")
    said = explain(lab, "LABS\\olga", "--role", "dev-readonly")
    assert re.search(r'group "CN=Ops.*\): a member', said) and "theirs: yes" in said
    assert re.search(r'group "CORP\\AWS-Prod-Admins" \(S-1-.*\): not a member',
                     explain(lab, "LABS\\alice", "--role", "prod-admin"))


def test_groups_in_groups_by_the_hundred(lab, labs):
    """A role is theirs by a group that they are in over 199 others."""
    lab.awsfed.configure({**labs.CONFIG, "role dev-readonly": {"groups": f"LABS\\Deep-{lab.people.DEEP - 1}"}})
    assert "role: dev-readonly" in explain(lab, "LABS\\olga")
    assert "role: dev-readonly" not in explain(lab, "LABS\\alice")


def test_the_whole_way(lab, labs):
    """A person of the second domain, by the name that NSS gives them: shell, role, credential, as themselves."""
    lab.accounts.add_account("olga@labs.example.net", 2902)
    lab.awsfed.configure({**labs.CONFIG, "role dev-readonly": {"groups": "LABS\\Ops"}})
    name = "olga@labs.example.net"
    with lab.sshd.Session(name, of_labs(lab, "olga").password, lab.codes.fresh(name)) as session:
        assert session.run("id -u").out == "2902\n"
        ran = session.run("awsfed-login credential-process --role dev-readonly")
        assert ran.status == 0, ran.err
        assert session.run("awsfed-login credential-process --role prod-admin").status == 3


def test_one_of_them_is_down(lab, labs, person):
    """The other's people log in as ever, and keep their roles; those of the lost one are told to try later."""
    olga = of_labs(lab, "olga")
    labs.DC.service.stop()
    assert login(lab, person.name, person.password) == "OK"
    assert authenticate("LABS\\olga", olga.password, "123456") == "DIRECTORY"
    assert authenticate("LABS\\nobody-at-all", olga.password, "123456") == "DIRECTORY"
    lab.awsfed.configure(labs.CONFIG)  # and so after a start at which it was never there
    assert login(lab, person.name, person.password) == "OK"
    assert "role: dev-readonly" in explain(lab, person.name)
