# Signatures that must not count: none, another key's, of another thing, weak ones, and the wrapping attacks.
# Each refusal is for its own reason, which is read from the request log.
#
# SPDX-License-Identifier: Apache-2.0

import base64
import copy

import pytest
from lxml import etree

import forger
from forger import EXC_C14N, NS, encode
from harness import refused


def test_unsigned(lab):
    refused(lab, lab.saml(lab.idp.unsigned()), "InvalidIdentityToken", "0 signatures")


def key_value(key):
    numbers = key.public_key().public_numbers()
    number = lambda n: base64.b64encode(n.to_bytes(-(-n.bit_length() // 8), "big")).decode()  # noqa: E731
    return ("<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>" + number(numbers.n) + "</ds:Modulus><ds:Exponent>"
            + number(numbers.e) + "</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>")


def x509_data(certificate):
    return (f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{forger.der_b64(certificate)}</ds:X509Certificate>"
            "</ds:X509Data></ds:KeyInfo>")


def test_another_key_even_when_the_document_brings_it(lab):
    stranger = forger.Idp(lab.idp.entity_id)
    for info in ("", key_value(stranger.key), x509_data(stranger.certificate), x509_data(lab.idp.certificate)):
        forged = lab.idp.sign(lab.idp.unsigned(), key=stranger.key, key_info=info)
        answer = lab.saml(forged)
        refused(lab, answer, "InvalidIdentityToken", "registered certificate")
        assert answer["Message"] == "Response signature invalid"
    # KeyInfo is a hint: with the right key any of it is fine.
    for info in (x509_data(lab.idp.certificate), x509_data(stranger.certificate)):
        assert lab.saml(lab.idp.sign(lab.idp.unsigned(), key_info=info)).status == 200


def test_altered_after_signing(lab):
    data = etree.tostring(lab.idp.right())
    for old, new in ((b">alice<", b">admin<"), (b"role/Admin", b"role/Later"), (b">43200<", b">43100<"),
                     (b"S-1-5-21-1-2-3-1104", b"S-1-5-21-1-2-3-500 ")):
        assert data.count(old) == 1
        refused(lab, lab.saml(data.replace(old, new)), "InvalidIdentityToken", "altered after")


def test_signed_digest_replaced(lab):
    """Digest made to fit the altered assertion: then SignedInfo is not what was signed."""
    root = lab.idp.right(session_name="admin")
    other = lab.idp.right(assertion_id=root.find("saml:Assertion", NS).get("ID"))
    root.find(".//ds:SignatureValue", NS).text = other.find(".//ds:SignatureValue", NS).text
    refused(lab, lab.saml(root), "InvalidIdentityToken", "registered certificate")


BAD_SIGNATURES = [
    ({"method": forger.RSA_SHA1}, "SignatureMethod"),
    ({"digest": forger.SHA1}, "DigestMethod"),
    ({"method": forger.DS + "hmac-sha1"}, "SignatureMethod"),
    ({"c14n": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"}, "CanonicalizationMethod"),
    ({"c14n": EXC_C14N + "WithComments"}, "CanonicalizationMethod"),
    ({"transforms": (EXC_C14N,)}, "two transforms"),
    ({"transforms": (EXC_C14N, forger.ENVELOPED)}, "Transform is not plain"),
    ({"transforms": (forger.ENVELOPED, EXC_C14N, EXC_C14N)}, "two transforms"),
    ({"transforms": (forger.ENVELOPED, EXC_C14N + "WithComments")}, "Transform is not plain"),
    ({"transforms": (forger.ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116")}, "Transform is not plain"),
    ({"uri": ""}, "refers to something other"),
    ({"uri": "#_response"}, "refers to something other"),
    ({"uri": "#xpointer(/)"}, "refers to something other"),
    ({"after_issuer": False}, "schema"),
]


@pytest.mark.parametrize("how, why", BAD_SIGNATURES)
def test_bad_signatures(lab, how, why):
    refused(lab, lab.saml(lab.idp.sign(lab.idp.unsigned(), **how)), "InvalidIdentityToken", why)


def test_response_signed_in_place_of_the_assertion(lab):
    root = lab.idp.unsigned()
    lab.idp.sign(root, target=root)
    refused(lab, lab.saml(root), "InvalidIdentityToken", "not a child of the assertion")


def test_response_signed_as_well(lab):
    root = lab.idp.right()
    lab.idp.sign(root, target=root)
    refused(lab, lab.saml(root), "InvalidIdentityToken", "2 signatures")


def test_two_references(lab):
    root = lab.idp.right()
    info = root.find(".//ds:SignedInfo", NS)
    info.append(copy.deepcopy(info.find("ds:Reference", NS)))
    refused(lab, lab.saml(root), "InvalidIdentityToken", "not exactly one ds:Reference")


def test_object_in_the_signature(lab):
    """The enveloped transform leaves it out of what is signed, so anybody can put it there."""
    root = lab.idp.right()
    etree.SubElement(root.find(".//ds:Signature", NS), f"{{{forger.DS}}}Object").text = "anything"
    refused(lab, lab.saml(root), "InvalidIdentityToken", "Object")


def test_prefix_list(lab):
    root = lab.idp.right()
    etree.SubElement(root.findall(".//ds:Transform", NS)[1], f"{{{EXC_C14N}}}InclusiveNamespaces", PrefixList="xs")
    refused(lab, lab.saml(root), "InvalidIdentityToken", "Transform is not plain")


# ---- Signature wrapping, in the shapes that "On Breaking SAML" and its tools number XSW1 to XSW8 ----

def evil_of(original):
    evil = copy.deepcopy(original)
    evil.set("ID", "_evil")
    for value in evil.iterfind(".//saml:AttributeValue", NS):
        value.text = "root" if value.text == "alice" else value.text
    signature = evil.find(f".//{{{forger.DS}}}Signature")
    if signature is not None:
        signature.getparent().remove(signature)
    return evil


def xsw1(root, original, signature):
    """Evil Response; the signed one, whole, inside the Signature."""
    evil = evil_of(root)
    bare = copy.deepcopy(root)
    bare.remove(bare.find("ds:Signature", NS))
    signature.append(bare)
    evil.insert(1, signature)
    return evil


def xsw2(root, original, signature):
    """As XSW1, the signed Response before a detached Signature."""
    evil = evil_of(root)
    bare = copy.deepcopy(root)
    bare.remove(bare.find("ds:Signature", NS))
    evil.insert(1, bare)
    evil.insert(2, signature)
    return evil


def xsw3(root, original, signature):
    """Evil assertion before the signed one."""
    root.insert(list(root).index(original), evil_of(original))
    return root


def xsw4(root, original, signature):
    """The signed assertion inside the evil one."""
    evil = evil_of(original)
    root.replace(original, evil)
    evil.append(original)
    return root


def xsw5(root, original, signature):
    """The signature in the evil assertion, the signed one after it."""
    evil = evil_of(original)
    root.replace(original, evil)
    original.remove(signature)
    evil.insert(1, signature)
    root.append(original)
    return root


def xsw6(root, original, signature):
    """The signature in the evil assertion, the signed one in the signature."""
    evil = evil_of(original)
    root.replace(original, evil)
    original.remove(signature)
    evil.insert(1, signature)
    signature.append(original)
    return root


def xsw7(root, original, signature):
    """Evil assertion in Extensions, where schemas are lax."""
    extensions = etree.Element(f"{{{forger.SAMLP}}}Extensions")
    extensions.append(evil_of(original))
    root.insert(1, extensions)
    return root


def xsw8(root, original, signature):
    """The signed assertion in an Object of the signature, the evil one around it."""
    evil = evil_of(original)
    root.replace(original, evil)
    original.remove(signature)
    holder = etree.SubElement(signature, f"{{{forger.DS}}}Object")
    holder.append(original)
    evil.insert(1, signature)
    return root


@pytest.mark.parametrize("wrap", [xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8])
def test_signature_wrapping(lab, wrap):
    root = lab.idp.unsigned()
    if wrap in (xsw1, xsw2):
        lab.idp.sign(root, target=root)
    else:
        lab.idp.sign(root)
    wrapped = wrap(root, root.find("saml:Assertion", NS), root.find(".//ds:Signature", NS))
    refused(lab, lab.saml(encode(wrapped)), "InvalidIdentityToken", "more than one Response|assertions, not one")


def test_wrapping_with_one_assertion(lab):
    """What was signed is renamed and hidden; the one assertion left is the evil one and borrows its ID or reference."""
    def hidden(root, original, signature, same_id):
        evil = evil_of(original)
        root.replace(original, evil)
        evil.insert(1, signature)
        original.tag = "{urn:made-up}Was"
        holder = etree.SubElement(signature, f"{{{forger.DS}}}Object")
        holder.append(original)
        if same_id:
            evil.set("ID", original.get("ID"))
        return root

    for same_id, why in ((False, "Object|refers to something other"), (True, "twice|schema")):
        root = lab.idp.right()
        wrapped = hidden(root, root.find("saml:Assertion", NS), root.find(".//ds:Signature", NS), same_id)
        refused(lab, lab.saml(wrapped), "InvalidIdentityToken", why)


def test_same_id_elsewhere(lab):
    """An ID that two elements have, whatever the attribute's case or prefix, has no meaning."""
    for name in ("Id", "id", "{http://www.w3.org/XML/1998/namespace}id"):
        root = lab.idp.right()
        extensions = etree.Element(f"{{{forger.SAMLP}}}Extensions")
        etree.SubElement(extensions, "{urn:made-up}x").set(name, root.find("saml:Assertion", NS).get("ID"))
        root.insert(1, extensions)
        refused(lab, lab.saml(root), "InvalidIdentityToken", "twice|schema")
