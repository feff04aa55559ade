"""awsfed's units under a real systemd: hardened as they are shipped, people log in and have their roles.

SPDX-License-Identifier: Apache-2.0
"""
import json
import shutil
import subprocess
from pathlib import Path

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


def read(path):
    """None where there is nothing."""
    return Path(path).read_text() if Path(path).exists() else None


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


def test_cron_runs_the_jobs_of_those_who_may_be_here(lab, machine, someone):
    """I-45: nobody is asked; the real cron runs the job of somebody in good standing, and not that of somebody disabled."""
    lab.pam.write_sample("cron")
    for name in (someone.name, "carol", lab.people.BREAKGLASS):
        tab = Path("/var/spool/cron/crontabs") / name
        lab.changes.write(tab, f"@reboot id -un >/tmp/cron-of-{name}\n", 0o600)
        shutil.chown(tab, name, "crontab")
    start = len(lab.awsfed.audit(event="account"))
    (machine.UNITS / "jump-cron.service").write_text("[Service]\nExecStart=/usr/sbin/cron -f\n")
    machine.systemctl("daemon-reload")
    machine.systemctl("start", "jump-cron.service")
    lab.service.wait_for(lambda: len(lab.awsfed.audit(event="account")) >= start + 2, "both questions")
    for name in (someone.name, lab.people.BREAKGLASS):
        lab.service.wait_for(lambda: read(f"/tmp/cron-of-{name}") == f"{name}\n", f"the job of {name}")
    machine.systemctl("stop", "jump-cron.service")
    assert read("/tmp/cron-of-carol") is None
    told = {line["user"]: line for line in lab.awsfed.audit(event="account")[start:]}
    assert told[someone.name]["outcome"] == "granted" and told["carol"]["outcome"] != "granted"
    assert {line["service"] for line in told.values()} == {"cron"}


def test_a_manager_of_a_persons_own(lab, machine, someone):
    """I-45: systemd --user starts for who may be here; what runs in it acts while its person is signed in, and not without."""
    lab.pam.write_sample("systemd-user")
    (machine.UNITS / "manager@.service").write_text(
        f"[Service]\nUser=%i\nPAMName=systemd-user\nType=notify\nExecStart={machine.SYSTEMD} --user\nDelegate=yes\n"
        "RuntimeDirectory=manager-%i\nEnvironment=XDG_RUNTIME_DIR=/run/manager-%i\n")
    machine.systemctl("daemon-reload")
    assert machine.run("systemctl", "start", "manager@carol").returncode != 0
    machine.systemctl("start", f"manager@{someone.name}")

    def in_unit(command):
        return machine.run("runuser", "-u", someone.name, "--", "env", f"XDG_RUNTIME_DIR=/run/manager-{someone.name}",
                           "systemd-run", "--user", "--quiet", "--pipe", "--wait", "sh", "-c", command)

    ask = "/usr/local/bin/awsfed-login credential-process --role dev-readonly"
    assert in_unit("id -un").stdout == f"{someone.name}\n"
    assert in_unit(ask).returncode != 0
    with signed_in(lab, someone):
        assert "AccessKeyId" in in_unit(ask).stdout
    machine.systemctl("stop", f"manager@{someone.name}")


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
    machine.systemctl("stop", SERVICE)
    done = machine.run("logrotate", "--force", "--state", "/run/logrotate.state", "/usr/local/share/doc/awsfed/logrotate.d/awsfed")
    machine.systemctl("start", SERVICE)
    assert done.returncode == 0, done.stderr  # a bridge that is not there needs no telling


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
