#!/usr/bin/python3
# Other people's programs judge a SAML response of ours: the OASIS schemas, libxml2's exclusive
# canonicalisation, xmlsec1, and pysaml2 as the service provider that trusts our metadata.
# SPDX-License-Identifier: Apache-2.0
"""judge_saml.py RESPONSE METADATA CERTIFICATE AUDIENCE RECIPIENT [NAME=HEX-OF-VALUE ...]"""

import base64
import hashlib
import subprocess
import sys
import tempfile

import saml2
from lxml import etree
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.xml.schema import schema_saml_metadata, schema_saml_protocol

NS = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}


def schema(judge, name, text):
    judge.validate(text.decode("utf-8"))
    print("valid by the OASIS schemas:", name)


def exclusive(element):
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def canonical(raw):
    """What we wrote is what libxml2 makes of it: the assertion without its signature, and SignedInfo."""
    tree = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))
    (assertion,) = tree.findall("saml:Assertion", NS)
    (signature,) = assertion.findall("ds:Signature", NS)
    (info,) = signature.findall("ds:SignedInfo", NS)
    start, end = raw.index(b"<ds:SignedInfo"), raw.index(b"</ds:SignedInfo>") + 16
    assert exclusive(info) == raw[start:end], "SignedInfo is not canonical"

    assert [child.tag.split("}")[1] for child in assertion] == [
        "Issuer", "Signature", "Subject", "Conditions", "AuthnStatement", "AttributeStatement"]
    digest = signature.findtext(".//ds:DigestValue", namespaces=NS)
    assertion.remove(signature)
    ours = raw[raw.index(b"<saml:Assertion"):raw.index(b"</saml:Assertion>") + 17]
    cut, resume = ours.index(b"<ds:Signature "), ours.index(b"</ds:Signature>") + 15
    ours = ours[:cut] + ours[resume:]
    assert exclusive(assertion) == ours, "the assertion is not canonical"
    assert base64.b64encode(hashlib.sha256(ours).digest()).decode() == digest
    assert tree.get("InResponseTo") is None
    assert tree.get("Destination") == assertion.find(".//saml:SubjectConfirmationData", NS).get("Recipient")
    assert tree.get("ID") != assertion.get("ID")
    print("canonical, and digested as libxml2 and hashlib do")
    return assertion


def attributes(assertion, expected):
    seen = {}
    for attribute in assertion.findall(".//saml:Attribute", NS):
        assert attribute.get("Name") not in seen, "an attribute stands twice"
        seen[attribute.get("Name")] = [value.text or "" for value in attribute]
    seen["NameID"] = [assertion.findtext(".//saml:NameID", namespaces=NS)]
    wanted = {}
    for pair in expected:
        name, _, value = pair.rpartition("=")
        wanted.setdefault(name, []).append(bytes.fromhex(value).decode("utf-8"))
    assert seen == wanted, f"attributes differ:\n  seen   {seen}\n  wanted {wanted}"
    print("every attribute arrives as it was given:", len(seen))


def xmlsec(path, certificate):
    subprocess.run(
        ["xmlsec1", "--verify", "--enabled-reference-uris", "same-doc",
         "--id-attr:ID", NS["saml"] + ":Assertion", "--pubkey-cert-pem", certificate, path],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print("verified by xmlsec1")


def service_provider(raw, metadata, audience, recipient):
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        file.write(metadata)
        file.flush()
        config = SPConfig().load({
            "entityid": audience,
            "xmlsec_binary": "/usr/bin/xmlsec1",
            "allow_unknown_attributes": True,
            "metadata": {"local": [file.name]},
            "service": {"sp": {
                "endpoints": {"assertion_consumer_service": [(recipient, saml2.BINDING_HTTP_POST)]},
                "allow_unsolicited": True, "want_assertions_signed": True, "want_response_signed": False,
            }},
        })
        answer = Saml2Client(config).parse_authn_request_response(
            base64.b64encode(raw).decode(), saml2.BINDING_HTTP_POST)
    assert answer is not None and answer.assertion is not None, "pysaml2 refuses it"
    assert answer.name_id.format == saml2.saml.NAMEID_FORMAT_PERSISTENT
    print("accepted by pysaml2 for", answer.name_id.text)


def main():
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    path, metadata_path, certificate, audience, recipient = sys.argv[1:6]
    with open(path, "rb") as file:
        raw = file.read()
    with open(metadata_path, "rb") as file:
        metadata = file.read()
    schema(schema_saml_protocol, "response", raw)
    schema(schema_saml_metadata, "metadata", metadata)
    attributes(canonical(raw), sys.argv[6:])
    xmlsec(path, certificate)
    service_provider(raw, metadata, audience, recipient)


if __name__ == "__main__":
    main()
