# What the stand-in does not take for a token, and how it guards the machine's keys.
#
# SPDX-License-Identifier: Apache-2.0

import base64
import hashlib
import hmac
import http.client
import json
import os
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

import harness
from jwt_verify import SOURCE_IDENTITY, TAGS


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    def __init__(self, lab):
        self.key = rsa.generate_private_key(65537, 2048)
        numbers = self.key.public_key().public_numbers()
        self.jwk = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "one", "e": "AQAB", "n": b64(numbers.n.to_bytes(256, "big"))}
        self.discovery = {
            "issuer": harness.ISSUER, "jwks_uri": harness.ISSUER + "/keys.json", "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"]}
        self.lab = lab
        self.publish()

    def publish(self):
        os.makedirs(self.lab.path("oidc/.well-known"), exist_ok=True)
        self.lab.write("oidc/.well-known/openid-configuration", json.dumps(self.discovery).encode())
        self.lab.write("oidc/keys.json", json.dumps({"keys": [self.jwk]}).encode())

    def claims(self, **changed):
        now = int(time.time())
        claims = {"iss": harness.ISSUER, "sub": "S-1-5-21-1", "aud": "sts.amazonaws.com", "iat": now, "exp": now + 300}
        return {key: value for key, value in (claims | changed).items() if value is not None}

    def token(self, header=None, sign=None, **changed):
        head = b64(json.dumps({"alg": "RS256", "kid": "one", "typ": "JWT"} | (header or {})).encode())
        signed = head + "." + b64(json.dumps(self.claims(**changed)).encode())
        return signed + "." + b64((sign or self.sign)(signed.encode()))

    def sign(self, data):
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


@pytest.fixture
def issuer(lab):
    return Issuer(lab)


def ask(lab, token, role="Token", **more):
    return lab.query("AssumeRoleWithWebIdentity", RoleArn=harness.role(role), RoleSessionName="alice",
                     WebIdentityToken=token, **more)


def refused(lab, answer, code="InvalidIdentityToken"):
    assert (answer.status >= 400, answer.code) == (True, code), answer.body
    return lab.last()["why"]


def test_a_right_one(lab, issuer):
    tags = {"principal_tags": {"Team": ["a"]}, "transitive_tag_keys": ["Team"]}
    answer = ask(lab, issuer.token(**{TAGS: tags, SOURCE_IDENTITY: "alice"}), DurationSeconds="900")
    assert answer.status == 200, answer.body
    assert answer["SubjectFromWebIdentityToken"] == "S-1-5-21-1"
    entry = lab.last()
    assert (entry["tags"], entry["transitive"], entry["source_identity"]) == ({"Team": "a"}, ["Team"], "alice")


@pytest.mark.parametrize("changed", [
    {"iss": "https://other.example.com"}, {"aud": "other"}, {"aud": ["sts.amazonaws.com"]}, {"sub": ""}, {"sub": None},
    {"exp": None}, {"exp": "soon"}, {"iat": None}, {"nbf": int(time.time()) + 3600}, {"iat": int(time.time()) + 3600},
    {"unknown": 1}, {TAGS: {"principal_tags": {"Team": "a"}}}, {TAGS: {"principal_tags": {"Team": ["a", "b"]}}}, {TAGS: []}])
def test_wrong_claims(lab, issuer, changed):
    refused(lab, ask(lab, issuer.token(**changed)))


def test_expired(lab, issuer):
    refused(lab, ask(lab, issuer.token(exp=int(time.time()) - 1)), "ExpiredTokenException")


def test_the_token_does_not_choose_its_algorithm(lab, issuer):
    """RFC 8725 section 2.1: none, and the public key as an HMAC's secret."""
    refused(lab, ask(lab, issuer.token(header={"alg": "none"}, sign=lambda data: b"x")))
    secret = json.dumps(issuer.jwk).encode()
    refused(lab, ask(lab, issuer.token(header={"alg": "HS256"}, sign=lambda data: hmac.digest(secret, data, hashlib.sha256))))
    refused(lab, ask(lab, issuer.token(header={"alg": "ES256"})))


def test_wrong_signatures_and_keys(lab, issuer):
    right = issuer.token()
    assert "signature" in refused(lab, ask(lab, issuer.token(sign=lambda data: issuer.sign(data + b"."))))
    assert "kid" in refused(lab, ask(lab, issuer.token(header={"kid": "two"})))
    head, body, signature = right.split(".")
    for broken in (head + "." + body, right + ".x", f"{head}.{body}.{signature}=", f"{head}.{body[:-1]}.{signature}"):
        refused(lab, ask(lab, broken))


def test_documents_at_the_issuer(lab, issuer):
    token = issuer.token()
    for name, value in (("issuer", harness.ISSUER + "/"), ("jwks_uri", "https://elsewhere.example.com/keys.json")):
        right = issuer.discovery[name]
        issuer.discovery[name] = value
        issuer.publish()
        refused(lab, ask(lab, token))
        issuer.discovery[name] = right
    issuer.jwk["d"] = "AQAB"
    issuer.publish()
    assert "private" in refused(lab, ask(lab, token))
    os.unlink(lab.path("oidc/keys.json"))
    refused(lab, ask(lab, token), "IDPCommunicationError")


def test_a_role_that_does_not_trust_the_issuer(lab, issuer):
    refused(lab, ask(lab, issuer.token(), role="Admin"), "AccessDenied")


def test_the_service_model_judges_too(lab, issuer):
    """Nothing that sts.py takes has a parameter that the model does not know."""
    import model
    assert model.complaints("AssumeRole", {"RoleArn": harness.role("Next"), "RoleSessionName": "al", "Tags.member.1.Key": "a",
                                           "Tags.member.1.Value": ""}) == []
    for wrong in ({"RoleArn": "short"}, {"RoleSessionName": "a"}, {"Tags.member.1.Key": "a"}, {"DurationSeconds": "899"},
                  {"ExternalId": "a b"}, {"Tag.member.1.Key": "a"}, {"Tags.member.2.Key": "a"}):
        right = {"RoleArn": harness.role("Next"), "RoleSessionName": "alice"}
        assert model.complaints("AssumeRole", right | wrong), wrong


# ---- The machine's own services ----

def local(lab, method, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", lab.metadata_port, timeout=5)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    reply = connection.getresponse()
    body = reply.read().decode()
    connection.close()
    return reply.status, body


ROLES = "/latest/meta-data/iam/security-credentials/"


def test_version_one_is_off(lab):
    assert local(lab, "GET", ROLES)[0] == 401
    assert local(lab, "GET", ROLES, X_aws_ec2_metadata_token="made-up")[0] == 401
    assert local(lab, "PUT", "/latest/api/token")[0] == 400
    assert local(lab, "PUT", "/latest/api/token", X_aws_ec2_metadata_token_ttl_seconds="21601")[0] == 400
    assert local(lab, "PUT", "/latest/api/token", X_aws_ec2_metadata_token_ttl_seconds="60", X_Forwarded_For="x")[0] == 403


def test_version_two(lab):
    status, token = local(lab, "PUT", "/latest/api/token", X_aws_ec2_metadata_token_ttl_seconds="60")
    assert status == 200
    assert local(lab, "GET", ROLES, X_aws_ec2_metadata_token=token) == (200, "Machine")
    status, body = local(lab, "GET", ROLES + "Machine", X_aws_ec2_metadata_token=token)
    assert status == 200 and json.loads(body)["Code"] == "Success"
    assert local(lab, "GET", ROLES + "Other", X_aws_ec2_metadata_token=token)[0] == 404


def test_container_endpoint(lab):
    assert local(lab, "GET", "/v1/credentials")[0] == 403
    status, body = local(lab, "GET", "/v1/credentials", Authorization="lab-container-token")
    assert status == 200 and json.loads(body)["AccessKeyId"].startswith("ASIA")
