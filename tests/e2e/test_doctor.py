"""awsfed-admin doctor: a sound host has nothing but "ok"; each fault is told in its own line, with what to do, and no secret.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

CONTROLLER, SERVICE = "controller dc1.corp.example.com", "service identity at dc1.corp.example.com"


def doctor(*words, **options):
    return subprocess.run(["awsfed-admin", *words], text=True, capture_output=True, **options)


def told():
    """{check: (state, detail, remedy)}, without PAM, which the lab has its own way of."""
    lines = json.loads(doctor("doctor", "--json").stdout)
    return {line["check"]: (line["state"], line["detail"], line["remedy"])
            for line in lines if not line["check"].startswith("PAM ")}


def only(told_lines, check, state="FAIL"):
    """Of this check alone it is said, and with a remedy; its detail."""
    assert {name for name, line in told_lines.items() if line[0] != "ok"} == {check}, told_lines
    assert told_lines[check][0] == state
    return told_lines[check][1]


@pytest.fixture
def samples(lab):
    """Called, it puts the samples for PAM and sshd where they belong; what was there comes back afterwards."""
    conf = lab.places.REPO / "conf"
    wanted = {Path("/etc/pam.d") / sample.name: sample for sample in (conf / "pam.d").iterdir()}
    wanted[Path("/etc/ssh/sshd_config")] = conf / "sshd/awsfed.conf"
    before = {path: path.read_bytes() if path.exists() else None for path in wanted}

    def install():
        for path, sample in wanted.items():
            lab.changes.write(path, sample.read_bytes())
    yield install
    for path, content in before.items():
        path.unlink() if content is None else path.write_bytes(content)


def test_a_sound_host(lab, samples):
    """Every part is looked at; all is well, so the status is 0; no secret is shown."""
    done = doctor("doctor")
    assert done.returncode == 1, "the lab's own stacks are stricter than the samples"
    samples()
    done = doctor("doctor")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert all(line.startswith("ok    ") for line in done.stdout.splitlines())
    for what in ("configuration", "user", "files", "certificate", "bridge", "store", CONTROLLER, SERVICE, "STS sts.eu-central-1",
                 "STS sts.us-east-1", "clock against dc1", "clock against sts.eu-central-1", "PAM sshd", "PAM sudo"):
        assert f"ok    {what}" in done.stdout, what
    for secret in (lab.people.SERVICE_PASSWORD, (lab.awsfed.CONFIG / "keys/seal.key").read_text().strip()):
        assert secret not in done.stdout


def test_root_alone(lab):
    done = lab.awsfed.as_user("alice", ["awsfed-admin", "doctor"])
    assert (done.returncode, done.stdout) == (3, "") and "root" in done.stderr
    assert doctor("doctor", "--what").returncode == 2


def test_a_configuration_that_is_wrong(lab, bridge, tmp_path):
    (tmp_path / "awsfed.conf").write_text("[bridge]\nsokket = /run/x\n")
    done = doctor("-c", tmp_path, "doctor")
    assert done.returncode == 1 and f"{tmp_path}/awsfed.conf:2" in done.stdout and "sokket" in done.stdout
    assert "PAM sshd" in done.stdout, "what needs no configuration is looked at all the same"


@pytest.mark.parametrize("certificate", ["dc1-other-ca", "dc1-other-name"])
def test_a_certificate_that_is_not_trusted(lab, dc, certificate):
    """I-4: the service password goes to nobody whose certificate is not verified."""
    lab.directory.use_certificate(certificate)
    dc.restart()
    lines = told()
    assert "not verified" in only(lines, CONTROLLER) and "ca-file" in lines[CONTROLLER][2]
    assert SERVICE not in lines


def test_a_controller_that_is_gone_or_silent(lab, dc):
    dc.freeze()
    begin = time.monotonic()
    lines = told()
    took = time.monotonic() - begin
    dc.thaw()
    assert "in time" in only(lines, CONTROLLER) and took < 9, lines  # connect-timeout and timeout: 3 s and 5 s
    dc.stop()
    assert "cannot connect" in only(told(), CONTROLLER)


def test_a_service_identity_that_is_refused(lab, dc, bridge):
    """I-6: one bind, and none at the next server, or it would be locked out."""
    password = lab.awsfed.CONFIG / "keys/service.password"
    good = password.read_text()
    lab.awsfed.write_config({f"domain {lab.places.DOMAIN}": {"servers": f"{lab.places.DC1[1]}, {lab.places.DC1[1]}:636"}})
    before = lab.directory.bad_password_count(lab.people.SERVICE_NAME)
    try:
        password.write_text("wrong\n")
        detail = only(told(), SERVICE)
    finally:
        password.write_text(good)
    assert "was refused: 49" in detail and "wrong" not in detail
    assert lab.directory.bad_password_count(lab.people.SERVICE_NAME) == before + 1


def test_a_clock_that_is_off(lab):
    """The host's own, against both; in a time namespace there is no wall clock, so the libc's is moved."""
    source = "#include <time.h>\ntime_t time(time_t *t) { struct timespec s; clock_gettime(CLOCK_REALTIME, &s); " \
             "s.tv_sec -= 200; if (t) *t = s.tv_sec; return s.tv_sec; }\n"
    folder = lab.places.RUN
    (folder / "late.c").write_text(source)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", folder / "late.so", folder / "late.c"], check=True)
    done = doctor("doctor", "--json", env={**os.environ, "LD_PRELOAD": str(folder / "late.so")})
    lines = {line["check"]: line for line in json.loads(done.stdout)}
    for whose in ("dc1.corp.example.com", "sts.eu-central-1.amazonaws.com"):
        line = lines[f"clock against {whose}"]
        off = int(re.fullmatch(r"this host's is (\d+) s behind", line["detail"]).group(1))
        assert line["state"] == "FAIL" and 190 <= off <= 201, line
        assert "chrony" in line["remedy"]


def test_aws_that_is_gone(lab, aws):
    aws.AWS.stop()
    try:
        lines = told()
    finally:
        aws.AWS.start()
    assert {name for name, line in lines.items() if line[0] == "FAIL"} == {
        "STS sts.eu-central-1.amazonaws.com", "STS sts.us-east-1.amazonaws.com"}


def test_a_bridge_that_does_not_run(lab, bridge):
    """The store is then opened by doctor, as the bridge's user: nothing of root's is left beside it."""
    bridge.stop()
    lines = told()
    assert only(lines, "bridge").startswith(f"at {lab.awsfed.SOCKET}: ")
    assert lines["store"] == ("ok", "opens", None)
    owners = {path.stat().st_uid for path in lab.awsfed.STATE.iterdir()}
    assert owners == {lab.accounts.BRIDGE_USER[1]}
    store = lab.awsfed.STATE / "mfa.db"
    store.chmod(0o644)
    try:
        lines = told()
    finally:
        store.chmod(0o600)
    assert lines["store"][0] == "FAIL" and "mfa.db" in lines["store"][1]


def test_a_key_that_others_can_read(lab):
    """I-66"""
    key = lab.awsfed.CONFIG / "keys/seal.key"
    key.chmod(0o644)
    try:
        assert "seal.key" in only(told(), "files")
    finally:
        key.chmod(0o600)


def test_kerberos_where_it_changes_expired_passwords(lab, configure_alone):
    """Without a service identity both its ports are looked at; that one is closed is a warning, since logins work all the same."""
    where = "expired passwords at dc1.corp.example.com"
    configure_alone()
    assert told()[where][0] == "ok"
    with lab.between.Between(None):
        lines = told()
    assert "port 464" in only(lines, where, "warn")
    assert "88 and 464" in lines[where][2]
