# Does the stand-in take the right assertion, and refuse wrong claims, metadata and XML, each for its own reason?
# The reason is read from the request log, so that a refusal for another cause does not pass for the one meant.
#
# SPDX-License-Identifier: Apache-2.0

import base64
import copy
import hashlib
import json
import os
import re
import subprocess
import time

import pytest
from lxml import etree

import forger
from harness import ACCOUNT, provider, refused, role
from forger import ATTRIBUTES, NS, SAML, attribute, aws, encode, stamp


# ---- What is taken ----

def test_right_assertion(lab):
    tags = [aws("PrincipalTag:mfa", "totp"), aws("PrincipalTag:Ort", "Zürich 漢"), aws("TransitiveTagKeys", "mfa"),
            aws("SourceIdentity", "alice"), attribute("https://other.example/mail", "a@b")]
    answer = lab.saml(lab.idp.right(extra=tags), DurationSeconds="7200")
    assert answer.status == 200
    assert answer["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice"
    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", answer["AccessKeyId"])
    assert len(answer["SessionToken"]) >= 700
    assert answer["Expiration"] in {stamp(time.time() + 7200 - n) for n in range(5)}
    assert answer["Audience"] == "https://signin.aws.amazon.com/saml"
    assert (answer["Subject"], answer["SubjectType"]) == ("S-1-5-21-1-2-3-1104", "persistent")
    # API_AssumeRoleWithSAML: BASE64 ( SHA1 ( issuer + account + "/" + name of the provider ) )
    digest = hashlib.sha1(f"{lab.idp.entity_id}{ACCOUNT}/corp".encode()).digest()
    assert answer["NameQualifier"] == base64.b64encode(digest).decode()
    assert answer["SourceIdentity"] == "alice" and int(answer["PackedPolicySize"]) > 0
    entry = lab.last()
    assert entry["tags"] == {"mfa": "totp", "Ort": "Zürich 漢"} and entry["transitive"] == ["mfa"]
    assert answer.headers["x-amzn-RequestId"] == answer["RequestId"] == entry["request_id"]


def test_signed_by_xmlsec1_itself(lab, tmp_path):
    root = lab.idp.sign(lab.idp.unsigned())
    root.find(".//ds:DigestValue", NS).text = root.find(".//ds:SignatureValue", NS).text = ""
    (tmp_path / "in.xml").write_bytes(etree.tostring(root))
    (tmp_path / "key.pem").write_bytes(forger.pem(lab.idp.key))
    subprocess.run(["xmlsec1", "--sign", "--privkey-pem", tmp_path / "key.pem", "--id-attr:ID", f"{SAML}:Assertion",
                    "--output", tmp_path / "out.xml", tmp_path / "in.xml"], check=True)
    assert lab.saml((tmp_path / "out.xml").read_bytes()).status == 200


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pysaml2's own, when it is imported
def test_made_by_pysaml2(lab):
    """An identity provider that others wrote, with its own idea of prefixes, types and KeyInfo."""
    from saml2 import BINDING_HTTP_POST
    from saml2.config import IdPConfig
    from saml2.saml import NAMEID_FORMAT_PERSISTENT, NAME_FORMAT_URI, NameID
    from saml2.server import Server

    service = ('<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:amazon:webservices">'
               f'<md:SPSSODescriptor protocolSupportEnumeration="{forger.SAMLP}"><md:AssertionConsumerService index="1" '
               f'Binding="{BINDING_HTTP_POST}" Location="{forger.RECIPIENT}"/></md:SPSSODescriptor></md:EntityDescriptor>')
    lab.write("idp.key", forger.pem(lab.idp.key))
    lab.write("idp.pem", forger.pem(lab.idp.certificate))
    config = IdPConfig().load({
        "entityid": lab.idp.entity_id, "key_file": lab.path("idp.key"), "cert_file": lab.path("idp.pem"),
        "xmlsec_binary": "/usr/bin/xmlsec1", "metadata": {"inline": [service]},
        "service": {"idp": {"policy": {"default": {"lifetime": {"minutes": 5}, "name_form": NAME_FORMAT_URI}}}}})
    response = Server(config=config).create_authn_response(
        {ATTRIBUTES + "Role": [f"{forger.ROLE},{forger.PROVIDER}"], ATTRIBUTES + "RoleSessionName": ["alice"],
         ATTRIBUTES + "PrincipalTag:mfa": ["totp"]},
        None, forger.RECIPIENT, "urn:amazon:webservices", name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text="S-1"),
        sign_assertion=True, sign_response=False, sign_alg=forger.RSA_SHA256, digest_alg=forger.SHA256,
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken", "authn_instant": int(time.time())})
    answer = lab.saml(str(response).encode())
    assert answer.status == 200, lab.last()
    assert lab.last()["tags"] == {"mfa": "totp"}


def test_indented_document(lab):
    """Blank text around elements, the signature's included, is signed as it stands."""
    root = lab.idp.unsigned()
    etree.indent(root)
    assert lab.saml(lab.idp.sign(root)).status == 200


def test_partitions_have_their_own_audience_and_recipient(lab):
    def pair(role_name, provider_name, *where):
        return {"role": role(role_name, *where), "provider": provider(provider_name, *where)}

    gov, cn = pair("Gov", "gov", "444455556666", "aws-us-gov"), pair("Cn", "cn", "777788889999", "aws-cn")
    asked = lambda f: {"RoleArn": f["role"], "PrincipalArn": f["provider"]}  # noqa: E731
    right_gov = gov | {"audience": "urn:amazon:webservices:govcloud",
                       "recipient": "https://signin.amazonaws-us-gov.com/saml"}
    right_cn = cn | {"audience": "urn:amazon:webservices:cn-north-1",
                     "recipient": "https://signin.amazonaws.cn/saml"}
    assert lab.saml(lab.idp.right(**right_gov), **asked(gov)).status == 200
    assert lab.saml(lab.idp.right(**right_cn), **asked(cn)).status == 200
    refused(lab, lab.saml(lab.idp.right(**gov), **asked(gov)), "InvalidIdentityToken", "Recipient")
    wrong = right_cn | {"audience": "urn:amazon:webservices"}
    refused(lab, lab.saml(lab.idp.right(**wrong), **asked(cn)), "InvalidIdentityToken", "Audience")


def test_regional_recipient(lab):
    assert lab.saml(lab.idp.right(recipient="https://eu-central-1.signin.aws.amazon.com/saml")).status == 200


def test_durations_shorten(lab):
    ends = lambda a: a["Expiration"]  # noqa: E731
    near = lambda s: {stamp(time.time() + s - n) for n in range(5)}  # noqa: E731
    assert ends(lab.saml()) in near(3600)
    assert ends(lab.saml(lab.idp.right(duration="900"), DurationSeconds="7200")) in near(900)
    session = f' SessionNotOnOrAfter="{stamp(time.time() + 1200)}"'
    assert ends(lab.saml(lab.idp.right(authn_attributes=session))) in near(1200)


def test_replay_within_its_life_is_taken_and_told(lab):
    same = lab.idp.right()
    assert lab.saml(same).status == lab.saml(same).status == 200
    assert [entry["replayed"] for entry in lab.log()] == [False, True]


def test_either_of_two_certificates(lab):
    """Rotation: old and new certificate are both in the metadata, which is read again when it changes."""
    new = forger.Idp(lab.idp.entity_id)
    refused(lab, lab.saml(new.right()), "InvalidIdentityToken", "registered certificate")
    try:
        lab.write("metadata.xml", forger.metadata(lab.idp.entity_id, [lab.idp.certificate, new.certificate]))
        assert lab.saml(new.right()).status == lab.saml(lab.idp.right()).status == 200
        lab.write("metadata.xml", forger.metadata(lab.idp.entity_id, [new.certificate]))
        refused(lab, lab.saml(lab.idp.right()), "InvalidIdentityToken", "registered certificate")
    finally:
        lab.write("metadata.xml", lab.idp.metadata())


# ---- Claims: each of these is signed as it should be, and wrong in one point ----

CONFIRMED = 'NotOnOrAfter="2099-01-01T00:00:00Z" Recipient="https://signin.aws.amazon.com/saml"'
NAME_ID = "<saml:NameID>{}</saml:NameID>"
BAD_CLAIMS = [
    # fields, code, why
    ({"issuer": "https://other.example/idp"}, "InvalidIdentityToken", "^Issuer"),
    ({"issuer": "https://idp.example/awsfed "}, "InvalidIdentityToken", "^Issuer"),
    ({"response_issuer": "https://other.example/idp"}, "InvalidIdentityToken", "Response/Issuer"),
    ({"response_version": "1.1"}, "InvalidIdentityToken", "Response/@Version"),
    ({"confirmation_data": CONFIRMED + ' InResponseTo="_q"'}, "InvalidIdentityToken", "Data has InResponseTo"),
    ({"confirmation_data": CONFIRMED + ' NotBefore="2020-01-01T00:00:00Z"'}, "InvalidIdentityToken", "or NotBefore"),
    ({"response_attributes": ' InResponseTo="_q"'}, "InvalidIdentityToken", "Response has InResponseTo"),
    ({"destination": ' Destination="https://evil.example/"'}, "InvalidIdentityToken", "Destination"),
    ({"status": "Responder"}, "IDPRejectedClaim", "StatusCode"),
    ({"version": "1.1"}, "InvalidIdentityToken", "Version"),
    ({"recipient": "https://signin.aws.amazon.com/saml/"}, "InvalidIdentityToken", "Recipient"),
    ({"recipient": "http://signin.aws.amazon.com/saml"}, "InvalidIdentityToken", "Recipient"),
    ({"recipient": "https://evil.example/https://signin.aws.amazon.com/saml"}, "InvalidIdentityToken", "Recipient"),
    ({"recipient": "https://signin.amazonaws.cn/saml"}, "InvalidIdentityToken", "Recipient"),
    ({"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"}, "InvalidIdentityToken", "not bearer"),
    ({"confirmations": 2}, "InvalidIdentityToken", "not exactly one saml:SubjectConfirmation"),
    ({"confirmations": 0}, "InvalidIdentityToken", "not exactly one saml:SubjectConfirmation"),
    ({"confirmation_data": 'Recipient="https://signin.aws.amazon.com/saml"'}, "InvalidIdentityToken", "instant: None"),
    ({"audience": "urn:amazon:webservices:govcloud"}, "InvalidIdentityToken", "Audience"),
    ({"audience": "URN:amazon:webservices"}, "InvalidIdentityToken", "Audience"),
    ({"audience": ""}, "InvalidIdentityToken", "AudienceRestriction"),
    ({"audiences": 2}, "InvalidIdentityToken", "AudienceRestriction"),
    ({"name_id": NAME_ID.format("")}, "InvalidIdentityToken", "NameID is empty"),
    ({"name_id": ""}, "InvalidIdentityToken", "not exactly one saml:NameID"),
    ({"authn": ""}, "InvalidIdentityToken", "no AuthnStatement"),
    ({"session_name": "a"}, "InvalidIdentityToken", "RoleSessionName"),
    ({"session_name": "a" * 65}, "InvalidIdentityToken", "RoleSessionName"),
    ({"session_name": "alice smith"}, "InvalidIdentityToken", "RoleSessionName"),
    ({"session_name": "älice"}, "InvalidIdentityToken", "RoleSessionName"),
    ({"session_name": "alice\n"}, "InvalidIdentityToken", "RoleSessionName"),
    ({"session_name": "CORP\\alice"}, "InvalidIdentityToken", "RoleSessionName"),
    ({"duration": "899"}, "InvalidIdentityToken", "SessionDuration"),
    ({"duration": "43201"}, "InvalidIdentityToken", "SessionDuration"),
    ({"duration": "3600s"}, "InvalidIdentityToken", "SessionDuration"),
    ({"role": role("admin")}, "AccessDenied", "pair"),
    ({"role": role("Next")}, "AccessDenied", "pair"),
    ({"provider": provider("other")}, "AccessDenied", "pair"),
    ({"role": role("Admin") + " "}, "AccessDenied", "pair"),
    ({"role": role("Admin") + "," + role("Admin")}, "InvalidIdentityToken", "not a pair"),
    ({"attributes": [aws("RoleSessionName", "alice")]}, "InvalidIdentityToken", "no Role"),
    ({"attributes": [aws("Role", f"{role('Admin')},{provider('corp')}")]}, "InvalidIdentityToken", "no RoleSess"),
    ({"attributes": []}, "InvalidIdentityToken", "schema"),
    ({"extra": [aws("rolesessionname", "x")]}, "InvalidIdentityToken", "no such attribute"),
    ({"extra": [attribute(ATTRIBUTES.lower() + "SourceIdentity", "x")]}, "InvalidIdentityToken", "wrong case"),
    ({"extra": [aws("Nonsense", "x")]}, "InvalidIdentityToken", "no such attribute"),
    ({"extra": [aws("RoleSessionName", "mallory")]}, "InvalidIdentityToken", "twice"),
    ({"extra": [aws("SourceIdentity", "alice", "bob")]}, "InvalidIdentityToken", "2 values"),
    ({"extra": [aws("SourceIdentity", "aws:alice")]}, "InvalidIdentityToken", "Source Identity"),
    ({"extra": [aws("SourceIdentity", "a b")]}, "InvalidIdentityToken", "Source Identity"),
    ({"extra": [aws(f"PrincipalTag:k{n}", "v") for n in range(51)]}, "InvalidIdentityToken", "more than 50"),
    ({"extra": [aws("PrincipalTag:", "v")]}, "InvalidIdentityToken", "1 to 128"),
    ({"extra": [aws("PrincipalTag:" + "k" * 129, "v")]}, "InvalidIdentityToken", "1 to 128"),
    ({"extra": [aws("PrincipalTag:k", "v" * 257)]}, "InvalidIdentityToken", "1 to 128"),
    ({"extra": [aws("PrincipalTag:k", "a,b")]}, "InvalidIdentityToken", "Tag must match"),
    ({"extra": [aws("PrincipalTag:k", "a\tb")]}, "InvalidIdentityToken", "Tag must match"),
    ({"extra": [aws("PrincipalTag:k&", "v")]}, "InvalidIdentityToken", "Tag must match"),
    ({"extra": [aws("PrincipalTag:Aws:k", "v")]}, "InvalidIdentityToken", "reserved"),
    ({"extra": [aws("PrincipalTag:Team", "v"), aws("PrincipalTag:team", "w")]}, "InvalidIdentityToken", "Duplicate tag"),
    ({"extra": [aws("PrincipalTag:k", "v", "w")]}, "InvalidIdentityToken", "2 values"),
    ({"extra": [aws("PrincipalTag:k", "v"), aws("TransitiveTagKeys", "k", "K")]}, "InvalidIdentityToken", "Dup.*trans"),
    ({"extra": [aws("PrincipalTag:k", "@").replace("@", "v<x xmlns='urn:y'/>w")]}, "InvalidIdentityToken", "child elem"),
    ({"extra": [aws("TransitiveTagKeys", "k")]}, "InvalidIdentityToken", "not the key"),
]


@pytest.mark.parametrize("fields, code, why", BAD_CLAIMS, ids=[str(n) for n in range(len(BAD_CLAIMS))])
def test_bad_claims(lab, fields, code, why):
    refused(lab, lab.saml(lab.idp.right(**fields)), code, why)


BAD_TIMES = [
    ({"issued": -301}, "ExpiredTokenException", "issued 30"),
    ({"issued": 60}, "InvalidIdentityToken", "in the future"),
    ({"confirm_until": -1}, "ExpiredTokenException", "SubjectConfirmationData"),
    ({"not_after": -1}, "ExpiredTokenException", "Conditions"),
    ({"not_before": 60}, "InvalidIdentityToken", "NotBefore is in the future"),
]


@pytest.mark.parametrize("fields, code, why", BAD_TIMES)
def test_bad_times(lab, fields, code, why):
    now = time.time()
    refused(lab, lab.saml(lab.idp.right(now=now, **{k: now + v for k, v in fields.items()})), code, why)


def test_times_without_a_zone(lab):
    root = lab.idp.unsigned()
    root.find("saml:Assertion", NS).set("IssueInstant", stamp(time.time())[:-1])
    refused(lab, lab.saml(lab.idp.sign(root)), "InvalidIdentityToken", "not a UTC instant")


def test_role_trust(lab):
    """PrincipalTag needs sts:TagSession, SourceIdentity needs sts:SetSourceIdentity; the role needs the provider."""
    plain = {"role": role("team/Plain")}
    ask = {"RoleArn": role("team/Plain")}
    assert lab.saml(lab.idp.right(**plain), **ask)["Arn"].endswith(":assumed-role/Plain/alice")
    tagged = lab.idp.right(**plain, extra=[aws("PrincipalTag:k", "v")])
    answer = lab.saml(tagged, **ask)
    refused(lab, answer, "AccessDenied", "sts:TagSession")
    assert answer.status == 403 and "sts:TagSession" in answer["Message"]
    sourced = lab.idp.right(**plain, extra=[aws("SourceIdentity", "alice")])
    refused(lab, lab.saml(sourced, **ask), "AccessDenied", "sts:SetSourceIdentity")
    for name, why in (("Untrusting", "trust policy"), ("Gone", "no such role")):
        refused(lab, lab.saml(lab.idp.right(role=role(name)), RoleArn=role(name)), "AccessDenied", why)


def test_provider(lab):
    refused(lab, lab.saml(PrincipalArn=provider("none")), "InvalidIdentityToken", "no metadata")
    # The other provider's assertions are signed by its key: this one's are not, whatever they say.
    refused(lab, lab.saml(PrincipalArn=provider("other")), "InvalidIdentityToken", "registered certificate")
    refused(lab, lab.saml(PrincipalArn=role("Admin")), "ValidationError", "PrincipalArn is invalid")


BAD_METADATA = [
    (lambda lab: b"\xef\xbb\xbf" + lab.idp.metadata(), "byte order mark"),
    (lambda lab: lab.idp.metadata()[:999], "shorter than 1,000"),
    (lambda lab: b'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">' + lab.idp.metadata()
     + b"</md:EntitiesDescriptor>", "root is not EntityDescriptor"),
    (lambda lab: twice(lab.idp.metadata(), b"<md:IDPSSODescriptor", b"</md:IDPSSODescriptor>"), "exactly one IDPSSO"),
    (lambda lab: lab.idp.metadata().replace(b"Certificate>MII", b"Certificate>AAA"), "cannot be read"),
    (lambda lab: b"<!DOCTYPE x>" + lab.idp.metadata(), "DTD"),
    (lambda lab: forger.metadata(lab.idp.entity_id, [lab.idp.certificate], stamp(time.time() - 1)), "validUntil"),
    (lambda lab: forger.metadata(lab.idp.entity_id, [lab.idp.certificate] * 11), "11 signing certificates"),
    (lambda lab: forger.metadata(lab.idp.entity_id, [weak_certificate()]), "2048 bits"),
    (lambda lab: lab.idp.metadata().replace(b"IDPSSODescriptor", b"SPSSODescriptor"), "schema"),
]


def twice(data, start, end):
    begin, after = data.index(start), data.index(end) + len(end)
    return data[:after] + data[begin:after] + data[after:]


def weak_certificate():
    return forger.new_certificate(forger.new_key(1024), "weak")


@pytest.mark.parametrize("make, why", BAD_METADATA)
def test_bad_metadata(lab, make, why):
    lab.write("later.xml", make(lab))
    refused(lab, lab.saml(lab.idp.right(role=role("Later"), provider=provider("later")), RoleArn=role("Later"),
                          PrincipalArn=provider("later")), "InvalidIdentityToken", why)


def test_metadata_that_comes_later(lab):
    if os.path.exists(lab.path("later.xml")):
        os.unlink(lab.path("later.xml"))
    ask = {"RoleArn": role("Later"), "PrincipalArn": provider("later")}
    right = lambda: lab.idp.right(role=role("Later"), provider=provider("later"))  # noqa: E731
    refused(lab, lab.saml(right(), **ask), "InvalidIdentityToken", "no metadata")
    lab.write("later.xml", lab.idp.metadata())
    assert lab.saml(right(), **ask).status == 200


# ---- XML and base64 ----

def test_comment_in_name_id(lab):
    """CVE-2017-11427 and its kin: the comment is not signed, and cuts the text in two for a careless reader."""
    data = etree.tostring(lab.idp.right())
    refused(lab, lab.saml(data.replace(b"1-2-3-1104", b"1-2-3-5<!---->104")), "InvalidIdentityToken", "comment")
    refused(lab, lab.saml(data.replace(b"3-1104", b"3-1<!---->104")), "InvalidIdentityToken", "comment")
    refused(lab, lab.saml(data + b"<!-- after -->"), "InvalidIdentityToken", "comment")
    refused(lab, lab.saml(data.replace(b"3-1104", b"3-1<?x y?>104")), "InvalidIdentityToken", "processing")


def test_dtd_and_encodings(lab):
    data = etree.tostring(lab.idp.right())
    bomb = b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + data
    refused(lab, lab.saml(bomb), "InvalidIdentityToken", "DTD")
    refused(lab, lab.saml(data.decode().encode("utf-16")), "InvalidIdentityToken", "UTF-8")
    latin = b'<?xml version="1.0" encoding="ISO-8859-1"?>' + data
    refused(lab, lab.saml(latin), "InvalidIdentityToken", "encoding")
    refused(lab, lab.saml(data[:-5]), "InvalidIdentityToken", "well-formed")
    refused(lab, lab.saml(b"no xml"), "InvalidIdentityToken", "well-formed")
    refused(lab, lab.saml(b"<a/>"), "InvalidIdentityToken", "root is not")


def test_base64(lab):
    padded = (encode(lab.idp.right(assertion_id="_" + "x" * n)) for n in range(1, 4))
    right = next(text for text in padded if text.endswith("="))
    broken = "\n".join(right[i:i + 76] for i in range(0, len(right), 76))
    for wrong in (broken, right + "\n", right.replace("A", "-", 1), right + "=", right.rstrip("="), "AAAAA", "\u00e9" * 8):
        refused(lab, lab.saml(wrong), "InvalidIdentityToken", "^not base64")
    refused(lab, lab.saml("QR=="), "InvalidIdentityToken", "canonical")  # as QQ==, with a stray bit
    refused(lab, lab.saml("AA="), "ValidationError", "between 4 and 100000")
    refused(lab, lab.saml("A" * 100_004), "ValidationError", "between 4 and 100000")


def test_element_order(lab):
    """saml-schema-assertion-2.0: Issuer, Signature, Subject, Conditions, then the statements."""
    root = lab.idp.unsigned()
    assertion = root.find("saml:Assertion", NS)
    assertion.append(assertion.find("saml:Conditions", NS))
    refused(lab, lab.saml(lab.idp.sign(root)), "InvalidIdentityToken", "schema")
    root = lab.idp.unsigned()
    root.append(root.find("samlp:Status", NS))
    refused(lab, lab.saml(lab.idp.sign(root)), "InvalidIdentityToken", "schema")


def test_assertion_count_and_place(lab):
    root = lab.idp.right()
    root.append(copy.deepcopy(root.find("saml:Assertion", NS)))
    refused(lab, lab.saml(root), "InvalidIdentityToken", "2 assertions")
    root = lab.idp.right()
    root.remove(root.find("saml:Assertion", NS))
    refused(lab, lab.saml(root), "InvalidIdentityToken", "0 assertions")
    root = lab.idp.right()
    extensions = etree.Element(f"{{{forger.SAMLP}}}Extensions")
    extensions.append(root.find("saml:Assertion", NS))
    root.insert(1, extensions)
    refused(lab, lab.saml(root), "InvalidIdentityToken", "directly below")
    root = lab.idp.right()
    root.find("saml:Assertion", NS).tag = "{urn:oasis:names:tc:SAML:1.0:assertion}Assertion"
    refused(lab, lab.saml(root), "InvalidIdentityToken", "directly below")
    root = lab.idp.right()
    extensions = etree.Element(f"{{{forger.SAMLP}}}Extensions")
    etree.SubElement(extensions, f"{{{forger.SAMLP}}}Response")
    root.insert(1, extensions)
    refused(lab, lab.saml(root), "InvalidIdentityToken", "more than one Response")
    alone = lab.idp.right().find("saml:Assertion", NS)
    refused(lab, lab.saml(alone), "InvalidIdentityToken", "root is not")


def test_log_has_no_secrets(lab):
    right = lab.idp.right()
    answer = lab.saml(right)
    with open(lab.log_file, encoding="utf-8") as file:
        text = file.read() + json.dumps(lab.log())
    for secret in (answer["SecretAccessKey"], answer["SessionToken"], encode(right)):
        assert secret not in text
