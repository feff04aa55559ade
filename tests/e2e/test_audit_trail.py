"""Reading the audit trail back: whose is a key, in the file, in the journal, and without either.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest


def admin(lab, *words):
    return subprocess.run(["awsfed-admin", *words], capture_output=True, text=True, env={"PATH": lab.places.PATH})


def key_of(lab, person, role="dev-readonly"):
    ran = lab.awsfed.as_user(person.name, ["awsfed-login", "credential-process", "--role", role])
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)["AccessKeyId"]


def whois(lab, key):
    ran = admin(lab, "whois", key, "--json")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture
def no_journal(lab):
    """The machine has no journal, and has none afterwards."""
    places = (Path("/run/systemd/journal"), Path("/run/log/journal"))
    if lab.places.in_place() and any(list(path.glob("*")) for path in (*places, Path("/var/log/journal"))):
        pytest.skip("this machine has a journal of its own, and the lab has to work in place")
    for path in places:
        lab.changes.directory(path.parent)
        lab.changes.keep(path)
        shutil.rmtree(path, ignore_errors=True)
    yield places
    for path in places:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def journal(lab, no_journal):
    """A real journal, of the lab's own."""
    if lab.places.in_place() and not list(Path("/sys/fs/cgroup").glob("*")):
        pytest.skip("journald wants control groups, and this machine has none")
    for path in no_journal:
        path.mkdir()
    server = lab.service.Service("journald", ["/lib/systemd/systemd-journald"],
                                 ready=lambda: Path("/run/systemd/journal/socket").exists())
    server.start()
    yield server
    server.stop()


def test_whose_key_it_is(lab, person, bridge, aws):
    """Person, role, times, session and place of a key that AWS would name; of another nothing, in words."""
    lab.awsfed.configure({"role dev-readonly": {"source-identity": "%{user}"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        key = key_of(lab, person)
        console = session.run("awsfed-login console -r dev-readonly")
        assert console.status == 0, console.err
        found = whois(lab, key)
        assert found["user"] == found["session_name"] == found["source_identity"] == person.name
        assert (found["role"], found["account"]) == ("dev-readonly", aws.DEV)
        assert found["sid"].startswith("S-1-5-21-") and found["rhost"] == "127.0.0.1"
        assert found["issued"] < found["expires"] and found["host"] == os.uname().nodename
        assert found["ticket_state"] == "live" and found["in_audit_trail"] and found["in_cache"]
        opened, = found["sessions"]
        assert opened["service"] == "sshd"
        assert [use["event"] for use in found["handed_out"]] == ["console"]
        said = admin(lab, "whois", key).stdout
        assert f"role arn         {aws.role_arn(aws.DEV, 'ReadOnly')}\n" in said and "ticket state     live\n" in said
    found = whois(lab, key)
    assert found["ticket_state"] == "ended" and found["in_audit_trail"] and not found["in_cache"]


def test_keys_that_are_nobodys(lab, bridge):
    for word in ("", "asiaiosfodnn7example", "ASIA", "ASIA" + "X" * 130, "ASIAIOSFODNN7EXAMPLE;ls", "--all"):
        ran = admin(lab, "whois", word)
        assert (ran.returncode, ran.stdout) == (2, ""), word
    assert admin(lab, "whois").returncode == 2
    ran = admin(lab, "whois", "ASIAIOSFODNN7EXAMPLE")
    assert (ran.returncode, ran.stdout) == (1, "") and "no credential with the access key id" in ran.stderr
    assert "IAM user" in admin(lab, "whois", "AKIAIOSFODNN7EXAMPLE").stderr


def test_a_trail_that_was_rotated_or_is_gone(lab, person, bridge):
    """Older files are read too; one that is packed is named; without the trail the bridge knows what it has, and without
    the bridge the trail."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        key = key_of(lab, person)
        rotated, packed = Path(f"{lab.awsfed.AUDIT}.1"), Path(f"{lab.awsfed.AUDIT}.2.gz")
        rotated.write_text(lab.awsfed.AUDIT.read_text() + '{"time":"2026-11-2')
        os.truncate(lab.awsfed.AUDIT, 0)
        packed.write_bytes(b"\x1f\x8b")
        try:
            ran = admin(lab, "whois", key, "--json")
            assert json.loads(ran.stdout)["in_audit_trail"] and "is compressed" in ran.stderr
            ran = subprocess.run(["awsfed-admin", "--socket", "/run/none", "whois", key, "--json"], capture_output=True,
                                 text=True, env={"PATH": lab.places.PATH})
            assert ran.returncode == 0 and json.loads(ran.stdout)["ticket_state"] == "unknown"
            assert "the bridge was not asked" in ran.stderr
            lab.awsfed.AUDIT.write_text(rotated.read_text().rpartition("\n")[0] + "\n")
        finally:
            rotated.unlink()
            packed.unlink()
        text = lab.awsfed.AUDIT.read_text()
        os.truncate(lab.awsfed.AUDIT, 0)
        try:
            found = whois(lab, key)
            assert not found["in_audit_trail"] and found["in_cache"]
            assert (found["user"], found["role"], found["ticket_state"]) == (person.name, "dev-readonly", "live")
            assert found["session_arn"].endswith(f"/ReadOnly/{person.name}")
        finally:
            lab.awsfed.AUDIT.write_text(text)


def test_whois_is_the_administrators(lab, person, bridge):
    """I-53"""
    ran = lab.awsfed.as_user(person.name, ["awsfed-admin", "whois", "ASIAIOSFODNN7EXAMPLE"])
    assert ran.returncode == 1 and "not permitted" in ran.stderr


def test_the_journal_too(lab, journal, person, bridge):
    """Found by the journal's own fields; what somebody else writes under the bridge's name is not believed."""
    lab.awsfed.configure({"bridge": {"audit": "journal"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        key = key_of(lab, person)
    forged = "ASIAFORGEDFORGEDFORG"
    line = json.dumps({"time": "2026-11-21T22:00:00Z", "event": "credential", "outcome": "granted", "user": "alice",
                       "access_key_id": forged})
    subprocess.run(["logger", "--journald"], check=True, text=True, input=f"MESSAGE={line}\nSYSLOG_IDENTIFIER=awsfed-audit\n"
                   f"AWSFED_ACCESS_KEY_ID={forged}\n")
    subprocess.run(["journalctl", "--sync"], check=False, capture_output=True)
    found = whois(lab, key)
    assert found["in_audit_trail"] and found["user"] == person.name and found["sessions"][0]["service"] == "sshd"
    assert admin(lab, "whois", forged).returncode == 1
    # Whoever may not read it has not looked, and is told so.
    ran = lab.awsfed.as_user(person.name, ["awsfed-admin", "whois", key])
    assert ran.returncode == 1 and "you may not read it" in ran.stderr, ran.stderr


def test_without_a_journal_it_says_so(lab, no_journal, bridge):
    lab.awsfed.configure({"bridge": {"audit": "journal"}})
    ran = admin(lab, "whois", "ASIAIOSFODNN7EXAMPLE")
    assert ran.returncode == 1 and "has no journal" in ran.stderr


# ---- Reports ----

def report(lab, *words, status=0):
    ran = admin(lab, "report", "--format", "json", *words)
    assert ran.returncode == status, ran.stderr
    return json.loads(ran.stdout)


def test_wrong_words_of_a_report(lab):
    for words in (["--since"], ["--since", "soon"], ["--since", "0"], ["--format", "pdf"], ["more"], ["--unused", "-1d"]):
        ran = admin(lab, "report", *words)
        assert (ran.returncode, ran.stdout) == (2, ""), words


def test_a_report_of_a_day(lab, person, bridge, aws):
    """Who signed in with what, who was refused, who took which role, and who might and did not."""
    other = lab.people.take()
    lab.codes.enrol(other.name)
    lab.awsfed.configure({"role never": {"arn": aws.role_arn(aws.PROD, "Never"), "groups": "AWS-Dev-ReadOnly",
                                         "provider": aws.provider_arn(aws.PROD)}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        key_of(lab, person)
        lab.sshd.login(person.name, "wrong", lab.codes.fresh(person.name))
    found = report(lab, "--since", "1h")
    mine, = [one for one in found["people"].values() if one["user"].startswith(f"{person.name}@")]
    assert mine["sign_ins"] == {"password,totp": 1} and mine["refused"] == 1 and mine["roles"] == {"dev-readonly": 1}
    assert found["roles"]["dev-readonly"]["credentials"] >= 1
    assert "never" in [one["role"] for one in found["roles_never_used"]] and "dev-readonly" not in [
        one["role"] for one in found["roles_never_used"]]
    unused = {one["user"].partition("@")[0]: one["roles"] for one in found["access_never_used"]}
    assert sorted(unused[other.name]) == ["dev-readonly", "never"] and unused[person.name] == ["never"]
    assert found["whole"] and found["enrolled"] >= 2
    assert {one["user"].partition("@")[0] for one in found["recovery_codes"]} >= {person.name, other.name}
    for form, start in (("text", f"{found['since'][:10]}"), ("csv", "section,subject,sid,item,count,time\r\n")):
        ran = subprocess.run(["awsfed-admin", "report", "--since", "1h", "--format", form], capture_output=True,
                             env={"PATH": lab.places.PATH})
        assert ran.returncode == 0 and ran.stdout.decode().startswith(start)


def test_a_report_that_is_not_whole_says_so(lab, bridge):
    """Without the bridge, with a file that is packed, and with lines that are torn."""
    packed = Path(f"{lab.awsfed.AUDIT}.1.xz")
    packed.write_bytes(b"\xfd7zXZ")
    try:
        found = report(lab, status=1)
        assert found["trail"]["unread"] == 1 and not found["whole"]
    finally:
        packed.unlink()
    ran = subprocess.run(["awsfed-admin", "--socket", "/run/none", "report"], capture_output=True, text=True,
                         env={"PATH": lab.places.PATH})
    assert ran.returncode == 1 and "not whole" in ran.stderr and "are not in it" in ran.stdout
