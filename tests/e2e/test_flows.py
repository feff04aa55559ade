"""Every way to a role: assertions, tokens, base credentials, chains; and what AWS says when one is wrong.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import concurrent.futures
import json
import os
import signal
import subprocess
import time

import boto3
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

HUB, SPOKE = "111122223333", "444455556666"
ISSUER = "https://id.corp.example.com/awsfed"
PLATFORM = "https://oidc.eks.example.com/id/1"
KEY_ID, KEY_SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
GROUP = "AWS-Dev-ReadOnly"


def arn(account, name):
    return f"arn:aws:iam::{account}:role/{name}"


@pytest.fixture
def world(lab, aws, bridge):
    """AWS with roles for every flow; what a test lays over it goes again."""
    all_may = {"tag_session": True, "source_identity": True, "max_duration": 43200}
    lab.cloud.extend_world(
        roles={
            arn(HUB, "Machine"): {},
            arn(HUB, "Pod"): {"issuers": [PLATFORM]},
            arn(HUB, "Hub"): {"providers": [lab.cloud.provider_arn(HUB)], **all_may},
            arn(HUB, "Token"): {"issuers": [ISSUER], **all_may},
            arn(SPOKE, "Deploy"): {"principals": [arn(HUB, "Machine"), arn(HUB, "Pod"), arn(HUB, "Hub"), arn(HUB, "Token"),
                                                  f"arn:aws:iam::{HUB}:user/base"], "external_id": "ext-7", **all_may},
            arn(SPOKE, "Audit"): {"principals": [arn(HUB, "Hub"), arn(SPOKE, "Deploy")], **all_may},
        },
        machine=arn(HUB, "Machine"),
        keys={KEY_ID: {"secret": KEY_SECRET, "arn": f"arn:aws:iam::{HUB}:user/base"}},
        issuers={ISSUER: {"folder": "oidc", "audiences": ["sts.amazonaws.com"], "accounts": [HUB]},
                 PLATFORM: {"folder": "platform", "audiences": ["sts.amazonaws.com"], "accounts": [HUB]}})
    yield aws
    lab.awsfed.BRIDGE.environment = {}
    lab.cloud.write_world()


DEPLOY = {"arn": arn(SPOKE, "Deploy"), "groups": GROUP, "flow": "assume-role", "external-id": "ext-7"}


def ask(lab, person, role):
    """What awsfed-login credential-process gives a person: the finished process."""
    return lab.awsfed.as_user(person.name, ["awsfed-login", "credential-process", "--role", role])


def keys(ran):
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def identity(lab, given):
    """Who AWS takes these keys for, by botocore's signature."""
    client = boto3.client("sts", region_name=lab.places.REGION, endpoint_url=f"https://{lab.places.STS[1]}",
                          verify=str(lab.certificates.CA_FILE), aws_access_key_id=given["AccessKeyId"], aws_secret_access_key=given["SecretAccessKey"],
                          aws_session_token=given["SessionToken"])
    return client.get_caller_identity()["Arn"]


def signed_in(lab, person):
    return lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name))


# ---- Base credentials ----

def test_imds_and_everything_that_goes_along(lab, person, world):
    """I-61: AssumeRole, signed with the machine's keys, has ExternalId, tags, transitive tags and source identity."""
    lab.awsfed.BRIDGE.environment = lab.cloud.way_to_metadata()
    lab.awsfed.configure({
        "aws": {"base-credential": "imds"},
        "role deploy": {**DEPLOY, "tags": "Person=%{user}, mfa=%{mfa}", "transitive-tags": "Person",
                        "source-identity": "%{user}", "policy-arns": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        "role again": DEPLOY})
    with signed_in(lab, person):
        given = keys(ask(lab, person, "deploy"))
        assert identity(lab, given) == f"arn:aws:sts::{SPOKE}:assumed-role/Deploy/{person.name}"
        request, = world.requests("AssumeRole")
        assert request["tags"]["Person"] == person.name and request["tags"]["mfa"]
        assert (request["transitive"], request["source_identity"]) == (["Person"], person.name)
        assert request["duration"] == 3600
        keys(ask(lab, person, "again"))
    assert len(world.requests("AssumeRole")) == 2
    # One token, the role's name, its keys: for both of them, and never without the token.
    assert [entry["status"] for entry in world.requests("imds-token")] == [200]
    assert [entry["status"] for entry in world.requests("imds")] == [200, 200]
    lines = lab.awsfed.audit(event="credential", user=person.name)
    assert [(line["role"], line["outcome"]) for line in lines] == [("deploy", "granted"), ("again", "granted")]


def test_imds_that_has_no_role_or_is_ill(lab, person, world):
    """The reason is said, with the address; nothing is asked of STS; the failure stands for a moment."""
    lab.awsfed.BRIDGE.environment = lab.cloud.way_to_metadata()
    lab.awsfed.configure({"aws": {"base-credential": "imds"}, "role deploy": DEPLOY})
    lab.cloud.extend_world(machine=None)
    with signed_in(lab, person):
        ran = ask(lab, person, "deploy")
        assert ran.returncode in (5, 6) and "attach an instance profile" in ran.stderr, ran.stderr
        assert ran.stderr.count("\n") == 1 and ran.stdout == ""
        ask(lab, person, "deploy")
        assert len(world.requests("imds-token")) == 1
    assert world.requests("AssumeRole") == []
    lab.cloud.extend_world(machine=arn(HUB, "Machine"))
    for fault in ({"kind": "garbage"}, {"kind": "http", "status": 503}, {"kind": "missing-field", "field": "Token"}):
        lab.awsfed.BRIDGE.restart()
        lab.cloud.fail(action="imds", times=0, **fault)
        other = lab.people.take()
        lab.codes.enrol(other.name)
        with signed_in(lab, other):
            ran = ask(lab, other, "deploy")
        assert (ran.returncode, ran.stdout) == (6, ""), ran.stderr
        assert "169.254.169.254" in ran.stderr
        lab.cloud.reset()


def test_base_keys_are_fetched_again_before_they_end(lab, person, world):
    """Keys with ten minutes left are renewed for the next role; those with less than one are not used."""
    lab.awsfed.BRIDGE.environment = lab.cloud.way_to_metadata()
    lab.awsfed.configure({"aws": {"base-credential": "imds"}, "role deploy": DEPLOY})
    lab.cloud.fail("short-life", action="imds", seconds=30, times=2)
    with signed_in(lab, person):
        ran = ask(lab, person, "deploy")
    assert ran.returncode == 6 and "ended" in ran.stderr
    assert world.requests("AssumeRole") == []


def test_container_endpoint(lab, person, world):
    """The service's own variables name the endpoint and the file of its token; both are needed."""
    token = lab.places.RUN / "container-token"
    token.write_text("lab-container-token\n")
    lab.awsfed.BRIDGE.environment = {**lab.cloud.way_to_metadata(),
                                     "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v1/credentials",
                                     "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)}
    lab.awsfed.configure({"aws": {"base-credential": "container"}, "role deploy": DEPLOY})
    with signed_in(lab, person):
        assert identity(lab, keys(ask(lab, person, "deploy"))).endswith(f"/Deploy/{person.name}")
    assert [entry["status"] for entry in world.requests("container")] == [200]
    token.unlink()


def test_file_of_long_lived_keys(lab, person, world):
    """A key of an IAM user signs without a session token."""
    path = lab.awsfed.CONFIG / "base.credentials"
    path.write_text(f"[other]\naws_access_key_id = AKIAOTHEROTHEROTHER1\n[default]\nregion = eu-central-1\n"
                    f"aws_access_key_id={KEY_ID}\naws_secret_access_key = {KEY_SECRET}\n")
    path.chmod(0o600)
    os.chown(path, lab.accounts.BRIDGE_USER[1], lab.accounts.BRIDGE_USER[1])
    lab.awsfed.configure({"aws": {"base-credential": f"file:{path}"}, "role deploy": DEPLOY})
    with signed_in(lab, person):
        assert identity(lab, keys(ask(lab, person, "deploy"))).endswith(f"/Deploy/{person.name}")
    assert KEY_SECRET not in lab.awsfed.BRIDGE.log.read_text(errors="replace") + lab.awsfed.AUDIT.read_text()
    path.unlink()


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def platform_token(lab, folder):
    """A pod's token, and the documents of the cluster that signed it."""
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    documents = folder / ".well-known"
    documents.mkdir(parents=True, exist_ok=True)
    jwk = {"kty": "EC", "crv": "P-256", "kid": "k", "x": b64(numbers.x.to_bytes(32, "big")),
           "y": b64(numbers.y.to_bytes(32, "big"))}
    (documents / "openid-configuration").write_text(json.dumps({
        "issuer": PLATFORM, "jwks_uri": f"{PLATFORM}/keys", "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"]}))
    (folder / "keys").write_text(json.dumps({"keys": [jwk]}))
    now = int(time.time())
    parts = ({"alg": "ES256", "kid": "k"}, {"iss": PLATFORM, "sub": "system:serviceaccount:default:jump",
                                            "aud": "sts.amazonaws.com", "iat": now, "exp": now + 3600})
    signed = ".".join(b64(json.dumps(part).encode()) for part in parts)
    both = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return signed + "." + b64(b"".join(number.to_bytes(32, "big") for number in both))


def test_web_identity_token_file(lab, person, world):
    """As in EKS: a token behind a link, for the role that AWS_ROLE_ARN names."""
    token = platform_token(lab, lab.cloud.FOLDER / "platform")
    (lab.places.RUN / "token-data").write_text(token)
    link = lab.places.RUN / "token"
    link.symlink_to("token-data")
    lab.awsfed.BRIDGE.environment = {"AWS_ROLE_ARN": arn(HUB, "Pod")}
    lab.awsfed.configure({"aws": {"base-credential": f"web-identity:{link}"}, "role deploy": DEPLOY})
    with signed_in(lab, person):
        assert identity(lab, keys(ask(lab, person, "deploy"))).endswith(f"/Deploy/{person.name}")
    request, = world.requests("AssumeRoleWithWebIdentity")
    assert request["role"] == arn(HUB, "Pod") and request["session_name"] == "awsfed"
    link.unlink()


def test_a_base_that_its_platform_does_not_name_stops_the_start(lab, world):
    for kind in ("container", "web-identity:/run/token"):
        with pytest.raises(lab.places.LabError, match="AWS_"):
            lab.awsfed.configure({"aws": {"base-credential": kind}, "role deploy": DEPLOY})


# ---- Chains ----

HUB_ROLE = {"arn": arn(HUB, "Hub"), "provider": f"arn:aws:iam::{HUB}:saml-provider/awsfed", "duration": "12h",
            "tags": "Person=%{user}", "transitive-tags": "Person", "source-identity": "%{user}"}


def test_via_another_account(lab, person, world):
    """One assertion for the hub, kept for the ticket; two roles from it; the hub itself is nobody's."""
    lab.awsfed.configure({
        "role hub": HUB_ROLE,
        "role deploy": {"arn": arn(SPOKE, "Deploy"), "groups": GROUP, "via": "hub", "external-id": "ext-7"},
        "role audit": {"arn": arn(SPOKE, "Audit"), "groups": GROUP, "via": "deploy"}})
    with signed_in(lab, person) as session:
        given = keys(ask(lab, person, "deploy"))
        assert identity(lab, given) == f"arn:aws:sts::{SPOKE}:assumed-role/Deploy/{person.name}"
        assert identity(lab, keys(ask(lab, person, "audit"))).endswith(f"/Audit/{person.name}")
        assert ask(lab, person, "hub").returncode == 3
        assert "hub" not in session.run("awsfed-login roles").out
        assert len(world.requests("AssumeRoleWithSAML")) == 1
        # deploy for the person, deploy again as a way, audit; nobody is asked for more than an hour.
        assert [entry["duration"] for entry in world.requests("AssumeRole")] == [3600, 3600, 3600]
        assert session.run("awsfed-login logout").status == 0
    with signed_in(lab, person):
        keys(ask(lab, person, "deploy"))
    assert len(world.requests("AssumeRoleWithSAML")) == 2  # the other ticket's key was not kept


def test_the_console_of_a_chained_role_says_no_duration(lab, person, world):
    """AWS refuses a SessionDuration for chained credentials, as the stand-in does; the console opens all the same."""
    lab.awsfed.configure({
        "role hub": HUB_ROLE,
        "role deploy": {"arn": arn(SPOKE, "Deploy"), "groups": GROUP, "via": "hub", "external-id": "ext-7"}})
    with signed_in(lab, person) as session:
        done = session.run("awsfed-login console -r deploy -d 2h")
        assert (done.status, done.err) == (0, "") and done.out.startswith("https://signin.aws.amazon.com/federation?")
    request, = world.requests("getSigninToken")
    assert request["duration"] is None and request["role"] == arn(SPOKE, "Deploy")


def test_a_fresh_code_is_wanted_by_the_whole_chain(lab, person, world):
    """mfa-age of a role on the way counts for the role behind it."""
    lab.awsfed.configure({
        "role hub": {**HUB_ROLE, "mfa-age": "1s"},
        "role deploy": {"arn": arn(SPOKE, "Deploy"), "groups": GROUP, "via": "hub", "external-id": "ext-7"}})
    with signed_in(lab, person):
        lab.service.wait_for(lambda: ask(lab, person, "deploy").returncode == 4, "the code to be too old")


def test_a_chain_that_is_read_again(lab, person, world):
    """SIGHUP brings a role via another; a flow whose key the bridge has not read waits for a restart, and says so."""
    lab.awsfed.configure()
    key = lab.awsfed.CONFIG / "keys" / "oidc.key"
    make_key("ES256", key)
    with signed_in(lab, person):
        lab.awsfed.write_config({
            "role hub": HUB_ROLE, "oidc": {"issuer": ISSUER, "key": str(key)},
            "role deploy": {"arn": arn(SPOKE, "Deploy"), "groups": GROUP, "via": "hub", "external-id": "ext-7"},
            "role token": {"arn": arn(HUB, "Token"), "groups": GROUP, "flow": "oidc"}})
        os.kill(lab.awsfed.BRIDGE.leader(), signal.SIGHUP)
        lab.service.wait_for(lambda: ask(lab, person, "dev-readonly").returncode == 0 and
                             ask(lab, person, "deploy").returncode == 0, "the new role")
        ran = ask(lab, person, "token")
        assert (ran.returncode, ran.stdout) == (6, "") and "restart" in ran.stderr, ran.stderr
    assert world.requests("AssumeRoleWithWebIdentity") == []


def test_many_at_once_cost_one_chain(lab, person, world):
    """I-63: forty concurrent first requests for two roles behind one hub: one assertion, one AssumeRole a role."""
    lab.awsfed.configure({
        "bridge": {"max-connections-per-uid": "64"},
        "role hub": HUB_ROLE,
        "role deploy": {"arn": arn(SPOKE, "Deploy"), "groups": GROUP, "via": "hub", "external-id": "ext-7"},
        "role audit": {"arn": arn(SPOKE, "Audit"), "groups": GROUP, "via": "hub"}})
    with signed_in(lab, person):
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(lambda n: ask(lab, person, ("deploy", "audit")[n % 2]), range(40)))
    assert len({keys(answer)["AccessKeyId"] for answer in answers}) == 2
    assert len(world.requests("AssumeRoleWithSAML")) == 1
    assert len(world.requests("AssumeRole")) == 2


# ---- Tokens of our own ----

def make_key(kind, path):
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ES256" else rsa.generate_private_key(65537, 2048)
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()))
    path.chmod(0o600)


@pytest.mark.parametrize("kind", ["ES256", "RS256"])
def test_oidc(lab, person, world, kind):
    """I-61, I-62: the keeper signs a token that AWS verifies by what `awsfed-admin oidc metadata` wrote."""
    key = lab.awsfed.CONFIG / "keys" / "oidc.key"
    make_key(kind, key)
    lab.awsfed.configure({
        "oidc": {"issuer": ISSUER, "key": str(key)},
        "role token": {"arn": arn(HUB, "Token"), "groups": GROUP, "flow": "oidc", "duration": "2h",
                       "tags": "Person=%{user}, Rhost=%{rhost}", "transitive-tags": "Person",
                       "source-identity": "%{user}"}})
    subprocess.run(["awsfed-admin", "oidc", "metadata", "--output-dir", str(lab.cloud.FOLDER / "oidc")], check=True)
    with signed_in(lab, person):
        given = keys(ask(lab, person, "token"))
        assert identity(lab, given) == f"arn:aws:sts::{HUB}:assumed-role/Token/{person.name}"
    request, = world.requests("AssumeRoleWithWebIdentity")
    assert request["tags"] == {"Person": person.name, "Rhost": "127.0.0.1"} and request["transitive"] == ["Person"]
    assert request["source_identity"] == person.name and request["duration"] == 7200
    assert request["subject"].startswith("S-1-5-21-")
    line, = lab.awsfed.audit(event="credential", user=person.name)
    assert line["assertion_id"] == request["assertion"]


def test_oidc_documents_of_another_key(lab, person, world):
    """The key was changed and the documents were not: AWS's refusal names the remedy."""
    key = lab.awsfed.CONFIG / "keys" / "oidc.key"
    make_key("ES256", key)
    lab.awsfed.configure({"oidc": {"issuer": ISSUER, "key": str(key)},
                          "role token": {"arn": arn(HUB, "Token"), "groups": GROUP, "flow": "oidc"}})
    with signed_in(lab, person):
        ran = ask(lab, person, "token")
    assert ran.returncode == 5 and "awsfed-admin oidc metadata" in ran.stderr, ran.stderr


# ---- What AWS says, explained ----

def test_wrong_external_id(lab, person, world):
    """AccessDenied names sts:AssumeRole and external-id; a second request within seconds costs no call."""
    lab.awsfed.configure({"role hub": HUB_ROLE, "role deploy": {
        "arn": arn(SPOKE, "Deploy"), "groups": GROUP, "via": "hub", "external-id": "ext-8"}})
    with signed_in(lab, person):
        ran = ask(lab, person, "deploy")
        assert ran.returncode == 5 and ran.stderr.count("\n") == 1
        for word in ("AccessDenied", "sts:AssumeRole", "external-id", "[role deploy]"):
            assert word in ran.stderr, ran.stderr
        assert ask(lab, person, "deploy").returncode == 5
    assert len(world.requests("AssumeRole")) == 1


def test_next_region_is_signed_for_anew(lab, person, world):
    """RegionDisabled in the first: the second region's request has the second region's signature."""
    lab.awsfed.configure({"role hub": HUB_ROLE, "role deploy": {
        "arn": arn(SPOKE, "Deploy"), "groups": GROUP, "via": "hub", "external-id": "ext-7"}})
    lab.cloud.fail("error", action="AssumeRole", code="RegionDisabledException")
    with signed_in(lab, person):
        keys(ask(lab, person, "deploy"))
    hosts = [entry["host"] for entry in world.requests("AssumeRole")]
    assert hosts == [f"sts.{lab.places.REGION}.amazonaws.com", f"sts.{lab.places.OTHER_REGION}.amazonaws.com"]


def test_a_clock_that_is_wrong_is_named_in_seconds(lab, person, world):
    """A signature is good for five minutes; the reply's Date says by how much we are off."""
    lab.awsfed.configure({"role hub": HUB_ROLE, "role deploy": {
        "arn": arn(SPOKE, "Deploy"), "groups": GROUP, "via": "hub", "external-id": "ext-7"}})
    lab.cloud.fail("skew", action="AssumeRole", seconds=1000, times=0)
    with signed_in(lab, person):
        ran = ask(lab, person, "deploy")
    assert ran.returncode != 0 and "seconds behind AWS's" in ran.stderr, ran.stderr


@pytest.mark.parametrize("fault", [
    {"kind": "cut"}, {"kind": "garbage"}, {"kind": "huge"}, {"kind": "dtd"}, {"kind": "expired"},
    {"kind": "missing-field", "field": "SessionToken"}, {"kind": "http", "status": 502}])
def test_replies_that_are_none(lab, person, world, fault):
    """I-64: an AssumeRole whose reply cannot be used gives nothing, says so in a line, and leaks no key."""
    lab.awsfed.configure({"aws": {"timeout": "3s"}, "role hub": HUB_ROLE, "role deploy": {
        "arn": arn(SPOKE, "Deploy"), "groups": GROUP, "via": "hub", "external-id": "ext-7"}})
    lab.cloud.fail(action="AssumeRole", times=0, **fault)
    with signed_in(lab, person):
        ran = ask(lab, person, "deploy")
    assert ran.returncode in (5, 6) and ran.stdout == "" and ran.stderr.count("\n") == 1, ran.stderr
    assert "ASIA" not in ran.stderr


# ---- Changing the SAML key ----

def test_rotation_without_a_gap(lab, world):
    """Old key, both published; new key, both published: at no step is a login without AWS."""
    people = [lab.people.take() for _ in range(3)]
    for one in people:
        lab.codes.enrol(one.name)

    def works(one):
        with signed_in(lab, one):
            return ask(lab, one, "dev-readonly").returncode

    def admin(*words):
        return subprocess.run(["awsfed-admin", "saml", *words], text=True, capture_output=True)

    lab.awsfed.configure()
    assert admin("rotate").returncode == 0
    lab.cloud.register_metadata()
    assert works(people[0]) == 0
    done = admin("rotate", "--finish")
    assert done.returncode == 0 and "previous-certificate" in done.stdout
    lab.awsfed.BRIDGE.restart()
    assert works(people[1]) == 0
    lab.cloud.register_metadata()
    assert works(people[2]) == 0


def test_oidc_rotation_without_a_gap(lab, world):
    """As AWS sees it: the old key set, both keys with the old one signing, both with the new one, the new one alone. A token of
    the new key is refused where the key set is still the old one, which is what publishing first is for."""
    key, folder = lab.awsfed.CONFIG / "keys" / "oidc.key", lab.cloud.FOLDER / "oidc"
    make_key("ES256", key)

    def admin(*words):
        return subprocess.run(["awsfed-admin", "oidc", *words], text=True, capture_output=True)

    def publish():
        assert admin("metadata", "--output-dir", str(folder)).returncode == 0
        return [one["kid"] for one in json.loads((folder / ".well-known" / "jwks.json").read_text())["keys"]]

    def answer():
        one = lab.people.take()
        lab.codes.enrol(one.name)
        with signed_in(lab, one):
            return ask(lab, one, "token").returncode

    lab.awsfed.configure({"oidc": {"issuer": ISSUER, "key": str(key)},
                          "role token": {"arn": arn(HUB, "Token"), "groups": GROUP, "flow": "oidc"}})
    try:
        assert admin("rotate", "--finish").returncode == 1
        old, = publish()
        begun = admin("rotate")
        assert begun.returncode == 0 and admin("rotate").returncode == 1
        assert key.with_suffix(".key.next").stat().st_mode & 0o777 == 0o600
        assert answer() == 0
        kids = publish()
        assert kids[0] == old and len(set(kids)) == 2
        assert answer() == 0
        assert admin("rotate", "--finish").returncode == 0
        assert answer() == 0  # the running bridge has the old key yet
        lab.awsfed.BRIDGE.restart()
        assert answer() == 0
        assert publish() == kids[::-1]
        assert answer() == 0
        whole = (folder / ".well-known" / "jwks.json").read_text()
        (folder / ".well-known" / "jwks.json").write_text(json.dumps(
            {"keys": [one for one in json.loads(whole)["keys"] if one["kid"] == old]}))
        assert answer() == 5
        key.with_suffix(".key.previous").unlink()
        assert publish() == [kids[1]]
        assert answer() == 0
    finally:
        for ending in (".key.next", ".key.previous"):
            key.with_suffix(ending).unlink(missing_ok=True)
