"""What must be refused, over the real ssh and at the real socket, with a clear error and nothing lost.

SPDX-License-Identifier: Apache-2.0
"""
import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from asker import ask, authenticate, connect  # noqa: E402
from fake_bridge import TYPES, encode  # noqa: E402

BOTH_PROMPTS = ["Password:", "One-time code:"]


def prompts(outcome):
    """ssh puts (user@host) before what PAM says."""
    return [prompt.rpartition(") ")[2] for prompt in outcome.prompts]


def assert_refused(outcome):
    """ssh's own refusal after both prompts, whatever was wrong (I-35)."""
    assert outcome.status == 255, outcome.transcript
    assert prompts(outcome) == BOTH_PROMPTS
    assert outcome.output.endswith("Permission denied (publickey,keyboard-interactive).")


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


@pytest.mark.parametrize("packet", [
    b"", b"A", b"AF", b"GET / HTTP/1.0\r\n\r\n", b"AF" + bytes(14), b"\xff" * 16384,
    encode(200, 1, {}), encode(TYPES["STATUS_OF"], 1, {})[:-1], encode(TYPES["STATUS_OF"], 1, {}) + b"\0",
    encode(TYPES["AUTHENTICATE"], 1, {"USER": "alice"}),
    encode(TYPES["STATUS_OF"], 1, {"USER": "alice"}),
], ids=["empty", "one", "magic", "http", "zeros", "big", "type", "short", "long", "missing-field", "foreign-field"])
def test_torn_and_foreign_messages(lab, packet):
    """I-54: a mangled message ends its connection and no other."""
    with connect() as other, connect() as client:
        if packet:
            client.send(packet)
        else:
            client.shutdown(1)
        assert client.recv(1) == b""
        other.send(encode(TYPES["ENROLMENTS"], 7, {}))
        assert other.recv(200000)[:2] == b"AF"


def test_another_uid_is_not_alice(lab, person):
    """I-53: with Alice signed in, another uid gets neither her credentials nor her status, nor may it act for her."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        for word in (["credential-process", "--role", "dev-readonly"], ["status"], ["roles"]):
            done = lab.awsfed.as_user("mallory", ["awsfed-login", *word])
            assert (done.returncode, done.stdout) == (4, ""), word
        script = ("import sys; sys.path.insert(0, sys.argv[1]); from asker import ask; "
                  f"print(ask('SESSION_OPEN', USER='{person.name}', SERVICE='x')[0], ask('ENROLMENTS')[0],"
                  f" ask('REVOKE', USER='{person.name}')[0])")
        done = subprocess.run(
            [sys.executable, "-c",
             f"import os; os.setgroups([]); os.setgid(2009); os.setuid(2009)\n{script}", str(Path(__file__).parent)],
            text=True, capture_output=True)
        assert done.stdout.split() == ["PERMISSION"] * 3, done
        assert lab.awsfed.as_user(person.name, ["awsfed-login", "status"]).returncode == 0


def as_themselves(lab, name, script):
    """Run a few lines of Python, with the asker at hand, as this person's uid and nothing else; what it printed."""
    uid = int(subprocess.run(["id", "-u", name], text=True, capture_output=True, check=True).stdout)
    prepared = (f"import os, sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from asker import ask\n"
                f"os.setgroups([]); os.setgid({uid}); os.setuid({uid})\n{script}")
    done = subprocess.run([sys.executable, "-c", prepared], text=True, capture_output=True)
    assert done.returncode == 0, done
    return done.stdout.split()


def test_a_program_of_the_user_cannot_do_without_the_code(lab, person):
    """I-36: what runs as Alice may not ask about her password alone: it takes her token, as everywhere."""
    before = lab.directory.bad_password_count(person.name)
    script = (f"for factors in (1, 0): print(ask('AUTHENTICATE', USER='{person.name}', PASSWORD=b'guess',"
              " FACTORS=factors, SERVICE='x')[0])")
    assert "OK" not in as_themselves(lab, person.name, script)
    assert lab.directory.bad_password_count(person.name) == before


def test_a_program_of_the_user_cannot_choose_its_source(lab, person):
    """I-37: what runs as Alice is one source, whatever it says of itself."""
    script = ("answers = [ask('AUTHENTICATE', USER='%s', PASSWORD=b'guess', CODE=b'000000', FACTORS=3, SERVICE='x',"
              " RHOST='192.0.2.%%d' %% n)[0] for n in range(7)]; print(*answers)" % person.name)
    answers = as_themselves(lab, person.name, script)
    assert answers[:5] == ["DENIED"] * 5 and answers[5:] == ["LOCKED"] * 2


# ---- AWS ----

@pytest.fixture(scope="module")
def somebody(lab):
    """A person with a session, for all tests of STS's failures."""
    who = lab.people.take()
    with lab.sshd.Session(who.name, who.password, lab.codes.fresh(who.name)):
        yield who


_durations = itertools.count(1000)


@pytest.fixture
def ask_for(lab, somebody, aws):
    """Ask for a credential; (status, stdout, stderr). A duration that nobody asked for before is cached nowhere."""
    def process(role="dev-readonly", duration=None):
        done = lab.awsfed.as_user(somebody.name, [
            "awsfed-login", "credential-process", "--role", role, "--duration", f"{duration or next(_durations)}s"])
        return done.returncode, done.stdout, done.stderr
    return process


def test_a_role_that_is_not_theirs(ask_for, aws):
    """A role of others, and one that does not exist, are refused without asking AWS."""
    for role in ("prod-admin", "billing", "no-such-role"):
        status, out, err = ask_for(role)
        assert (status, out, err.count("\n")) == (3, "", 1)
    assert aws.requests() == []


@pytest.mark.parametrize("fault, status", [
    ({"kind": "error", "code": "AccessDenied"}, 5),
    ({"kind": "error", "code": "InvalidIdentityToken"}, 5),
    ({"kind": "error", "code": "IDPRejectedClaim"}, 5),
    ({"kind": "http", "status": 503, "times": 0}, 6),
    ({"kind": "slow", "seconds": 30, "times": 0}, 6),
    ({"kind": "hang", "times": 0}, 6),
    ({"kind": "cut", "times": 0}, 6),
    ({"kind": "garbage", "times": 0}, 6),
    ({"kind": "huge", "times": 0}, 6),
    ({"kind": "dtd", "times": 0}, 6),
    ({"kind": "missing-field", "field": "SessionToken", "times": 0}, 6),
    ({"kind": "expired", "times": 0}, 6),
], ids=lambda value: value.get("code") or value["kind"] if isinstance(value, dict) else None)
def test_sts_fails(ask_for, aws, fault, status):
    """I-64: every way of failing is one line, nothing on stdout, and no harm to the next request."""
    aws.fail(**fault)
    begin = time.monotonic()
    got, out, err = ask_for()
    assert time.monotonic() - begin < 20
    assert (out, err.count("\n")) == ("", 1), err
    assert got in (5, 6), err
    assert got == status, err
    aws.reset()
    got, out, err = ask_for()
    assert got == 0, err
    assert json.loads(out)["Version"] == 1


def test_a_refusal_of_sts_is_forgotten(lab, ask_for, aws):
    """A refusal stands for some seconds, so that a broken role cannot hammer AWS, and no longer."""
    aws.fail("error", code="AccessDenied")
    assert ask_for(duration=900)[0] == 5
    assert ask_for(duration=900)[0] == 5
    assert len(aws.requests("AssumeRoleWithSAML")) == 1
    lab.service.wait_for(lambda: ask_for(duration=900)[0] == 0, "AWS being asked again", 20)


def test_sts_certificate_not_trusted(lab, person, bridge, aws):
    """I-65: an STS whose certificate does not verify gets no assertion."""
    lab.awsfed.configure({"aws": {"ca-file": str(lab.places.PKI / "other-ca.pem")}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        done = lab.awsfed.as_user(person.name, ["awsfed-login", "credential-process", "--role", "dev-readonly"])
    assert (done.returncode, done.stdout) == (6, ""), done.stderr
    assert [entry["action"] for entry in aws.requests() if entry["action"]] == []


# ---- The configuration ----

@pytest.fixture
def check(lab, tmp_path):
    """Judge a configuration that differs from the lab's: (status, text of `awsfed-bridge --check`)."""
    tmp_path.chmod(0o755)

    def judge(changed=None, mode=0o644, uid=0):
        lab.awsfed.write_config(changed, tmp_path)
        (tmp_path / "awsfed.conf").chmod(mode)
        os.chown(tmp_path / "awsfed.conf", uid, 0)
        done = subprocess.run(["/usr/local/sbin/awsfed-bridge", "-c", tmp_path, "--check"],
                              text=True, capture_output=True)
        return done.returncode, done.stdout + done.stderr
    return judge


def test_the_lab_s_own_configuration_is_good(check):
    assert check()[0] == 0


@pytest.mark.parametrize("changed, what", [
    ({"bridge": {"wrokers": "8"}}, "wrokers"),
    ({"bridge": {"workers": "many"}}, "workers"),
    ({"bridge": {"ticket-lifetime": "soon"}}, "ticket-lifetime"),
    ({"brigde": {"workers": "8"}}, "brigde"),
    ({"role prod-admin": {"arn": "arn:aws:iam::1:role/Admin"}}, "arn"),
    ({"mfa": {"window": "3"}}, "window"),
    ({"saml": {"key": None}}, "key"),
])
def test_wrong_key_or_value(check, changed, what):
    """I-66: the error names the file, the line and the key."""
    status, text = check(changed)
    assert status != 0
    assert "awsfed.conf:" in text and what in text, text
    line = text.partition("awsfed.conf:")[2].partition(":")[0]
    assert line.isdigit() and int(line) > 0


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o646])
def test_configuration_writable_by_others(check, mode):
    """I-66: a configuration that others may write stops start-up."""
    status, text = check(mode=mode)
    assert status != 0 and "awsfed.conf" in text


def test_configuration_of_another_owner(check):
    """I-66: a configuration that is not root's stops start-up."""
    status, text = check(uid=2001)
    assert status != 0 and "awsfed.conf" in text


@pytest.mark.parametrize("file", ["seal.key", "saml.key", "service.password"])
@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620])
def test_key_files_open_to_others(lab, bridge, file, mode):
    """I-66: a key that others may read or write stops start-up, with its name."""
    path = lab.awsfed.CONFIG / "keys" / file
    bridge.stop()
    path.chmod(mode)
    try:
        with pytest.raises(lab.places.LabError) as failed:
            bridge.start()
        assert str(path) in str(failed.value)
    finally:
        path.chmod(0o600)


def test_nonsense_does_not_fill_the_journal(lab, bridge):
    """I-55: a thousand packets that are no requests leave a few lines, which say how many there were."""
    since = len(bridge.log.read_text())
    for _ in range(1000):
        with connect() as client:
            client.send(b"nonsense")
            assert client.recv(100) == b""
    lines = [line for line in bridge.log.read_text()[since:].splitlines() if "connection closed" in line]
    assert 1 <= len(lines) <= 10
