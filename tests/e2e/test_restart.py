"""The bridge restarted under live sessions: nobody is signed out, or everybody is told.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import signal

import pytest

SAVED = "sessions.json"
ASK = ('curl -s -m 10 -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"')


def given(session):
    """The endpoint's JSON for a session."""
    return json.loads(session.run(ASK).out)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_sign_ins_and_endpoints_survive(lab, person, bridge, end):
    """I-33: after an orderly end and after SIGKILL, ticket, endpoint and port are those of before, with a new credential."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        before = given(session)
        until = json.loads(session.run("awsfed-login status --json").out)
        getattr(bridge, end)()
        assert session.run("awsfed-login status").status == 6
        bridge.start()
        assert json.loads(session.run("awsfed-login status --json").out)["expires"] == until["expires"]
        after = given(session)
        assert after["AccessKeyId"] not in (None, before["AccessKeyId"])
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 0

    def signed_out():
        return lab.awsfed.as_user(person.name, ["awsfed-login", "status"]).returncode == 4
    lab.service.wait_for(signed_out, "the end of the ticket with its session")


def test_a_session_that_ended_meanwhile_stays_ended(lab, person, bridge):
    """I-59: nobody was there to hear its end; it is noticed at the start."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        bridge.kill()
    bridge.start()
    assert lab.awsfed.as_user(person.name, ["awsfed-login", "status"]).returncode == 4


def test_who_left_the_group_gets_nothing_after_a_restart(lab, bridge, person):
    """I-60: roles are not saved: the directory is asked again before the first credential."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert "AccessKeyId" in given(session)
        lab.awsfed.configure({"role dev-readonly": {"groups": "AWS-Billing"}})
        assert given(session)["code"] == "RoleNotChosen"
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 3


def test_logged_out_stays_logged_out(lab, person, bridge):
    """The end of a sign-in is on disk before `logout` says so: a crash at once brings nothing back."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert session.run("awsfed-login logout").status == 0
        bridge.kill()
        bridge.start()
        assert session.run("awsfed-login status").status == 4
        assert given(session)["code"] == "SignInNeeded"


@pytest.mark.parametrize("damage", ["cut", "link", "mode", "owner", "gone"])
def test_a_state_that_cannot_be_believed_signs_everybody_out(lab, person, bridge, damage):
    """I-32: and they are told what to run, and the log says why."""
    path = lab.awsfed.STATE / SAVED
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert "AccessKeyId" in given(session)
        bridge.stop()
        whole = path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600 and person.name.encode() in whole
        if damage == "cut":
            path.write_bytes(whole[:-20])
        elif damage == "mode":
            path.chmod(0o644)
        elif damage == "owner":
            os.chown(path, person.uid, person.uid)
        else:
            path.unlink()
        if damage == "link":
            elsewhere = lab.places.RUN / "elsewhere.json"
            elsewhere.write_bytes(whole)
            path.symlink_to(elsewhere)
        told = bridge.log.stat().st_size
        bridge.start()
        ran = session.run("awsfed-login credential-process --role dev-readonly")
        assert ran.status == 4 and "awsfed-login" in ran.err
        answer = given(session)
        assert answer["code"] in ("SignInNeeded", "Forbidden"), answer
        assert (damage == "gone") != ("has to sign in again" in bridge.log.read_text()[told:])
        path.unlink(missing_ok=True)


def test_reading_the_file_opens_nothing(lab, person, bridge):
    """No secret, no AWS credential; nobody but the bridge reads it at all."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        credential = given(session)
        environment = session.run("env").out
        text = (lab.awsfed.STATE / SAVED).read_text()
    for secret in (credential["AccessKeyId"], credential["SecretAccessKey"], credential["Token"][:40]):
        assert secret not in text
    for line in environment.splitlines():
        if line.startswith(("AWS_CONTAINER_AUTHORIZATION_TOKEN=", "AWSFED_SESSION=")):
            assert line.partition("=")[2] not in text
    assert lab.awsfed.as_user(person.name, ["cat", lab.awsfed.STATE / SAVED]).returncode != 0


def test_an_orderly_end_is_orderly(lab, person, bridge):
    """With somebody signed in, and requests under way, the bridge ends by itself and not by a signal."""
    bridge.restart()  # so that it is this process's child
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert "AccessKeyId" in given(session)
        pid = bridge.leader()
        os.kill(pid, signal.SIGTERM)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        bridge.kill()
        bridge.start()
        assert "AccessKeyId" in given(session)
