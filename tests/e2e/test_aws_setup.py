"""awsfed-admin aws-setup: what it prints is taken apart as AWS would, and its trust decides in the stand-in who gets in.

SPDX-License-Identifier: Apache-2.0
"""
import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from templates import roles_of  # noqa: E402

GROUP = "AWS-Dev-ReadOnly"
ISSUER = "https://id.corp.example.com/awsfed"


def admin(lab, *words, status=0):
    ran = subprocess.run(["awsfed-admin", "aws-setup", *words], capture_output=True, text=True,
                         env={"PATH": lab.places.PATH})
    assert ran.returncode == status, ran.stderr
    return ran


def template_of(lab, account):
    return json.loads(admin(lab, "--format", "cloudformation", "--account", account).stdout)


def register(lab, account, name, properties):
    """The role at AWS as the template makes it: its trust alone decides."""
    world = json.loads(lab.cloud.WORLD.read_text())
    world["roles"][lab.cloud.role_arn(account, name)] = {
        "trust": properties["AssumeRolePolicyDocument"], "max_duration": properties["MaxSessionDuration"]}
    lab.cloud.WORLD.write_text(json.dumps(world))


def ask(lab, person, role):
    return lab.awsfed.as_user(person.name, ["awsfed-login", "credential-process", "--role", role])


@pytest.fixture
def world(lab, aws, bridge):
    yield aws
    lab.cloud.write_world()


def test_wrong_words(lab):
    for words in ([], ["--format", "yaml"], ["--format"], ["--format", "terraform", "--account", "1"],
                  ["--format", "terraform", "more"], ["--format", "terraform", "--output-dir", ""]):
        assert admin(lab, *words, status=2).stdout == ""
    ran = admin(lab, "--format", "terraform", "--account", "999999999999", status=1)
    assert ran.stdout == "" and "no role of the configuration is in account 999999999999" in ran.stderr


def test_a_login_by_the_generated_trust(lab, person, world):
    """SAML, with tags and a source identity; and without one of the three statements of the trust each fails by its name."""
    lab.awsfed.configure({"role dev-readonly": {"tags": "Person=%{user}", "source-identity": "%{user}", "duration": "2h"}})
    role = roles_of(template_of(lab, world.DEV))["/ReadOnly"]
    assert role["MaxSessionDuration"] == 7200 and role["ManagedPolicyArns"] is None
    metadata = subprocess.run(["awsfed-admin", "saml", "metadata"], capture_output=True, text=True, check=True)
    provider, = [about["Properties"] for about in template_of(lab, world.DEV)["Resources"].values()
                 if about["Type"] == "AWS::IAM::SAMLProvider"]
    assert provider == {"Name": "awsfed", "SamlMetadataDocument": metadata.stdout}
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        for missing in ("sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity", "SAML:aud"):
            worse = copy.deepcopy(role)
            statement, = worse["AssumeRolePolicyDocument"]["Statement"]
            if missing == "SAML:aud":
                statement["Condition"]["StringEquals"]["SAML:aud"] = "https://signin.amazonaws.cn/saml"
            else:
                statement["Action"].remove(missing)
            register(lab, world.DEV, "ReadOnly", worse)
            refused = ask(lab, person, "dev-readonly")
            assert refused.returncode == 5 and refused.stdout == "", missing
            lab.awsfed.BRIDGE.restart()
        register(lab, world.DEV, "ReadOnly", role)
        granted = ask(lab, person, "dev-readonly")
        assert granted.returncode == 0, granted.stderr
    assert world.requests("AssumeRoleWithSAML")[-1]["duration"] == 7200


def test_logins_by_token_and_via(lab, person, world):
    """OIDC; from there to another account, with an external id: two templates, each with what its account needs."""
    key = lab.awsfed.CONFIG / "keys" / "oidc.key"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key], check=True)
    key.chmod(0o600)
    lab.awsfed.configure({
        "oidc": {"issuer": ISSUER, "key": str(key)},
        "role token": {"arn": world.role_arn(world.PROD, "Token"), "groups": GROUP, "flow": "oidc",
                       "tags": "Person=%{user}", "transitive-tags": "Person"},
        "role far": {"arn": world.role_arn(world.DEV, "Far"), "groups": GROUP, "via": "token", "external-id": "ext-9"}})
    subprocess.run(["awsfed-admin", "oidc", "metadata", "--output-dir", str(lab.cloud.FOLDER / "oidc")], check=True)
    here, there = template_of(lab, world.PROD), template_of(lab, world.DEV)
    about = here["Resources"]["OidcProvider"]["Properties"]
    lab.cloud.extend_world(issuers={about["Url"]: {"folder": "oidc", "audiences": about["ClientIdList"],
                                                   "accounts": [world.PROD]}})
    assert "OidcProvider" not in there["Resources"]
    token = roles_of(here)["/Token"]
    onward, = [one for one in token["Policies"] if one["PolicyName"] == "awsfed-via"]
    assert onward["PolicyDocument"]["Statement"][0]["Resource"] == [world.role_arn(world.DEV, "Far")]
    register(lab, world.PROD, "Token", token)
    register(lab, world.DEV, "Far", roles_of(there)["/Far"])
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        granted = ask(lab, person, "far")
        assert granted.returncode == 0, granted.stderr
        worse = copy.deepcopy(roles_of(there)["/Far"])
        worse["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = "another"
        register(lab, world.DEV, "Far", worse)
        lab.awsfed.BRIDGE.restart()
        assert ask(lab, person, "far").returncode == 5


def test_terraform_says_the_same(lab, bridge, tmp_path):
    """A file for each account; each policy in it is the template's; no text of ours is a template by accident."""
    assert "terraform -chdir=" in admin(lab, "--format", "terraform", "--output-dir", str(tmp_path / "out")).stderr
    assert "CAPABILITY_NAMED_IAM" in admin(lab, "--format", "cloudformation", "--output-dir", str(tmp_path / "out")).stderr
    for account in (lab.cloud.PROD, lab.cloud.DEV):
        made = json.loads((tmp_path / "out" / account / "awsfed.tf.json").read_text())
        resources = made["resource"]
        for path, role in roles_of(template_of(lab, account)).items():
            same, = [one for one in resources["aws_iam_role"].values() if one["path"] + one["name"] == path]
            assert json.loads(same["assume_role_policy"]) == role["AssumeRolePolicyDocument"]
            assert same["max_session_duration"] == role["MaxSessionDuration"]
        for one in resources["aws_iam_role_policy"].values():
            assert one["name"] == "awsfed-revocation"
            assert json.loads(one["policy"])["Statement"][0]["Condition"] == {
                "DateLessThan": {"aws:TokenIssueTime": "${var.awsfed_revoked_before}"}}
        assert "${" not in resources["aws_iam_saml_provider"]["awsfed"]["saml_metadata_document"]
    both = json.loads(admin(lab, "--format", "cloudformation").stdout)
    assert set(both) == {lab.cloud.PROD, lab.cloud.DEV} and both[lab.cloud.DEV] == template_of(lab, lab.cloud.DEV)
