"""awsfed's units under a real systemd: hardened as they are shipped, people log in and have their roles.

SPDX-License-Identifier: Apache-2.0
"""
import json
import subprocess

import pytest

ROLE = "assumed-role/ReadOnly"
SERVICE, SOCKET = "awsfed-bridge.service", "awsfed-bridge.socket"


@pytest.fixture(scope="module")
def machine(lab):
    if not lab.machine.possible():
        pytest.skip("a systemd of the lab's own needs namespaces, a control group, and Debian's systemd")
    lab.machine.start()
    yield lab.machine
    lab.machine.stop()


@pytest.fixture
def someone(lab, machine):
    """A throw-away person, enrolled by a command that the bridge can see."""
    taken = lab.people.take()
    done = machine.run("awsfed-admin", "mfa", "enrol", taken.name)
    assert done.returncode == 0, done.stderr
    lab.codes.keep(taken.name, done.stdout)
    return taken


def signed_in(lab, person):
    return lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name))


def works(lab, session):
    """Does the AWS CLI, with nothing set up, act in the person's role?"""
    ran = session.run(lab.cloud.HERE + "aws sts get-caller-identity")
    assert ROLE in ran.out, ran
    return True


def main_pid(machine):
    return int(machine.systemctl("show", "-p", "MainPID", "--value", SERVICE))


def journal(machine):
    return machine.run("journalctl", "-t", "awsfed-bridge", "-o", "cat").stdout


def test_a_login_and_a_role(lab, machine, someone):
    """The keeper's walls, the state folder, the endpoint: all that the unit forbids is what nothing of it needs."""
    with signed_in(lab, someone) as session:
        assert works(lab, session)
    assert journal(machine).count("ready at") == 1
    assert "Operation not permitted" not in journal(machine)


def test_a_restart_and_a_reload(lab, machine, someone):
    """Nobody is signed out by either; what was written stays the bridge's, and is read again."""
    with signed_in(lab, someone) as session:
        assert works(lab, session)
        for _ in range(2):
            machine.systemctl("restart", SERVICE)
            assert works(lab, session)
        assert {path.owner() for path in [lab.awsfed.STATE, *lab.awsfed.STATE.iterdir()]} == {"awsfed"}
        lab.awsfed.write_config({"role later": {**lab.awsfed.DEFAULTS["role dev-readonly"], "alias": "later"}})
        try:
            machine.systemctl("reload", SERVICE)
            lab.service.wait_for(lambda: "later" in machine.run("awsfed-admin", "explain", someone.name).stdout, "the new role")
        finally:
            lab.awsfed.write_config()
            machine.systemctl("reload", SERVICE)


def test_who_comes_while_it_is_away_waits(lab, machine, someone):
    """Its socket is systemd's: a login starts it, and one that finds it killed waits until it is there again."""
    machine.systemctl("stop", SERVICE)
    with signed_in(lab, someone) as session:
        assert works(lab, session)
    before = main_pid(machine)
    machine.systemctl("kill", "--signal=KILL", SERVICE)
    with signed_in(lab, someone) as session:
        assert works(lab, session)
    assert main_pid(machine) not in (0, before)


def test_a_key_in_a_token(lab, machine, someone):
    """With the drop-in that the README has for SoftHSM, the signer finds its token; AWS verifies what it signed."""
    drop_in = lab.machine.UNITS / f"{SERVICE}.d" / "token.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nReadWritePaths=/var/lib/softhsm\n")
    lab.hsm.set_up()
    lab.awsfed.write_config(lab.hsm.config())
    try:
        subprocess.run(["awsfed-admin", "saml", "init"], check=True, stdout=subprocess.DEVNULL)
        lab.cloud.register_metadata()
        machine.systemctl("daemon-reload")
        machine.systemctl("restart", SERVICE)
        with signed_in(lab, someone) as session:
            assert works(lab, session)
    finally:
        drop_in.unlink()
        lab.awsfed.write_config()
        machine.systemctl("daemon-reload")
        machine.systemctl("restart", SERVICE)
        lab.hsm.remove()
        lab.cloud.register_metadata()


def test_another_socket_than_configured(lab, machine):
    """The module would ask where nobody answers; it is said, and people are not left to wait for ever."""
    lab.awsfed.write_config({"bridge": {"socket": "/run/awsfed/other.sock"}})
    try:
        assert machine.run("systemctl", "restart", SERVICE).returncode != 0
        assert '[bridge] socket' in journal(machine)
    finally:
        lab.awsfed.write_config()
        machine.systemctl("restart", SERVICE)


def test_the_audit_trail_is_rotated(lab, machine, someone):
    """By the real logrotate with the sample as installed: the session goes on into the fresh file, and whois finds what is in the old."""
    def given(path):
        lines = map(json.loads, path.read_text().splitlines())
        return [line["access_key_id"] for line in lines if line["event"] == "credential" and line["user"] == someone.name]

    with signed_in(lab, someone) as session:
        assert works(lab, session)
        done = machine.run("logrotate", "--force", "--state", "/run/logrotate.state", "/usr/local/share/doc/awsfed/logrotate.d/awsfed")
        assert done.returncode == 0, done.stderr
        lab.service.wait_for(lambda: "reload" in lab.awsfed.AUDIT.read_text(), "the first line of the fresh file")
        session.run("awsfed-login credential-process --role dev-readonly --duration 17m")
        before, after = given(lab.awsfed.AUDIT.with_suffix(".jsonl.1")), given(lab.awsfed.AUDIT)
        assert before and after
        for key in before + after:
            assert someone.name in machine.run("awsfed-admin", "whois", key).stdout


def test_the_audit_trail_in_the_journal(lab, machine, someone):
    """The default: journald has each line with its fields, and whois finds there whose key it was; nobody else's line counts."""
    lab.awsfed.write_config({"bridge": {"audit": "journal"}})
    machine.systemctl("restart", SERVICE)
    try:
        with signed_in(lab, someone) as session:
            assert works(lab, session)
        entries = map(json.loads, machine.run("journalctl", f"AWSFED_USER={someone.name}", "-o", "json").stdout.splitlines())
        lines = [json.loads(entry["MESSAGE"]) for entry in entries if entry["SYSLOG_IDENTIFIER"] == "awsfed-audit"]
        assert ["login", "session-open", "credential"] == [line["event"] for line in lines if line["event"] != "endpoint"]
        key = next(line["access_key_id"] for line in lines if line["event"] == "credential")
        forged = json.dumps({**lines[-1], "user": "mallory", "access_key_id": key})
        machine.run("systemd-cat", "-t", "awsfed-audit", "echo", forged)
        told = machine.run("awsfed-admin", "whois", key).stdout
        assert someone.name in told and "mallory" not in told
    finally:
        lab.awsfed.write_config()
        machine.systemctl("restart", SERVICE)
