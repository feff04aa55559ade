"""No domain controller, one that is not trusted, no bridge, or either hanging: refused in time, and nobody is to blame.

SPDX-License-Identifier: Apache-2.0
"""
import subprocess
import time

import pytest

# ---- The directory ----

def in_and_out(lab, person):
    return lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name))


def assert_no_directory(lab, person, seconds=20):
    """Refused within the deadline; nothing is counted as the person's failure (I-40)."""
    begin = time.monotonic()
    outcome = in_and_out(lab, person)
    assert outcome.status == 255, outcome.transcript
    assert time.monotonic() - begin < seconds
    line = lab.awsfed.audit(event="login", user=person.name)[-1]
    assert line["error"] in ("DIRECTORY", "TLS", "TIMEOUT")


def test_domain_controller_down(lab, person, dc):
    """I-40: unavailable is not wrong: when the DC is back, so is the person, however often they tried."""
    dc.stop()
    for _ in range(2):
        assert_no_directory(lab, person)
    dc.start()
    lab.service.wait_for(lambda: in_and_out(lab, person).status == 0, "a login after the DC came back", 120)


def test_domain_controller_hangs(lab, person, dc):
    """I-52: a DC that holds its connections and says nothing costs no more than the deadline."""
    assert in_and_out(lab, person).status == 0
    dc.freeze()
    assert_no_directory(lab, person)
    dc.thaw()
    lab.service.wait_for(lambda: in_and_out(lab, person).status == 0, "a login after the DC woke up", 120)


@pytest.mark.parametrize("certificate", ["dc1-other-ca", "dc1-other-name", "dc1-expired"])
def test_certificate_not_trusted(lab, person, dc, certificate):
    """I-4: no password goes to a domain controller whose certificate does not verify."""
    lab.directory.use_certificate(certificate)
    dc.restart()
    before = lab.directory.attribute(person.name, "lastLogon")
    assert_no_directory(lab, person)
    assert lab.directory.attribute(person.name, "lastLogon") == before


def test_plain_ldap_is_not_spoken(lab, person, bridge):
    """I-4: to a port without TLS nothing is said but the TLS greeting; the bridge does not come up on it."""
    domain = f"domain {lab.places.DOMAIN}"
    lab.awsfed.BRIDGE.stop()
    lab.awsfed.write_config({domain: {"servers": f"{lab.places.DC1[1]}:389"}})
    bridge.spawn()
    lab.service.wait_for(lambda: lab.awsfed.answers() or not bridge.leader(), "the bridge's verdict")
    if bridge.leader():
        assert_no_directory(lab, person)


# ---- The bridge ----

def test_bridge_down(lab, person, bridge):
    """I-23, I-52: people of the directory are refused in time; root's and the local users' logins are unharmed."""
    code = lab.codes.fresh(person.name)
    bridge.kill()
    begin = time.monotonic()
    outcome = lab.sshd.login(person.name, person.password, code)
    assert outcome.status == 255
    assert time.monotonic() - begin < 20
    assert "AUTHINFO" in lab.awsfed.system_log() or "bridge is not running" in lab.awsfed.system_log()
    people = lab.people
    assert lab.sshd.login(people.BREAKGLASS, people.BREAKGLASS_PASSWORD, command="id -un").output == people.BREAKGLASS
    assert subprocess.run(["sudo", "-n", "id", "-un"], text=True, capture_output=True).stdout == "root\n"


def test_bridge_hangs(lab, person, bridge):
    """I-52: a bridge that accepts and never answers costs no more than the module's deadline."""
    code = lab.codes.fresh(person.name)
    bridge.freeze()
    begin = time.monotonic()
    outcome = lab.sshd.login(person.name, person.password, code, timeout=60)
    assert outcome.status == 255
    assert time.monotonic() - begin < 45
    bridge.thaw()
