"""One login reaches AWS: the facts that `make demo` shows, each as a test.

SPDX-License-Identifier: Apache-2.0
"""
import concurrent.futures
import json
import subprocess

import pytest


@pytest.fixture(scope="module")
def alice(lab):
    """Alice's open ssh session, with a profile a role in her AWS configuration."""
    who = lab.people.person("alice")
    with lab.sshd.Session("alice", who.password, lab.codes.fresh("alice")) as session:
        profiles = "".join(lab.cloud.AWS_CLI_CONFIG.format(name=name) for name in ("prod-admin", "dev-readonly"))
        assert session.run("mkdir -p ~/.aws; cat >~/.aws/config", text_in=profiles).status == 0
        yield session


def test_roles_come_from_nested_groups(alice):
    """I-21: Alice's two roles, one of them through Platform, which is nested in AWS-Prod-Admins; no third."""
    listed = json.loads(alice.run("awsfed-login roles --json").out)
    roles = listed["roles"] if isinstance(listed, dict) else listed
    assert sorted(role["name"] for role in roles) == ["dev-readonly", "prod-admin"]


def test_the_receipt_does_not_reach_the_shell(alice):
    """I-44: the shell has the session's name in its environment, and no receipt, password or code."""
    environment = alice.run("env").out
    assert "AWSFED_SESSION=" in environment
    assert "RECEIPT" not in environment


@pytest.mark.parametrize("profile, identity", [
    ("prod-admin", "arn:aws:sts::111122223333:assumed-role/Admin/alice"),
    ("dev-readonly", "arn:aws:sts::444455556666:assumed-role/ReadOnly/alice")])
def test_the_real_cli_is_alice(alice, profile, identity):
    """I-61: the AWS CLI, through credential_process, is the role with the session name that the bridge gave."""
    ran = alice.run(f"aws sts get-caller-identity --profile {profile}")
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["Arn"] == identity


def test_credential_process_prints_the_contract_and_nothing_else(alice):
    """I-67: JSON with the SDKs' fields on stdout, nothing on stderr."""
    ran = alice.run("awsfed-login credential-process --role prod-admin")
    assert (ran.status, ran.err) == (0, "")
    given = json.loads(ran.out)
    assert given["Version"] == 1
    assert given["AccessKeyId"].startswith("ASIA") and given["SecretAccessKey"] and given["SessionToken"]
    assert given["Expiration"].endswith("Z")


def test_many_at_once_cost_one_call(lab, person, aws, bridge):
    """I-63: two hundred concurrent first requests for one user and role make one STS call and get one credential."""
    lab.awsfed.configure({"bridge": {"max-connections-per-uid": "250"}})
    aws.fail("slow", seconds=1.2, action="AssumeRoleWithSAML")
    ask = ["awsfed-login", "credential-process", "--role", "dev-readonly"]
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            answers = list(pool.map(lambda _: lab.awsfed.as_user(person.name, ask), range(200)))
    assert [answer.returncode for answer in answers] == [0] * 200, answers
    assert len({json.loads(answer.stdout)["AccessKeyId"] for answer in answers}) == 1
    assert len(aws.requests("AssumeRoleWithSAML")) == 1


def test_the_audit_trail_names_the_assertion_and_the_request(lab, person, aws):
    """Each credential has one audit line, with the ids by which AWS knows the assertion and the request."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 0
    line, = lab.awsfed.audit(event="credential", user=person.name)
    request, = aws.requests("AssumeRoleWithSAML")
    assert line["outcome"] == "granted"
    assert line["assertion_id"] == request["assertion"]
    assert line["sts_request_id"] == request["request_id"]
    assert line["access_key_id"] == request["access_key"]


def test_a_session_s_end_ends_the_ticket(lab, person):
    """I-59: after the last session is closed its user is signed in no more, cached credential or not."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 0

    def signed_out():
        return lab.awsfed.as_user(person.name, ["awsfed-login", "status"]).returncode == 4
    lab.service.wait_for(signed_out, "the end of the ticket")
    after = lab.awsfed.as_user(person.name, ["awsfed-login", "credential-process", "--role", "dev-readonly"])
    assert (after.returncode, after.stdout) == (4, "")
    assert after.stderr.count("\n") == 1 and "awsfed-login" in after.stderr


def test_logout_ends_the_ticket(lab, person):
    """I-59: `awsfed-login logout` ends it at once, in the session that goes on."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 0
        assert session.run("awsfed-login logout").status == 0
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 4


def test_sign_in_on_a_terminal(lab, person):
    """Somebody who came by public key has no ticket, signs in with awsfed-login, and has one."""
    lab.sshd.authorize_key(person.name)
    key = lab.places.RUN / f"ssh-key-{person.name}"
    with lab.sshd.Session(person.name, options=("-i", str(key), "-o", "PreferredAuthentications=publickey")) as session:
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 4
        outcome = session.terminal("awsfed-login", person.password, lab.codes.fresh(person.name))
        assert outcome.status == 0, outcome.transcript
        assert "dev-readonly" in outcome.output
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 0


def test_env_is_for_eval(lab, person):
    """I-69: `awsfed-login env` makes the AWS CLI of that shell the role."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        ran = session.run('eval "$(awsfed-login env --role dev-readonly)" && AWS_CA_BUNDLE='
                          f"{lab.certificates.CA_FILE} aws sts get-caller-identity")
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["Arn"] == f"arn:aws:sts::444455556666:assumed-role/ReadOnly/{person.name}"


def test_bob_gets_in_and_gets_no_role(lab):
    """I-31: in no mapped group means a shell and no AWS."""
    bob = lab.people.person("bob")
    with lab.sshd.Session("bob", bob.password, lab.codes.fresh("bob")) as session:
        assert session.run("id -un").out == "bob\n"
        assert "dev-readonly" not in session.run("awsfed-login roles").out
        ran = session.run("awsfed-login credential-process --role prod-admin")
        assert (ran.status, ran.out) == (3, "")


def test_a_group_of_the_same_name_elsewhere_gives_nothing(lab):
    """I-21: Mallory is in groups of the mapped groups' names, in another folder of the tree."""
    mallory = lab.people.person("mallory")
    with lab.sshd.Session("mallory", mallory.password, lab.codes.fresh("mallory")) as session:
        assert session.run("awsfed-login credential-process --role prod-admin").status == 3
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 3


def test_the_code_agrees_with_oathtool(lab, person):
    """The lab's codes are those of a second implementation."""
    seed = lab.codes.seed(person.name)
    step = lab.codes.step_now()
    done = subprocess.run(["oathtool", "--totp", "-b", "--now", f"@{step * 30}", seed],
                          text=True, capture_output=True, check=True)
    assert done.stdout.strip() == lab.codes.code_at(seed, step)
