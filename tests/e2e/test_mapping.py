"""From groups to roles: patterns, precedence, and the configuration read again while people are signed in.

SPDX-License-Identifier: Apache-2.0
"""
import datetime
import json
import os
import shlex
import signal
import subprocess
import time

import pytest

PROVIDER = "arn:aws:iam::{account}:saml-provider/awsfed"


def roles_of(lab, user):
    """{name: ARN} of what `awsfed-login roles` lists for a signed-in user."""
    ran = lab.awsfed.as_user(user, ["awsfed-login", "roles", "--json"])
    assert ran.returncode == 0, ran.stderr
    listed = json.loads(ran.stdout)
    return {role["name"]: role["arn"] for role in (listed["roles"] if isinstance(listed, dict) else listed)}


def bridge_says(lab, text, since=0):
    """Wait until the bridge's log has this text after a position; the log from there."""
    for _ in range(100):
        log = lab.awsfed.BRIDGE.log.read_text(errors="replace")[since:]
        if text in log:
            return log
        time.sleep(0.05)
    pytest.fail(f"the bridge did not say {text!r}: {log}")


def reload(lab, changed, says):
    """Write a configuration, send SIGHUP, and wait for what the bridge has to say about it."""
    lab.awsfed.write_config(changed)
    since = len(lab.awsfed.BRIDGE.log.read_text(errors="replace"))
    os.kill(lab.awsfed.BRIDGE.leader(), signal.SIGHUP)
    return bridge_says(lab, says, since)


def set_attribute(lab, user, name, value):
    samdb = lab.directory.samdb()
    found, = samdb.search(expression=f"(sAMAccountName={user})", attrs=[])
    samdb.modify_ldif(f"dn: {found.dn}\nchangetype: modify\nreplace: {name}\n{name}: {value}\n")


@pytest.fixture
def groups(lab):
    """A function that makes groups of these names with these members; they are gone afterwards."""
    samdb, made = lab.directory.samdb(), []

    def make(name, *members):
        samdb.newgroup(name)
        made.append(name)
        if members:
            samdb.add_remove_group_members(name, list(members), add_members_operation=True)

    yield make
    for name in made:
        samdb.deletegroup(name)


def test_a_convention_makes_roles(lab, person, groups, bridge, aws):
    """[role-pattern]: groups over accounts become roles, which AWS takes; a [role] of the same ARN goes before."""
    groups(f"AWS-{aws.PROD}-Billing", person.name)
    groups(f"AWS-{aws.DEV}-ReadOnly", person.name)
    groups("AWS-1234-Admin", person.name)
    lab.awsfed.configure({"role-pattern accounts": {"provider": PROVIDER}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        # Billing and ReadOnly are ARNs of [role] sections: theirs counts, by its own groups.
        assert roles_of(lab, person.name) == {"dev-readonly": aws.role_arn(aws.DEV, "ReadOnly")}


def test_roles_of_a_pattern_work(lab, person, groups, bridge, aws):
    """ADFS's convention: the group's members take the role, named ACCOUNT-ROLE, with credentials of AWS."""
    groups(f"ADFS-{aws.PROD}-Admin", person.name)
    lab.awsfed.configure({
        "role prod-admin": {"arn": aws.role_arn(aws.PROD, "Unused"), "groups": "AWS-Prod-Admins"},
        "role-pattern adfs": {"match": "ADFS-{account}-{role}", "provider": PROVIDER}})
    name = f"{aws.PROD}-Admin"
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        assert roles_of(lab, person.name)[name] == aws.role_arn(aws.PROD, "Admin")
        ran = lab.awsfed.as_user(person.name, ["awsfed-login", "credential-process", "--role", name])
        assert ran.returncode == 0, ran.stderr
    request, = aws.requests("AssumeRoleWithSAML")
    assert request["status"] == 200


def test_a_reload_gives_and_takes_at_once(lab, person, bridge, aws):
    """I-60: SIGHUP; a ticket's roles are found anew before it is used again, and a role that is gone gives nothing."""
    lab.awsfed.configure({"bridge": {"recheck-interval": "1h"}})
    set_attribute(lab, person.name, "l", "Berlin")
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        ask = ["awsfed-login", "credential-process", "--role", "dev-readonly"]
        assert lab.awsfed.as_user(person.name, ask).returncode == 0
        reload(lab, {"bridge": {"recheck-interval": "1h"}, "role dev-readonly": {"groups": "AWS-Billing"},
                     "role extra": {"arn": aws.role_arn(aws.PROD, "Admin"), "groups": "Staff",
                                    "tags": "Town=%{ad:l}", "provider": aws.provider_arn(aws.PROD)}}, "read \"/etc/awsfed\" again")
        # By name at once, with nothing asked in between; and an attribute that nobody had named before is read for it.
        extra = lab.awsfed.as_user(person.name, [*ask[:-1], "extra"])
        assert extra.returncode == 0, extra.stderr
        assert aws.requests("AssumeRoleWithSAML")[-1]["tags"] == {"Town": "Berlin"}
        assert list(roles_of(lab, person.name)) == ["extra"]
        refused = lab.awsfed.as_user(person.name, ask)
        assert refused.returncode != 0 and refused.stdout == "", refused


@pytest.mark.parametrize("changed, says", [
    ({"role typo": {"arn": "arn:aws:iam::111122223333:role/Admin", "groups": "AWS-Prod-Admin",
                    "provider": "arn:aws:iam::111122223333:saml-provider/awsfed"}},
     'no group "AWS-Prod-Admin" in any domain'),
    ({"role broken": {"arn": "arn:aws:iam::1111:role/Admin", "groups": "Staff"}}, "write the role's ARN"),
    ({"role other": {"arn": "arn:aws-cn:iam::111122223333:role/Admin", "groups": "Staff", "region": "cn-north-1",
                     "provider": "arn:aws:iam::111122223333:saml-provider/awsfed"}}, "name the role's own account's"),
    ({"role wide": {"arn": "arn:aws:iam::111122223333:role/Admin", "groups": "Staff", "session-name": "%{user}!",
                    "provider": "arn:aws:iam::111122223333:saml-provider/awsfed"}}, "no character that AWS takes"),
])
def test_a_reload_is_all_or_nothing(lab, person, bridge, changed, says):
    """One error anywhere, named with file and line, and everything stays as it was."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        log = reload(lab, {**changed, "role dev-readonly": {"groups": "AWS-Billing"}}, "was not taken")
        assert says in log and "/etc/awsfed/awsfed.conf:" in log, log
        assert list(roles_of(lab, person.name)) == ["dev-readonly"]


def test_what_needs_a_restart_is_named(lab, bridge):
    """A key that cannot change in a running bridge is named; the roles are taken all the same."""
    log = reload(lab, {"bridge": {"workers": "7"}}, "read \"/etc/awsfed\" again")
    assert "[bridge] workers was changed: that needs a restart" in log


def test_a_session_policy_goes_along(lab, person, bridge, aws):
    """`policy` and `policy-arns`: sent with the person's own values in them, without blanks; AWS takes them."""
    path = lab.awsfed.CONFIG / "homes.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::homes/%{user}/*"}]}, indent=4))
    path.chmod(0o644)
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    try:
        lab.awsfed.configure({"role dev-readonly": {"policy": str(path), "policy-arns": arn}})
        with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
            ran = lab.awsfed.as_user(person.name, ["awsfed-login", "credential-process", "--role", "dev-readonly"])
            assert ran.returncode == 0, ran.stderr
        line, = lab.awsfed.audit(event="credential", user=person.name)
        assert line["packed_policy_percent"] > 0
        request, = aws.requests("AssumeRoleWithSAML")
        assert json.loads(request["policy"])["Statement"][0]["Resource"] == f"arn:aws:s3:::homes/{person.name}/*"
        assert request["policy_arns"] == [arn] and " " not in request["policy"]
    finally:
        path.unlink()


def revocations(lab, user):
    """{role's name: conditions} of what `awsfed-admin revoke` prints, taken apart by a shell's rules."""
    ran = subprocess.run(["awsfed-admin", "revoke", user], capture_output=True, text=True, check=True,
                         env={"PATH": lab.places.PATH})
    found = {}
    for line in ran.stdout.splitlines():
        if line and not line.startswith("#"):
            words = shlex.split(line)
            assert words[:3] == ["aws", "iam", "put-role-policy"]
            policy = json.loads(words[words.index("--policy-document") + 1])
            statement, = policy["Statement"]
            assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", "*", "*")
            found[words[words.index("--role-name") + 1]] = statement["Condition"]
    return found


@pytest.mark.parametrize("keys, wanted", [
    ({}, {"aws:userid": "*:{user}"}),
    ({"session-name": "%{user}-%{session}"}, {"aws:userid": "*:{user}-*"}),
    ({"source-identity": "%{user}"}, {"aws:SourceIdentity": "{user}"})])
def test_revoke_ends_tickets_and_says_what_ends_the_rest(lab, person, bridge, keys, wanted):
    """The ticket is gone at once; the policy that is printed singles out this person's sessions from before now."""
    lab.awsfed.configure({"role dev-readonly": keys})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        ask = ["awsfed-login", "credential-process", "--role", "dev-readonly"]
        assert lab.awsfed.as_user(person.name, ask).returncode == 0
        before = time.time()
        condition = revocations(lab, person.name)["ReadOnly"]
        since = datetime.datetime.fromisoformat(condition["DateLessThan"]["aws:TokenIssueTime"].replace("Z", "+00:00"))
        assert int(before) < since.timestamp() <= time.time() + 2
        assert condition["StringLike"] == {key: value.format(user=person.name) for key, value in wanted.items()}
        assert lab.awsfed.as_user(person.name, ask).returncode == 4
    # Somebody who is not signed in may have credentials all the same.
    assert "ReadOnly" in revocations(lab, person.name)


def test_explain_says_every_rule_of_a_role(lab, bridge, aws):
    """`explain USER --role R`: each group and whether it counts, how the role is taken, and what AWS would be told."""
    lab.awsfed.configure({"role prod-admin": {
        "groups": "AWS-Billing, AWS-Prod-Admins, Gone", "tags": "Team=%{user}", "mfa-age": "30m"}})

    def explain(*words):
        return subprocess.run(["awsfed-admin", "explain", *words], capture_output=True, text=True, check=True,
                              env={"PATH": lab.places.PATH}).stdout

    said = explain("alice", "--role", "prod-admin")
    for text in ('group "AWS-Billing" (S-1-', '): not a member', 'group "AWS-Prod-Admins" (S-1-', '): a member',
                 'group "Gone": does not exist', "theirs: yes, as a member of S-1-", "flow: saml, for 60 min at most",
                 "not be older than 30 min", "session name: alice", 'tag: Team = "alice"'):
        assert text in said, said
    assert "theirs: no" in explain("bob", "--role", "prod-admin")
    assert "there is no [role nonsense]" in explain("bob", "--role", "nonsense")


def test_a_group_of_deny_groups_that_nobody_has(lab, person, bridge):
    """Who is in it cannot be known, so nobody gets in, by password or key, and the log names file, line and remedy."""
    section = f"domain {lab.places.DOMAIN}"
    since = len(bridge.log.read_text(errors="replace"))
    lab.awsfed.configure({section: {"deny-groups": "Contracters"}})
    assert "awsfed.conf:" in bridge_says(lab, "nobody of corp.example.com logs in", since)
    refused = lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), command="echo shell-came")
    assert refused.status != 0 and "shell-came" not in refused.output and "configuration error" in refused.transcript
    assert lab.sshd.key_login(person.name, "echo shell-came").status != 0
    said = subprocess.run(["awsfed-admin", "explain", person.name], capture_output=True, text=True, check=True).stdout
    assert "login-groups and deny-groups let in: nobody, for a group of deny-groups is not found" in said
