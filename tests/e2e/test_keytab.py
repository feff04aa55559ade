"""service-bind = gssapi: the bridge is its host's computer account, by the keytab that joining the domain left there.

SPDX-License-Identifier: Apache-2.0
"""
import os
import signal
import struct
import subprocess
import time
from pathlib import Path

import pytest

SECTION = "domain corp.example.com"
KEYTAB = Path("/etc/awsfed/keys/host.keytab")
GET = "awsfed-login credential-process --role "
HOSTILE = {name: "/nonexistent/hostile" for name in (
    "KRB5_CONFIG", "KRB5CCNAME", "KRB5_KTNAME", "KRB5_CLIENT_KTNAME", "KRB5_TRACE", "GSS_MECH_CONFIG", "SASL_PATH",
    "SASL_CONF_PATH", "LDAPCONF", "LDAPRC", "LDAPSASL_MECH", "LDAPSASL_SECPROPS")}


def setting(**also):
    return {SECTION: {"service-bind": "gssapi", "keytab": str(KEYTAB), "service-dn": None,
                      "service-password-file": None, **also}}


@pytest.fixture
def joined(lab, bridge):
    """The host has its keytab, and the bridge is told to use it."""
    lab.directory.DC1.export_keytab(f"{lab.places.JOINED_NAME}$", KEYTAB)
    KEYTAB.chmod(0o600)
    lab.awsfed.configure(setting())
    yield KEYTAB
    KEYTAB.unlink(missing_ok=True)


def write_wrong_keytab(version=100):
    """A key of the right account that is not its key, newer than any."""
    def text(value):
        return struct.pack(">H", len(value)) + value
    entry = (struct.pack(">H", 1) + text(b"CORP.EXAMPLE.COM") + text(b"JUMP$") + struct.pack(">IIBH", 1, 0, version, 18)
             + text(b"\1" * 32))
    KEYTAB.write_bytes(b"\5\2" + struct.pack(">i", len(entry)) + entry)


def kdc_processes(dc):
    return [pid for pid in dc.members() if b"task[kdc]" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def log_since(bridge, start):
    return bridge.log.read_text(errors="replace")[start:]


def test_the_journey_under_a_hostile_environment(lab, person, joined, bridge):
    """I-7, I-56: names, groups by name and standing without a password, all by the computer's account; nothing of the caller's is looked at."""
    bridge.stop()
    lab.awsfed.write_config(setting(**{"login-groups": "Domain Users", "deny-groups": "AWS-Billing"}))
    bridge.environment = HOSTILE
    try:
        bridge.start()
    finally:
        bridge.environment = {}
    if lab.awsfed.may_be_looked_into():
        assert "\0KRB5_CONFIG=/nonexistent" in "\0" + Path(f"/proc/{bridge.leader()}/environ").read_text()
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert session.run(GET + "dev-readonly").status == 0
        assert session.run(GET + "prod-admin").status == 3
    assert lab.sshd.key_login(person.name, "echo shell-came").output.count("shell-came") == 1
    assert "JUMP$@CORP.EXAMPLE.COM" in bridge.log.read_text()


def test_the_controller_restarts(lab, person, joined, bridge, dc):
    """Its connections are gone, its tickets are good; whoever comes next binds anew."""
    assert lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), command="true").status == 0
    dc.kill()
    dc.start()
    assert lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), command="true").status == 0


def test_a_wrong_key_is_unavailable_and_named(lab, person, joined, bridge):
    """I-40: no one's password is tried, nobody's failure counted; the log says which key of which file, and what to do."""
    before = lab.directory.bad_password_count(person.name)
    start = len(bridge.log.read_text(errors="replace"))
    code = lab.codes.fresh(person.name)
    write_wrong_keytab()
    bridge.restart()
    outcome = lab.sshd.login(person.name, person.password, code, command="echo shell-came")
    assert outcome.status != 0
    assert "shell-came" not in outcome.output
    assert "unavailable" in outcome.transcript
    assert lab.directory.bad_password_count(person.name) == before
    told = log_since(bridge, start)
    assert f'(version 100) in "{KEYTAB}" is not the account\'s' in told
    assert "adcli update" in told
    lab.directory.DC1.export_keytab(f"{lab.places.JOINED_NAME}$", KEYTAB)
    KEYTAB.chmod(0o600)
    bridge.restart()
    assert lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), command="true").status == 0


def test_a_frozen_kerberos_service_costs_a_connect_timeout(lab, person, joined, bridge, dc):
    """Nobody waits for longer, with no ticket yet; who needs no new ticket does not notice; and then it goes on by itself."""
    assert lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), command="true").status == 0
    frozen = kdc_processes(dc)
    assert frozen
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        code = lab.codes.fresh(person.name)
        assert lab.sshd.login(person.name, person.password, code, command="true").status == 0
        bridge.restart()
        start = time.monotonic()
        found = subprocess.run(["awsfed-admin", "explain", person.name], text=True, capture_output=True)
        assert found.returncode == 6
        assert "Kerberos service" in found.stderr
        assert time.monotonic() - start < 4.5  # connect-timeout is 3s
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    lab.service.wait_for(
        lambda: subprocess.run(["awsfed-admin", "explain", person.name], capture_output=True).returncode == 0,
        "the Kerberos service")


def test_a_samba_that_takes_no_sasl_inside_tls(lab, person, joined, bridge, dc):
    """Its default: what to set is said; people's own binds are not in doubt for it."""
    conf = lab.directory.DC1.smb_conf
    before = conf.read_text()
    assert "strong auth = allow_sasl_over_tls" in before
    conf.write_text(before.replace("strong auth = allow_sasl_over_tls", "strong auth = yes"))
    try:
        dc.restart()
        bridge.restart()
        found = subprocess.run(["awsfed-admin", "explain", person.name], text=True, capture_output=True)
    finally:
        conf.write_text(before)
    assert found.returncode == 6
    told = found.stderr + bridge.log.read_text(errors="replace")
    assert "ldap server require strong auth = allow_sasl_over_tls" in told


def check(folder):
    done = subprocess.run(["awsfed-bridge", "-c", folder, "--check"], text=True, capture_output=True)
    return done.returncode, done.stdout + done.stderr


def test_files_that_will_not_do(lab, joined, tmp_path):
    """I-66: each with the place in the configuration, the file and the remedy; nothing of it starts."""
    folder = tmp_path / "awsfed"
    folder.mkdir(mode=0o755)
    keytab = tmp_path / "host.keytab"
    lab.awsfed.write_config(setting(keytab=str(keytab)), folder=folder)
    line = (folder / "awsfed.conf").read_text().splitlines().index(f"[{SECTION}]") + 1

    def refused(text):
        status, told = check(folder)
        assert status == 1
        assert f"{folder}/awsfed.conf:{line}: " in told
        assert f'"{keytab}": {text}' in told

    refused("does not exist")
    keytab.write_bytes(b"")
    keytab.chmod(0o600)
    refused("empty")
    keytab.write_text("no keytab at all\n")
    refused("not a keytab")
    keytab.write_bytes(joined.read_bytes()[:40])
    refused("a damaged keytab")
    keytab.write_bytes(joined.read_bytes())
    assert check(folder)[0] == 0
    keytab.chmod(0o640)
    os.chown(keytab, 0, 12)
    refused("holds a secret and is readable by others")
    keytab.unlink()
    keytab.symlink_to(joined)
    refused("a symbolic link")
