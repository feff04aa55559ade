"""awsfed-admin revoke --apply: what AWS has taken is denied from then on, and what it has not is not said to be.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import subprocess
import time

import boto3
import pytest
from botocore.exceptions import ClientError

GROUP = "AWS-Dev-ReadOnly"
KEY_ID, KEY_SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.fixture
def world(lab, aws, bridge):
    """Keys of a user of PROD that may revoke there; a role of DEV that may revoke there, and is taken with those keys."""
    user = f"arn:aws:iam::{aws.PROD}:user/base"
    all_may = {"tag_session": True, "source_identity": True}
    lab.cloud.extend_world(
        keys={KEY_ID: {"secret": KEY_SECRET, "arn": user, "may": ["iam:PutRolePolicy"]}},
        roles={aws.role_arn(aws.PROD, "Tool"): {"principals": [user], **all_may},
               aws.role_arn(aws.PROD, "Next"): {"principals": [aws.role_arn(aws.PROD, "Tool"), aws.role_arn(aws.DEV, "Near")], **all_may},
               aws.role_arn(aws.DEV, "Hop"): {"principals": [user], "may": ["iam:PutRolePolicy"], **all_may},
               aws.role_arn(aws.DEV, "Near"): {"principals": [aws.role_arn(aws.DEV, "Hop")], **all_may}})
    path = lab.awsfed.CONFIG / "base.credentials"
    path.write_text(f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {KEY_SECRET}\n")
    path.chmod(0o600)
    os.chown(path, lab.accounts.BRIDGE_USER[1], lab.accounts.BRIDGE_USER[1])
    lab.awsfed.configure({
        "aws": {"base-credential": f"file:{path}"},
        "role tool": {"arn": aws.role_arn(aws.PROD, "Tool"), "groups": GROUP, "flow": "assume-role", "source-identity": "%{user}"},
        "role hop": {"arn": aws.role_arn(aws.DEV, "Hop"), "flow": "assume-role"},
        "role near": {"arn": aws.role_arn(aws.DEV, "Near"), "groups": GROUP, "via": "hop"}})
    yield aws
    path.unlink()
    lab.cloud.write_world()


def revoke(lab, *words):
    return subprocess.run(["awsfed-admin", "revoke", *words], capture_output=True, text=True, env={"PATH": lab.places.PATH})


def session_of(lab, person, role):
    """A person's own client, with the keys that AWS gave them."""
    ran = lab.awsfed.as_user(person.name, ["awsfed-login", "credential-process", "--role", role])
    assert ran.returncode == 0, ran.stderr
    given = json.loads(ran.stdout)
    return boto3.client("sts", region_name=lab.places.REGION, endpoint_url=f"https://{lab.places.STS[1]}",
                        verify=str(lab.certificates.CA_FILE), aws_access_key_id=given["AccessKeyId"],
                        aws_secret_access_key=given["SecretAccessKey"], aws_session_token=given["SessionToken"])


def go_on(lab, aws, client, name="x1"):
    return client.assume_role(RoleArn=aws.role_arn(aws.PROD, "Next"), RoleSessionName=name)["AssumedRoleUser"]["Arn"]


def test_the_deny_is_at_aws(lab, person, world):
    """Sessions of that person are denied in both accounts; another's go on, and so do theirs of a later sign-in. The role of
    which AWS has no key of ours is named, and the command for it printed: exit status 1."""
    other = lab.people.take()
    lab.codes.enrol(other.name)
    with lab.sshd.Session(other.name, other.password, lab.codes.fresh(other.name)):
        others = session_of(lab, other, "tool")
        with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
            mine = [session_of(lab, person, role) for role in ("tool", "near")]
            for client in (*mine, others):
                assert go_on(lab, world, client)
            done = revoke(lab, person.name, "--apply")
        for client in mine:
            with pytest.raises(ClientError, match="explicit deny"):
                go_on(lab, world, client)
        assert go_on(lab, world, others)
    assert done.returncode == 1 and "1 ticket(s) ended" in done.stdout
    assert f"# account {world.PROD}, [role tool]: applied as awsfed-revoked-{person.name}\n" in done.stdout
    assert f"# account {world.DEV}, [role near]: applied" in done.stdout
    assert f"[role dev-readonly]: NOT APPLIED: no keys of account {world.DEV}: the base credential is of account {world.PROD}\n" in done.stdout
    commands = [line for line in done.stdout.splitlines() if line.startswith("aws iam")]
    assert len(commands) == 1 and "--role-name 'ReadOnly'" in commands[0]
    assert {(line["role"], line["outcome"]) for line in lab.awsfed.audit(event="revoke-apply", user=person.name)} == {
        ("tool", "granted"), ("near", "granted"), ("dev-readonly", "denied")}
    puts = world.requests("PutRolePolicy")
    assert [entry["host"] for entry in puts] == ["iam.amazonaws.com"] * 2
    # What is given after that moment is another sign-in's.
    after = max(entry["document"]["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"] for entry in puts)
    while time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) < after:
        time.sleep(0.05)
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        assert go_on(lab, world, session_of(lab, person, "tool"))


@pytest.mark.parametrize("fault, says", [
    ({"kind": "error", "code": "AccessDenied"}, "NOT APPLIED: AccessDenied: injected"),
    ({"kind": "garbage"}, "NOT KNOWN TO BE APPLIED: https://iam.amazonaws.com/: HTTP status 200 with an answer that is none"),
    ({"kind": "http", "status": 503}, "NOT KNOWN TO BE APPLIED: https://iam.amazonaws.com/: HTTP status 503")])
def test_nothing_is_claimed_that_did_not_happen(lab, person, world, fault, says):
    """The ticket ends all the same; no role is said to have it, each command is printed; without an answer it is not known."""
    world.fail(action="PutRolePolicy", times=0, **fault)
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        done = revoke(lab, person.name, "--apply")
        assert done.returncode == 1 and "1 ticket(s) ended" in done.stdout
        assert ": applied" not in done.stdout and done.stdout.count(says) == 2, done.stdout
        assert done.stdout.count("\naws iam put-role-policy") == 3
    assert all(line["outcome"] == "denied" for line in lab.awsfed.audit(event="revoke-apply", user=person.name))


def test_keys_of_another_account_are_not_tried(lab, person, world):
    """A role of the same name in the base credential's account must not get the deny that is meant for another's."""
    lab.cloud.extend_world(roles={world.role_arn(world.PROD, "ReadOnly"): {}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        revoke(lab, person.name, "--apply")
    assert world.role_arn(world.PROD, "ReadOnly") not in [entry.get("role") for entry in world.requests("PutRolePolicy")]


def test_without_a_base_credential_and_elsewhere(lab, person, world):
    """Nothing can be applied: said of each role. And iam-endpoint is where it is asked."""
    lab.awsfed.configure()
    done = revoke(lab, person.name, "--apply")
    assert done.returncode == 1 and "[aws] has no base-credential" in done.stdout and ": applied" not in done.stdout
    assert world.requests("PutRolePolicy") == []
    path = lab.awsfed.CONFIG / "base.credentials"
    lab.awsfed.configure({
        "aws": {"base-credential": f"file:{path}", "iam-endpoint": f"https://{lab.places.STS[2]}"},
        "role dev-readonly": {"groups": "AWS-Billing"},
        "role tool": {"arn": world.role_arn(world.PROD, "Tool"), "groups": GROUP, "flow": "assume-role"}})
    done = revoke(lab, person.name, "--apply")
    assert done.returncode == 0 and "[role tool]: applied" in done.stdout, done.stdout
    assert [entry["host"] for entry in world.requests("PutRolePolicy")] == [lab.places.STS[2]]


def test_roles_that_were_lost_before_are_denied_too(lab, person, world):
    """Out of the groups first, revoked then: what AWS gave in the last hours is denied all the same, for the trail says what it was.
    A role that is no section any more is named, since its template is not known. Nobody else's is touched."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        mine = [session_of(lab, person, role) for role in ("tool", "near")]
    other = lab.people.take()
    lab.codes.enrol(other.name)
    with lab.sshd.Session(other.name, other.password, lab.codes.fresh(other.name)):
        others = session_of(lab, other, "tool")
        lab.directory.samdb().add_remove_group_members(GROUP, [person.name], add_members_operation=False)
        done = revoke(lab, person.name, "--apply")
        lost = done.stdout[done.stdout.index("# Roles that they took on this host in the last 12 hours and have lost since:"):]
        assert done.returncode == 0 and f"[role tool]: applied as awsfed-revoked-{person.name}" in lost, done.stdout
        assert f"# account {world.DEV}, [role near]: applied" in lost and "aws iam" not in lost
        for client in mine:
            with pytest.raises(ClientError, match="explicit deny"):
                go_on(lab, world, client)
        assert go_on(lab, world, others)
    conf = (lab.awsfed.CONFIG / "awsfed.conf")
    conf.write_text(conf.read_text().replace("[role tool]", "[role renamed]").replace(world.role_arn(world.DEV, "Near"),
                                                                                      world.role_arn(world.DEV, "Elsewhere")))
    lab.awsfed.BRIDGE.restart()
    done = revoke(lab, person.name, "--apply")
    assert "[role renamed]: applied" in done.stdout and done.returncode == 1, done.stdout
    assert f"# {world.role_arn(world.DEV, 'Near')}: no role of the configuration any more; revoke all sessions of it" in done.stdout


def test_somebody_who_is_deleted(lab, world):
    """Of whom the directory knows nothing any more: their enrolment says by which name AWS knows their sessions."""
    gone = lab.people.take()
    lab.codes.enrol(gone.name)
    with lab.sshd.Session(gone.name, gone.password, lab.codes.fresh(gone.name)):
        client = session_of(lab, gone, "tool")
    lab.directory.samdb().deleteuser(gone.name)
    lab.awsfed.BRIDGE.restart()  # or the bridge would go by what it read a moment ago
    done = revoke(lab, f"{gone.name}@corp.example.com", "--apply")
    assert "[role tool]: applied" in done.stdout, done.stdout + done.stderr
    with pytest.raises(ClientError, match="explicit deny"):
        go_on(lab, world, client)


def test_a_trail_that_cannot_be_read_whole_is_said(lab, person, world):
    """What may be missing is not passed over: exit status 1, and why."""
    packed = lab.awsfed.AUDIT.with_name(f"{lab.awsfed.AUDIT.name}.1.gz")
    packed.write_bytes(b"\x1f\x8b")
    try:
        done = revoke(lab, person.name, "--apply")
    finally:
        packed.unlink()
    assert done.returncode == 1 and "are not all in this: a part of the audit trail was not read: " in done.stdout, done.stdout


def test_sections_that_are_one_role_of_aws(lab, person, world):
    """Each names its sessions as it likes, and there is one policy for all: no section's sessions go on, lost or not. Who has one
    that does not say whose they are, is not said to be denied; others are."""
    tool = world.role_arn(world.PROD, "Tool")
    lab.awsfed.configure({
        "aws": {"base-credential": f"file:{lab.awsfed.CONFIG / 'base.credentials'}"},
        "role one": {"arn": tool, "groups": GROUP, "flow": "assume-role", "session-name": "one-%{user}"},
        "role two": {"arn": tool, "groups": "AWS-Billing", "flow": "assume-role", "session-name": "two-%{user}"},
        "role three": {"arn": tool, "groups": GROUP, "flow": "assume-role", "source-identity": "%{user}"},
        "role team": {"arn": tool, "groups": "AWS-Prod-Admins", "flow": "assume-role", "session-name": "team"}})
    lab.directory.samdb().add_remove_group_members("AWS-Billing", [person.name])
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        mine = [session_of(lab, person, role) for role in ("one", "two", "three")]
        for client in mine:
            assert go_on(lab, world, client)
        lab.directory.samdb().add_remove_group_members("AWS-Billing", [person.name], add_members_operation=False)
        done = revoke(lab, person.name, "--apply")
    assert "[role one]: applied" in done.stdout, done.stdout
    for client in mine:
        with pytest.raises(ClientError, match="explicit deny"):
            go_on(lab, world, client)
    lab.directory.samdb().add_remove_group_members("AWS-Prod-Admins", [person.name])
    done = revoke(lab, person.name, "--apply")
    assert done.returncode == 1 and "[role one]: NOT APPLIED: no policy singles them out" in done.stdout, done.stdout


def test_wrong_words(lab):
    for words in (["--apply"], ["alice", "--now"], ["alice", "--apply", "more"]):
        assert revoke(lab, *words).returncode == 2
