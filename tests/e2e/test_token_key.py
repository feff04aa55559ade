"""The signing key in a PKCS#11 token: what AWS is shown is signed there, and whatever happens to it, people log in.

SPDX-License-Identifier: Apache-2.0
"""
import concurrent.futures
import itertools
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

ISSUER = "https://id.corp.example.com/awsfed"
ROLE = "arn:aws:iam::444455556666:role/Token"
GONE = ("the process that signs with [saml] key has ended, and AWS roles that need it cannot be given: the administrator has to "
        "restart awsfed-bridge, which signs nobody out")
_minutes = itertools.count(15)


@pytest.fixture(scope="module")
def token(lab):
    """A token whose key the bridge signs with, and AWS knows; the key's certificate by awsfed-admin saml init."""
    lab.hsm.set_up()
    lab.awsfed.write_config(lab.hsm.config())
    subprocess.run(["awsfed-admin", "saml", "init"], check=True, stdout=subprocess.DEVNULL)
    lab.cloud.register_metadata()
    yield lab.hsm
    lab.hsm.remove()
    lab.awsfed.configure()
    lab.cloud.register_metadata()


@pytest.fixture
def people_two(lab):
    taken = [lab.people.take(), lab.people.take()]
    for person in taken:
        lab.codes.enrol(person.name)
    return taken


def signed_in(lab, person):
    return lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name))


def ask(lab, person, role="dev-readonly"):
    """awsfed-login credential-process; each time for another duration, so that no cache answers."""
    return lab.awsfed.as_user(person.name, ["awsfed-login", "credential-process", "--role", role, "--duration",
                                            f"{next(_minutes)}m"])


def has_in_memory(pid, secret):
    """What root finds in the memory that a process can write."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            bounds, rights = line.split()[:2]
            begin, end = (int(x, 16) for x in bounds.split("-"))
            if not rights.startswith("rw"):
                continue
            try:
                memory.seek(begin)
                if secret.encode() in memory.read(end - begin):
                    return True
            except OSError:
                continue
    return False


def check():
    return subprocess.run(["awsfed-admin", "check"], text=True, capture_output=True)


def test_signed_in_the_token(lab, token, person, aws):
    """I-62: AWS takes an assertion and a token signed by keys that were made in the token and cannot be read out of it."""
    lab.cloud.extend_world(
        roles={ROLE: {"issuers": [ISSUER], "max_duration": 43200, "tag_session": True}},
        issuers={ISSUER: {"folder": "oidc", "audiences": ["sts.amazonaws.com"], "accounts": ["444455556666"]}})
    lab.awsfed.configure(token.config(**{
        "oidc": {"issuer": ISSUER, "key": token.uri("oidc")},
        "role token": {"arn": ROLE, "groups": "AWS-Dev-ReadOnly", "flow": "oidc"}}))
    assert check().returncode == 0, check().stderr
    subprocess.run(["awsfed-admin", "oidc", "metadata", "--output-dir", str(lab.cloud.FOLDER / "oidc")], check=True)
    with signed_in(lab, person):
        for role in ("dev-readonly", "token"):
            ran = ask(lab, person, role)
            assert ran.returncode == 0, ran.stderr
            assert json.loads(ran.stdout)["AccessKeyId"]
    assert len(aws.requests("AssumeRoleWithSAML")) == len(aws.requests("AssumeRoleWithWebIdentity")) == 1
    listed = token.tool("--list-objects", "--type", "privkey").stdout
    assert listed.count("never extractable") == 2, listed
    # The signer and the library's process are the signer user's; neither has a network but its own.
    running = token.processes()
    assert set(running) == {"awsfed-signer", "awsfed-token"}
    for pid in running.values():
        assert os.stat(f"/proc/{pid}").st_uid in (0, lab.accounts.SIGNER_USER[1])
        assert f"Uid:\t{lab.accounts.SIGNER_USER[1]}\t" in Path(f"/proc/{pid}/status").read_text()
        if not lab.places.in_place():
            assert os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net")
    assert token.PIN not in lab.awsfed.BRIDGE.log.read_text() + lab.awsfed.AUDIT.read_text()
    lab.cloud.write_world()


def test_library_finds_no_secret_of_the_bridge(lab, token):
    """I-57, I-62: the library is forked from the bridge, but from one that has not read the directory's password yet."""
    if not lab.awsfed.may_be_looked_into():
        pytest.skip("the processes are not dumpable, and this machine lets nobody look all the same")
    lab.awsfed.configure(token.config())
    assert has_in_memory(lab.awsfed.BRIDGE.leader(), lab.people.SERVICE_PASSWORD)
    running = token.processes()
    assert set(running) == {"awsfed-signer", "awsfed-token"}
    for name, pid in running.items():
        assert has_in_memory(pid, token.PIN), name
        assert not has_in_memory(pid, lab.people.SERVICE_PASSWORD), name


def test_killed_frozen_and_gone(lab, token, people_two):
    """A library's process that is killed comes back; one that is frozen costs its question, while others log in; without
    the signer itself people still log in, and whoever asks is told what to do: which is enough."""
    one, other = people_two
    lab.awsfed.configure(token.config())
    with signed_in(lab, one):
        assert ask(lab, one).returncode == 0
        os.kill(token.processes()["awsfed-token"], signal.SIGKILL)
        assert ask(lab, one).returncode == 0

        os.kill(token.processes()["awsfed-token"], signal.SIGSTOP)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(ask, lab, one)
            with signed_in(lab, other):
                assert not waiting.done()
            assert waiting.result().returncode == 6 and waiting.result().stdout == ""
        lab.service.wait_for(lambda: ask(lab, one).returncode == 0, "the token")
        assert "has not answered in time" in lab.awsfed.BRIDGE.log_tail()

        os.kill(token.processes()["awsfed-signer"], signal.SIGKILL)
        refused = ask(lab, one)
        assert refused.returncode == 6 and GONE in refused.stderr, refused
        lab.service.wait_for(lambda: token.processes() == {}, "the end of the library's process")
        with signed_in(lab, other):
            pass
        assert GONE in lab.awsfed.BRIDGE.log_tail()
        listed = subprocess.run(["awsfed-admin", "sessions"], text=True, capture_output=True)
        assert listed.returncode == 0 and one.name in listed.stdout and GONE in listed.stderr, listed
        found = json.loads(subprocess.run(["awsfed-admin", "doctor", "--json"], text=True, capture_output=True).stdout)
        assert [row["remedy"] for row in found if row["state"] == "FAIL" and GONE in row["detail"]] == [
            "systemctl restart awsfed-bridge"], found
        # As it says: whoever was signed in still is, and has roles.
        lab.awsfed.BRIDGE.restart()
        assert ask(lab, one).returncode == 0
        assert subprocess.run(["awsfed-admin", "sessions"], text=True, capture_output=True).stderr == ""


def test_wrong_pin_is_presented_once(lab, token, person):
    """However often the bridge is started: one try, words in the log and from check, and people log in."""
    token.write_pin("000000")
    lab.awsfed.configure(token.config())
    assert "refuses the PIN" in lab.awsfed.BRIDGE.log_tail()
    for _ in range(3):
        lab.awsfed.BRIDGE.restart()
    assert "was given a wrong PIN last" in lab.awsfed.BRIDGE.log_tail(5)
    faulty = check()
    assert faulty.returncode == 1 and "[saml] key: token" in faulty.stderr, faulty.stderr
    with signed_in(lab, person):
        ran = ask(lab, person)
        assert ran.returncode == 6 and ran.stderr.count("\n") == 1
        assert token.PIN not in ran.stderr and "PIN" not in ran.stderr
        token.write_pin()
        assert token.tool("--list-objects").returncode == 0
        lab.awsfed.BRIDGE.restart()
        assert ask(lab, person).returncode == 0


def test_token_that_is_away(lab, token, person):
    """The bridge starts without it; when it is there, nothing has to be done. A key that is not there is said, too."""
    away = token.TOKENS.with_name("away")
    made = [path for path in token.TOKENS.iterdir()]
    away.mkdir()
    for path in made:
        path.rename(away / path.name)
    lab.awsfed.configure(token.config())
    assert "the token is not there" in lab.awsfed.BRIDGE.log_tail()
    with signed_in(lab, person):
        assert ask(lab, person).returncode == 6
        for path in made:
            (away / path.name).rename(path)
        away.rmdir()
        lab.service.wait_for(lambda: ask(lab, person).returncode == 0, "the token")
    lab.awsfed.write_config({**token.config(), "saml": {**token.config()["saml"], "key": token.uri("oidc")}})
    assert "not RSA of 2048" in check().stderr
    lab.awsfed.write_config({**token.config(), "saml": {**token.config()["saml"], "key": token.uri("none")}})
    assert 'which has only "' in check().stderr


def test_what_stops_the_start(lab, token):
    """I-66: a PIN that others can read, a PIN in the configuration, a library that others can write."""
    lab.awsfed.BRIDGE.stop()
    token.PIN_FILE.chmod(0o644)
    with pytest.raises(lab.places.LabError, match="readable by others"):
        lab.awsfed.configure(token.config())
    token.PIN_FILE.chmod(0o600)
    library = lab.places.RUN / "library.so"
    library.write_bytes(b"no library")
    library.chmod(0o777)
    for key, words in ((token.uri("saml", module=library), "writable by others"),
                       (token.uri("saml") + "&pin-value=246810", "take pin-value out")):
        with pytest.raises(lab.places.LabError, match=words) as refused:
            lab.awsfed.configure({**token.config(), "saml": {**token.config()["saml"], "key": key}})
        assert "=246810" not in str(refused.value)
    library.unlink()


def test_library_with_the_bridges_rights_is_warned_of(lab, token):
    bridge = lab.accounts.BRIDGE_USER[0]
    for user, noted in ((lab.accounts.SIGNER_USER[0], False), (bridge, True)):
        lab.awsfed.write_config({**token.config(), "bridge": {"signer-user": user}})
        assert (f'note: the token\'s library runs as "{bridge}"' in check().stdout) == noted


def test_rotation_is_explained(lab, token):
    lab.awsfed.write_config(token.config())
    for words in (["rotate"], ["rotate", "--finish"]):
        done = subprocess.run(["awsfed-admin", "saml", *words], text=True, capture_output=True)
        assert done.returncode == 1 and "previous-certificate" in done.stderr
    assert not Path(f"{token.CERTIFICATE}.next").exists()
