"""Roles that are not theirs, and every way in which STS fails.

SPDX-License-Identifier: Apache-2.0
"""
import itertools
import json
import time

import pytest


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
