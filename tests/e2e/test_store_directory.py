"""The store in Active Directory: two bridges that share an attribute of people's entries.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_mfa import RECOVERY  # noqa: E402
from two_hosts import at_once, authenticate, first_logins, two_bridges  # noqa: E402

# Samba's schema has no spare attribute; this one is single-valued, of octets, and nobody's here.
ATTRIBUTE = "thumbnailLogo"


@pytest.fixture(scope="module")
def kept_in_ad(lab):
    """Two hosts whose store is an attribute of people's entries, which the service identity may write."""
    lab.directory.DC1.grant_write(lab.people.SERVICE_NAME, ATTRIBUTE)
    yield from two_bridges(lab, {"store": f"directory:{ATTRIBUTE}", "enrol-at-login": "yes"})


@pytest.fixture
def one_of_ad(lab, kept_in_ad):
    """A throw-away person, enrolled in AD."""
    taken = lab.people.take()
    lab.codes.enrol(taken.name)
    return taken


def test_ad_keeps_it_sealed(lab, kept_in_ad, one_of_ad):
    """I-34: what AD holds is ours and sealed; neither name nor seed stands in it."""
    value = lab.directory.attribute(one_of_ad.name, ATTRIBUTE)
    assert value.startswith("awsfed:")
    inside = base64.b64decode(value.removeprefix("awsfed:"), validate=True)
    seed = lab.codes.seed(one_of_ad.name)
    assert base64.b32decode(seed + "=" * (-len(seed) % 8)) not in inside
    assert one_of_ad.name.encode() not in inside


def test_ad_one_code_on_two_hosts(lab, kept_in_ad, one_of_ad):
    """I-24, I-26 over hosts, in AD: parallel presentations give one success, and none afterwards."""
    code = lab.codes.fresh(one_of_ad.name)
    answers = at_once(kept_in_ad, 6, one_of_ad, code)
    assert answers.count("OK") == 1, answers
    assert set(answers) <= {"OK", "DENIED", "LOCKED"}, answers
    assert authenticate(kept_in_ad[1], one_of_ad, one_of_ad.password, code) == "DENIED"
    assert authenticate(kept_in_ad[1], one_of_ad, one_of_ad.password,
                        lab.codes.fresh(one_of_ad.name)) == "OK"


def test_ad_first_logins_on_two_hosts(lab, kept_in_ad):
    """I-26 over hosts, in AD: of two first logins of one person one enrols, and what it made is good on the other host."""
    newcomer = lab.people.take()
    host, notice = first_logins(kept_in_ad, newcomer)
    other = kept_in_ad[1] if host == kept_in_ad[0] else kept_in_ad[0]
    assert authenticate(other, newcomer, newcomer.password, RECOVERY.findall(notice)[0]) == "OK"


def test_ad_another_persons_value(lab, kept_in_ad, one_of_ad):
    """I-29, I-34: a value copied to somebody else is an error there: neither a second factor nor "not enrolled"."""
    other = lab.people.take()
    entry, = lab.directory.samdb().search(lab.places.BASE_DN, expression=f"(sAMAccountName={other.name})", attrs=["dn"])
    lab.directory.DC1.set(str(entry.dn), **{ATTRIBUTE: lab.directory.attribute(one_of_ad.name, ATTRIBUTE)})
    assert authenticate(kept_in_ad[0], other, other.password, lab.codes.fresh(one_of_ad.name)) == "STORE"
    lab.directory.DC1.set(str(entry.dn), **{ATTRIBUTE: None})


def test_ad_that_hides_the_value(lab, kept_in_ad, one_of_ad):
    """I-29: who lost the rights on the attribute, as on an administrator's, is told nothing by AD: nobody is "not enrolled" by it."""
    code = lab.codes.fresh(one_of_ad.name)
    lab.directory.DC1.forbid("RPWP", one_of_ad.dn, lab.people.SERVICE_NAME, ATTRIBUTE)
    for host in kept_in_ad:
        assert authenticate(host, one_of_ad, one_of_ad.password, code) == "STORE"
    explained = subprocess.run(["awsfed-admin", "explain", one_of_ad.name], text=True, capture_output=True,
                               env={"PATH": lab.places.PATH})
    assert "second factor: the second-factor store is unavailable" in explained.stdout


def test_ad_that_shows_nobody(lab, kept_in_ad):
    """awsfed-admin doctor: an attribute of which nothing is to be seen may be hidden, and that is said."""
    def store_of_doctor():
        found = json.loads(subprocess.run(["awsfed-admin", "doctor", "--json"], text=True, capture_output=True,
                                          env={"PATH": lab.places.PATH}).stdout)
        return [(row["state"], row["detail"]) for row in found if row["check"] == "store"]
    for entry in lab.directory.samdb().search(lab.places.BASE_DN, expression=f"({ATTRIBUTE}=*)", attrs=["dn"]):
        lab.directory.DC1.set(str(entry.dn), **{ATTRIBUTE: None})
    assert store_of_doctor() == [("warn", f"nobody is enrolled, or directory:{ATTRIBUTE} is hidden from the service identity")]
    lab.codes.enrol(lab.people.take().name)
    (state, detail), = store_of_doctor()
    assert state == "ok" and detail.endswith("1 enrolled")


def test_ad_that_hides_what_it_would_let_overwrite(lab, kept_in_ad, one_of_ad):
    """I-29: with the right to write and not to read AD shows nothing either. Where who has no second factor gets in without, the
    hidden one lets nobody in, and stays; whoever has none for certain gets in, and nothing is left on them."""
    lab.awsfed.configure({"mfa": {"store": f"directory:{ATTRIBUTE}", "required": "enrolled"}})
    nobody = lab.people.take()
    there = lab.directory.attribute(one_of_ad.name, ATTRIBUTE)
    lab.directory.DC1.forbid("RP", one_of_ad.dn, lab.people.SERVICE_NAME, ATTRIBUTE)
    for code in ("none", lab.codes.fresh(one_of_ad.name)):
        assert authenticate(kept_in_ad[0], one_of_ad, one_of_ad.password, code) == "STORE"
    assert lab.directory.attribute(one_of_ad.name, ATTRIBUTE) == there
    for _ in range(2):
        assert authenticate(kept_in_ad[0], nobody, nobody.password, "none") == "OK"
    assert lab.directory.attribute(nobody.name, ATTRIBUTE) is None
    lab.awsfed.configure({"mfa": {"store": f"directory:{ATTRIBUTE}", "enrol-at-login": "yes"}})


def test_ad_that_is_written_and_not_read(lab, kept_in_ad):
    """I-29: without the right to read nobody is enrolled in the first place, and nothing stays behind."""
    nobody = lab.people.take()
    lab.directory.DC1.forbid("RP", nobody.dn, lab.people.SERVICE_NAME, ATTRIBUTE)
    enrolled = subprocess.run(["awsfed-admin", "mfa", "enrol", nobody.name], text=True, capture_output=True,
                              env={"PATH": lab.places.PATH})
    assert enrolled.returncode != 0 and "secret" not in enrolled.stdout
    assert lab.directory.attribute(nobody.name, ATTRIBUTE) is None


def test_ad_where_nothing_may_be_written(lab, kept_in_ad):
    """I-29: nor is somebody "not enrolled" where the right to write is gone, as with what is inherited by administrators."""
    nobody = lab.people.take()
    lab.directory.DC1.forbid("WP", nobody.dn, lab.people.SERVICE_NAME, ATTRIBUTE)
    assert authenticate(kept_in_ad[0], nobody, nobody.password, "123456") == "STORE"


def test_ad_is_listed_and_reset(lab, kept_in_ad, one_of_ad):
    """Who is enrolled is found in AD, and a reset takes the value away."""
    env = {"PATH": lab.places.PATH}
    listed = subprocess.run(["awsfed-admin", "mfa", "list"], text=True, capture_output=True, env=env, check=True)
    assert one_of_ad.name in listed.stdout
    subprocess.run(["awsfed-admin", "mfa", "reset", one_of_ad.name], check=True, capture_output=True, env=env)
    assert lab.directory.attribute(one_of_ad.name, ATTRIBUTE) is None
    assert authenticate(kept_in_ad[0], one_of_ad, one_of_ad.password, "123456") == "NOT_ENROLLED"


def test_ad_that_is_gone(lab, dc, kept_in_ad, one_of_ad):
    """I-29: without the controller nobody is "not enrolled"."""
    code = lab.codes.fresh(one_of_ad.name)
    dc.kill()
    assert authenticate(kept_in_ad[0], one_of_ad, one_of_ad.password, code) in ("STORE", "DIRECTORY")
    dc.start()
    lab.service.wait_for(
        lambda: authenticate(kept_in_ad[0], one_of_ad, one_of_ad.password, lab.codes.fresh(one_of_ad.name)) == "OK",
        "a login after the controller came back", 40)
