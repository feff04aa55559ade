# Is this very assertion signed by a key that is registered for the provider? Guards against signature wrapping.
# xmlsec1 does the cryptography; what is here makes sure that what xmlsec1 verifies is what the rest will read.
#
# SPDX-License-Identifier: Apache-2.0
"""saml-core-2.0 section 5.4 (signature profile); XML Signature Syntax and Processing; "On Breaking SAML", 2012."""

import base64
import binascii
import copy
import hashlib
import os
import subprocess

from lxml import etree

from xml_strict import DS, NS, SAML, text_of

EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

TIMEOUT_S = 10


def check_signature(document, root, assertion, certificates):
    """
    ValueError unless `assertion`, an element of `root`, is signed by one of the certificates (PEM).
    `document` are the bytes that `root` was parsed from: xmlsec1 gets what was received, not what we wrote.
    """
    _check_ids(root)
    signature = _own_signature(root, assertion)
    reference = _check_form(signature, assertion)
    _check_digest(assertion, signature, reference)
    if not any(_xmlsec_verifies(document, certificate) for certificate in certificates):
        raise ValueError("signature does not verify with a registered certificate")


def _check_ids(root):
    """An ID names one element: XML ID uniqueness, on which the meaning of Reference/@URI rests (XSW)."""
    ids = [value for value in root.xpath("//@ID | //@Id | //@id | //@xml:id")]
    if len(ids) != len(set(ids)):
        raise ValueError("an ID is there twice")


def _own_signature(root, assertion):
    """The one Signature of the document, which has to be a child of the assertion (saml-core-2.0 section 5.4.1)."""
    signatures = root.xpath("//ds:Signature", namespaces=NS)
    if len(signatures) != 1:
        raise ValueError(f"has {len(signatures)} signatures, not one")
    if signatures[0].getparent() is not assertion:
        raise ValueError("the signature is not a child of the assertion")
    return signatures[0]


def _only(parent, path):
    found = parent.findall(path, NS)
    if len(found) != 1:
        raise ValueError(f"not exactly one {path} in the signature")
    return found[0]


def _algorithm(element, wanted):
    """The element names exactly this algorithm and gives it no parameters (InclusiveNamespaces, HMACOutputLength)."""
    if element.get("Algorithm") != wanted or len(element):
        raise ValueError(f"{etree.QName(element).localname} is not plain {wanted}")


def _check_form(signature, assertion):
    """
    saml-core-2.0 sections 5.4.2 to 5.4.4: one Reference, to the ID of the element signed, with the enveloped
    signature and exclusive canonicalisation transforms; and RSA-SHA256 alone: no SHA-1, no HMAC with a public key.
    """
    if signature.findall("ds:Object", NS):
        raise ValueError("the signature has an Object")
    info = _only(signature, "ds:SignedInfo")
    _algorithm(_only(info, "ds:CanonicalizationMethod"), EXC_C14N)
    _algorithm(_only(info, "ds:SignatureMethod"), RSA_SHA256)
    reference = _only(info, "ds:Reference")
    if reference.get("URI") != "#" + assertion.get("ID"):
        raise ValueError("the signature refers to something other than its assertion")
    transforms = _only(reference, "ds:Transforms").findall("*")
    if len(transforms) != 2 or any(t.tag != f"{{{DS}}}Transform" for t in transforms):
        raise ValueError("not exactly two transforms")
    _algorithm(transforms[0], ENVELOPED)
    _algorithm(transforms[1], EXC_C14N)
    _algorithm(_only(reference, "ds:DigestMethod"), SHA256)
    return reference


def _check_digest(assertion, signature, reference):
    """
    The element in our hands has the digest that was signed. xmlsec1 says this too, of the element that it found;
    computed here of ours, the two are one element whatever the document's shape.
    """
    # The enveloped transform takes the signature out, and nothing else: lxml would take the text after it along.
    bare = copy.deepcopy(assertion)
    bare.tail = None
    position = assertion.index(signature)
    if position == 0 or (signature.tail or "").strip():
        raise ValueError("the signature is not where the schema has it")
    bare[position - 1].tail = (bare[position - 1].tail or "") + (signature.tail or "")
    bare.remove(bare[position])
    digest = hashlib.sha256(etree.tostring(bare, method="c14n", exclusive=True, with_comments=False)).digest()
    try:
        signed = base64.b64decode("".join(text_of(_only(reference, "ds:DigestValue")).split()), validate=True)
    except binascii.Error:
        raise ValueError("DigestValue is not base64") from None
    if signed != digest:
        raise ValueError("the assertion was altered after it was signed")


def _memory_file(name, data):
    fd = os.memfd_create(name)
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _xmlsec_verifies(document, certificate):
    """
    xmlsec1 with one key. key-name alone is enabled of the ways to find a key, so that a KeyValue or an
    X509Certificate within the document is not looked at; references stay inside the document.
    """
    fds = [_memory_file("response", document), _memory_file("certificate", certificate)]
    try:
        done = subprocess.run(
            ["xmlsec1", "--verify", "--enabled-key-data", "key-name", "--enabled-reference-uris", "same-doc",
             "--id-attr:ID", f"{SAML}:Assertion", "--pubkey-cert-pem", f"/proc/self/fd/{fds[1]}",
             f"/proc/self/fd/{fds[0]}"],
            pass_fds=fds, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_S, check=False)
    finally:
        for fd in fds:
            os.close(fd)
    return done.returncode == 0
