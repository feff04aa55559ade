"""awsfed-admin aws-setup before foreign judges: AWS's registry of CloudFormation types, AWS's model of IAM's requests, HashiCorp's
parser, and a simulation of IAM that decides who gets in. All flows, both formats, names as odd as they may be.

SPDX-License-Identifier: Apache-2.0
"""
import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import botocore.session
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from templates import resources_of, roles_of  # noqa: E402

HUB, SPOKE, CHINA, GOV, NEW = "111122223333", "444455556666", "777788889999", "888899990000", "999900001111"
ACCOUNTS = [HUB, SPOKE, CHINA, GOV, NEW]  # of the last one only a pattern's roles are
BASE = f"arn:aws:iam::{HUB}:role/Instance"
MATCH = 'AWS$-${account}-"%{role}\\'
BEFORE, AFTER = "2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z"
KNOWN = "accounts.google.com"  # the simulation drops the keys of all other issuers from a request
ISSUERS = [f"https://{KNOWN}", "https://id.corp.example.com/awsfed/a-b_c"]

CONFIGURATION = """
[domain corp.example.com]
servers = dc1.corp.example.com
service-bind = gssapi
keytab = {folder}/keytab
[mfa]
seal-key = {folder}/seal.key
[saml]
entity-id = https://id.corp.example.com/awsfed?a=1&b='$$x'
key = {folder}/saml.key
certificate = {folder}/saml.crt
[oidc]
issuer = {issuer}
key = {folder}/oidc.key
[aws]
region = eu-central-1
base-credential = imds
[role plain]
arn = arn:aws:iam::111122223333:role/Plain
provider = arn:aws:iam::111122223333:saml-provider/awsfed
groups = S-1-5-21-1-2-3-1000
duration = 12h
[role odd]
arn = arn:aws:iam::111122223333:role/a+b/c=d,e@f/Odd+=,.@-_name
provider = arn:aws:iam::111122223333:saml-provider/a.w_s-fed
groups = S-1-5-21-1-2-3-1000
duration = 15m
[role odd-also]
arn = arn:aws:iam::111122223333:role/Oddname
provider = arn:aws:iam::111122223333:saml-provider/awsfed
groups = S-1-5-21-1-2-3-1000
[role plain-by-token]
arn = arn:aws:iam::111122223333:role/Plain
flow = oidc
groups = S-1-5-21-1-2-3-1000
[role hub]
arn = arn:aws:iam::111122223333:role/hub/Hub
flow = assume-role
groups = S-1-5-21-1-2-3-1000
[role near]
arn = arn:aws:iam::111122223333:role/Near
via = hub
groups = S-1-5-21-1-2-3-1000
[role far]
arn = arn:aws:iam::444455556666:role/Far
via = near
external-id = ext:+=,.@/-9
groups = S-1-5-21-1-2-3-1000
[role china]
arn = arn:aws-cn:iam::777788889999:role/China
provider = arn:aws-cn:iam::777788889999:saml-provider/awsfed
region = cn-north-1
groups = S-1-5-21-1-2-3-1000
[role gov]
arn = arn:aws-us-gov:iam::888899990000:role/Gov
flow = oidc
region = us-gov-west-1
groups = S-1-5-21-1-2-3-1000
[role-pattern by-saml]
match = {match}
arn = arn:aws:iam::{{account}}:role/teams/{{role}}
provider = arn:aws:iam::{{account}}:saml-provider/awsfed
[role-pattern by-hub]
match = HUB-{{account}}-{{role}}
arn = arn:aws:iam::{{account}}:role/{{role}}
via = hub
"""

# Where Terraform has what CloudFormation has, and what else a resource of ours has there.
SAML, OIDC = ("aws_iam_saml_provider", {"name", "saml_metadata_document"}), ("aws_iam_openid_connect_provider", {"url", "client_id_list"})
ROLE = ("aws_iam_role", {"name", "path", "max_session_duration", "assume_role_policy", "lifecycle", "depends_on"})
INLINE, ATTACHED = ("aws_iam_role_policy", {"name", "role", "policy"}), ("aws_iam_role_policy_attachment", {"for_each", "role", "policy_arn"})


def admin(lab, folder, *words):
    ran = subprocess.run([str(lab.places.ADMIN), "-c", str(folder), *words], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module", params=ISSUERS, ids=["host", "path"])
def made(request, lab, tmp_path_factory):
    """{(account, format): document}"""
    folder = tmp_path_factory.mktemp("conf")
    (folder / "awsfed.conf").write_text(CONFIGURATION.format(folder=folder, issuer=request.param, match=MATCH))
    admin(lab, folder, "saml", "init")
    return {(account, kind): json.loads(admin(lab, folder, "aws-setup", "--format", kind, "--account", account))
            for account in ACCOUNTS for kind in ("cloudformation", "terraform")}


@pytest.fixture(scope="module")
def ask(lab):
    """The judges' answers to questions; see tests/js/judge_setup.mjs."""
    if not (lab.places.BUILD / "js/installed").exists():
        pytest.skip("the judges in JavaScript are not in build/js: no node and npm here")

    def ask(*questions):
        ran = subprocess.run(["node", str(lab.places.REPO / "tests/js/judge_setup.mjs")], input=json.dumps(questions), text=True,
                             capture_output=True, env={"PATH": lab.places.PATH, "JUDGES": str(lab.places.BUILD / "js")})
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)
    return ask


def given(template):
    """Values for the parameters of a template; for those of Terraform, the same."""
    parameters = {"RevokedBefore": BEFORE}
    if "BasePrincipalArn" in template["Parameters"]:
        parameters["BasePrincipalArn"] = BASE
    return parameters


def values_of(document):
    values = {"var.awsfed_revoked_before": BEFORE, "var.awsfed_base_principal_arn": BASE}
    for key, role in document["resource"].get("aws_iam_role", {}).items():
        values[f"aws_iam_role.{key}.id"] = values[f"aws_iam_role.{key}.name"] = role["name"]
    return values


def changed(document, *steps):
    """A copy in which the last step but one is given the last one's value, or is gone where that is None."""
    worse = copy.deepcopy(document)
    *way, key, value = steps
    inside = worse
    for step in way:
        inside = inside[step]
    if value is None:
        del inside[key]
    else:
        inside[key] = value
    return worse


def cloudformation_grants(template):
    """What an account has then, in the form of both formats: providers, and roles with all that they say."""
    saml, oidc = (resources_of(template, f"AWS::IAM::{kind}Provider", **given(template)) for kind in ("SAML", "OIDC"))
    keys = {key: about["Properties"]["RoleName"] for key, about in template["Resources"].items() if "RoleName" in about["Properties"]}
    after = {keys[key]: sorted(keys[other] for other in template["Resources"][key].get("DependsOn", [])) for key in keys}
    return {
        "saml": {one["Name"]: one["SamlMetadataDocument"] for one in saml},
        "oidc": {one["Url"]: one["ClientIdList"] for one in oidc},
        "roles": {where: {"trust": role["AssumeRolePolicyDocument"], "duration": role["MaxSessionDuration"],
                          "policies": {one["PolicyName"]: one["PolicyDocument"] for one in role["Policies"]},
                          "after": after[role["RoleName"]]}
                  for where, role in roles_of(template, **given(template)).items()},
        "patterns": template.get("Metadata", {}).get("awsfed", {}).get("RolePatterns")}


def terraform_grants(document, said):
    """The same of a Terraform document, whose texts say what the parser has read."""
    resources = document["resource"]
    kinds = dict([SAML, OIDC, ROLE, INLINE, ATTACHED])
    assert set(resources) <= set(kinds)
    for kind, ones in resources.items():
        assert all(set(one) <= kinds[kind] for one in ones.values())

    def say(kind, key, what):
        return said[f"resource.{kind}.{key}.{what}"]

    roles, names = {}, {}
    for key, role in resources.get("aws_iam_role", {}).items():
        names[key] = say("aws_iam_role", key, "name")
        roles[names[key]] = {"path": say("aws_iam_role", key, "path"), "duration": role["max_session_duration"], "policies": {},
                             "trust": json.loads(say("aws_iam_role", key, "assume_role_policy"))}
    for key, role in resources.get("aws_iam_role", {}).items():
        roles[names[key]]["after"] = sorted(names[other.removeprefix("aws_iam_role.")] for other in role.get("depends_on", []))
    for key in resources.get("aws_iam_role_policy", {}):
        policies = roles[say("aws_iam_role_policy", key, "role")]["policies"]
        policies[say("aws_iam_role_policy", key, "name")] = json.loads(say("aws_iam_role_policy", key, "policy"))
    patterns = said.get("output.awsfed_role_patterns.value")
    return {
        "saml": {say("aws_iam_saml_provider", key, "name"): say("aws_iam_saml_provider", key, "saml_metadata_document")
                 for key in resources.get("aws_iam_saml_provider", {})},
        "oidc": {say("aws_iam_openid_connect_provider", key, "url"):
                 [say("aws_iam_openid_connect_provider", key, f"client_id_list[{i}]") for i in range(len(one["client_id_list"]))]
                 for key, one in resources.get("aws_iam_openid_connect_provider", {}).items()},
        "roles": {role.pop("path") + name: role for name, role in roles.items()},
        "patterns": json.loads(patterns) if patterns else None}


@pytest.mark.parametrize("made", ISSUERS[:1], indirect=True)
def test_the_judges_can_say_no(made, ask):
    """Each kind of fault that they are here for is found, and what is right is not."""
    good, document = made[HUB, "cloudformation"], made[SPOKE, "terraform"]
    role, name = ("Resources", "RoleNear"), ("resource", "aws_iam_role", "RoleFar", "name")
    templates = [
        changed(good, *role, "Properties", "RolName", "x"), changed(good, *role, "Type", "AWS::IAM::Rol"),
        changed(good, *role, "Properties", "AssumeRolePolicyDocument", None), changed(good, *role, "DependsOn", ["RoleNone"]),
        changed(good, *role, "Properties", "MaxSessionDuration", "an hour"), changed(good, *role, "Dependson", []),
        changed(good, *role, "Properties", "ManagedPolicyArns", "one"), changed(good, *role, "Properties", "RoleName", {"Ref": "None"}),
        changed(good, *role, "Properties", "ManagedPolicyArns", {"Ref": "RevokedBefore"}),
        changed(good, *role, "Properties", "Policies", [{"PolicyName": "x"}]), changed(good, "Resources", "Role-Near", {"Type": "x"}),
        changed(good, *role, "Properties", "ManagedPolicyArns", {"Fn::If": ["None", [], []]}),
        changed(good, "Resources", "OidcProvider", "Properties", "ClientIdList", "sts.amazonaws.com"),
        changed(good, "Parameters", "RevokedBefore", "Default", "never"), changed(good, "Parameters", "More", {"Type": "Text"})]
    documents = [changed(document, *name, text) for text in (
        "${", "%{if}", "${var.none}", "${aws_iam_role.RoleNone.name}", "a ${\"x\" y}", "$$${var.none} ${data.none.awsfed.id}")]
    documents.append(changed(document, "resource", "aws_iam_role", "RoleFar", "depends_on", ["aws_iam_role.RoleNone"]))
    documents.append(changed(document, "variable", "awsfed_revoked_before", "type", "text("))
    trust = good["Resources"]["RoleHub"]["Properties"]["AssumeRolePolicyDocument"]
    trusts = [changed(trust, "Statement", 0, *change) for change in (
        ("Efect", "Allow"), ("Resource", "*"), ("Principal", None), ("Principal", {"Person": "x"}), ("Condition", ["x"]))]
    questions = [{"template": one} for one in templates] + [{"terraform": one} for one in documents] + [{"trust": one} for one in trusts]
    *answers, refused = ask(*questions, {"request": request(BASE, "AssumeRol", SPOKE, "Far")})
    for question, answer in zip(questions, answers):
        assert len(answer["faults"] if "terraform" in question else answer) >= 1, question
    assert refused["message"] == "invalid.action"


def test_no_judge_finds_a_fault(made, ask):
    """Each document, and each policy in it as IAM gets it."""
    questions = []
    for (account, kind), document in made.items():
        questions.append({"template": document} if kind == "cloudformation" else {"terraform": document})
        for role in roles_of(document, **given(document)).values() if kind == "cloudformation" else []:
            questions.append({"trust": role["AssumeRolePolicyDocument"]})
            questions += [{"policy": one["PolicyDocument"]} for one in role["Policies"]]
    for question, answer in zip(questions, ask(*questions)):
        assert (answer["faults"] if "terraform" in question else answer) == [], question


def test_both_formats_grant_the_same(made, ask):
    answers = ask(*[{"terraform": made[account, "terraform"], "values": values_of(made[account, "terraform"])} for account in ACCOUNTS])
    for account, answer in zip(ACCOUNTS, answers):
        by_template = cloudformation_grants(made[account, "cloudformation"])
        assert terraform_grants(made[account, "terraform"], answer["said"]) == by_template
    patterns = cloudformation_grants(made[NEW, "cloudformation"])["patterns"]
    assert [one["Groups"] for one in patterns] == [MATCH, "HUB-{account}-{role}"]


def test_iam_takes_the_names(made):
    """Texts and numbers by the bounds and patterns that the model of IAM's requests has."""
    model = botocore.session.get_session().get_service_model("iam")

    def check(operation, **members):
        for name, value in members.items():
            about = model.operation_model(operation).input_shape.members[name].metadata
            size = value if isinstance(value, int) else len(value)
            assert about.get("min", 0) <= size <= about.get("max", size), (name, value)
            assert re.fullmatch(about.get("pattern", ".*"), str(value), re.ASCII | re.DOTALL), (name, value)

    for account in ACCOUNTS:
        grants = cloudformation_grants(made[account, "cloudformation"])
        for name, metadata in grants["saml"].items():
            check("CreateSAMLProvider", Name=name, SAMLMetadataDocument=metadata)
        for url in grants["oidc"]:
            check("CreateOpenIDConnectProvider", Url=url)
        for where, role in grants["roles"].items():
            path, _, name = where.rpartition("/")
            check("CreateRole", Path=path + "/", RoleName=name, MaxSessionDuration=role["duration"],
                  AssumeRolePolicyDocument=json.dumps(role["trust"], ensure_ascii=False))
            for policy, document in role["policies"].items():
                check("PutRolePolicy", PolicyName=policy, PolicyDocument=json.dumps(document))


def request(principal, action, account, role, partition="aws", context=None):
    return {"principal": principal, "action": f"sts:{action}", "contextVariables": context or {},
            "resource": {"resource": f"arn:{partition}:iam::{account}:role/{role}", "accountId": account}}


@pytest.mark.parametrize("made", ISSUERS[:1], indirect=True)
def test_iam_lets_in_whom_it_should(made, ask):
    """
    Who takes a role as we take it gets it; with anything else than that, nobody. Not asked: sts:SetSourceIdentity of a provider, and
    sts:TagSession of an issuer. The simulation goes by a list that has none of the provider's keys for these; AWS's guide has both in
    one statement with SAML:aud or the issuer's aud, as ours: "Monitor and control actions taken with assumed roles".
    """
    roles = {account: roles_of(made[account, "cloudformation"], **given(made[account, "cloudformation"])) for account in ACCOUNTS}
    near = [{"name": one["PolicyName"], "policy": one["PolicyDocument"]} for one in roles[HUB]["/Near"]["Policies"]]
    hub = [{"name": one["PolicyName"], "policy": one["PolicyDocument"]} for one in roles[HUB]["/hub/Hub"]["Policies"]]
    cases, expected = [], []

    def case(outcome, account, role, principal, action, context, policies=(), partition="aws"):
        cases.append({"request": request(principal, action, account, role.lstrip("/"), partition, context),
                      "resourcePolicy": roles[account][role]["AssumeRolePolicyDocument"], "identityPolicies": list(policies)})
        expected.append((outcome, role, principal, action, context))

    for account, role, partition, name, audience in (
            (HUB, "/Plain", "aws", "awsfed", "signin.aws.amazon.com"), (CHINA, "/China", "aws-cn", "awsfed", "signin.amazonaws.cn"),
            (HUB, "/a+b/c=d,e@f/Odd+=,.@-_name", "aws", "a.w_s-fed", "signin.aws.amazon.com")):
        provider, said = f"arn:{partition}:iam::{account}:saml-provider/{name}", {"SAML:aud": f"https://{audience}/saml"}
        for action in ("AssumeRoleWithSAML", "TagSession"):
            case("Allowed", account, role, provider, action, said, partition=partition)
        case("ImplicitlyDenied", account, role, provider + "2", "AssumeRoleWithSAML", said, partition=partition)
        case("ImplicitlyDenied", account, role, provider, "AssumeRole", said, partition=partition)
        for other in ({}, {"SAML:aud": "https://signin.aws.amazon.com.example.com/saml"}):
            case("ImplicitlyDenied", account, role, provider, "AssumeRoleWithSAML", other, partition=partition)

    token = {f"{KNOWN}:aud": "sts.amazonaws.com", f"{KNOWN}:sub": "S-1-5-21-1-2-3-1104"}
    for account, role, partition in ((HUB, "/Plain", "aws"), (GOV, "/Gov", "aws-us-gov")):
        provider = f"arn:{partition}:iam::{account}:oidc-provider/{KNOWN}"
        case("Allowed", account, role, provider, "AssumeRoleWithWebIdentity", token, partition=partition)
        for other in ({f"{KNOWN}:sub": "S-1-5-32-544"}, {f"{KNOWN}:aud": "another"}):
            case("ImplicitlyDenied", account, role, provider, "AssumeRoleWithWebIdentity", token | other, partition=partition)
        case("ImplicitlyDenied", account, role, provider + ".org", "AssumeRoleWithWebIdentity", token, partition=partition)

    fresh, old = {"aws:TokenIssueTime": AFTER}, {"aws:TokenIssueTime": "2024-12-31T23:59:59Z"}
    hub_arn, near_arn = f"arn:aws:iam::{HUB}:role/hub/Hub", f"arn:aws:iam::{HUB}:role/Near"
    external, wrong = {"sts:ExternalId": "ext:+=,.@/-9"}, {"sts:ExternalId": "ext:+=,.@/-8"}
    case("Allowed", HUB, "/hub/Hub", BASE, "AssumeRole", {})
    case("ImplicitlyDenied", HUB, "/hub/Hub", BASE + "2", "AssumeRole", {})
    case("Allowed", HUB, "/Near", hub_arn, "AssumeRole", fresh, hub)
    case("ExplicitlyDenied", HUB, "/Near", hub_arn, "AssumeRole", old, hub)
    case("Allowed", SPOKE, "/Far", near_arn, "AssumeRole", fresh | external, near)
    case("Allowed", SPOKE, "/Far", near_arn, "TagSession", fresh, near)
    case("Allowed", SPOKE, "/Far", near_arn, "SetSourceIdentity", fresh, near)
    case("ImplicitlyDenied", SPOKE, "/Far", near_arn, "AssumeRole", fresh | wrong, near)
    case("ImplicitlyDenied", SPOKE, "/Far", near_arn, "AssumeRole", fresh, near)
    case("ImplicitlyDenied", SPOKE, "/Far", near_arn, "AssumeRole", fresh | external)
    case("ImplicitlyDenied", SPOKE, "/Far", hub_arn, "AssumeRole", fresh | external, hub)
    case("ExplicitlyDenied", SPOKE, "/Far", near_arn, "AssumeRole", old | external, near)
    for said, answer in zip(expected, ask(*cases)):
        assert answer == said[0], said
