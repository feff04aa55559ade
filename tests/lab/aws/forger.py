# An identity provider for the stand-in's own tests: it signs right responses, and wrong ones in every way asked for.
# Signing is lxml's canonicalisation and OpenSSL's RSA, so that xmlsec1 on the other side is an independent judge.
#
# SPDX-License-Identifier: Apache-2.0

import base64
import hashlib
import time
from datetime import datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {"saml": SAML, "samlp": SAMLP, "ds": DS}
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DS + "enveloped-signature"
RSA_SHA1, RSA_SHA256 = DS + "rsa-sha1", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA1, SHA256 = DS + "sha1", "http://www.w3.org/2001/04/xmlenc#sha256"
RECIPIENT = "https://signin.aws.amazon.com/saml"

ROLE = "arn:aws:iam::111122223333:role/Admin"
PROVIDER = "arn:aws:iam::111122223333:saml-provider/corp"


def new_key(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def new_certificate(key, name, names=(), issuer=None, issuer_key=None, ca=False):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (x509.CertificateBuilder().subject_name(subject)
               .issuer_name(issuer.subject if issuer else subject).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(datetime.utcnow() - timedelta(days=1))
               .not_valid_after(datetime.utcnow() + timedelta(days=30))
               .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
    return builder.sign(issuer_key or key, hashes.SHA256())


def pem(thing):
    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(serialization.Encoding.PEM)
    return thing.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                               serialization.NoEncryption())


def der_b64(certificate):
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def stamp(seconds):
    return datetime.utcfromtimestamp(int(seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def attribute(name, *values):
    inner = "".join(f"<saml:AttributeValue>{escape(v)}</saml:AttributeValue>" for v in values)
    return f"<saml:Attribute Name={quoteattr(name)}>{inner}</saml:Attribute>"


def aws(name, *values):
    return attribute(ATTRIBUTES + name, *values)


def metadata(entity_id, certificates, valid_until=None):
    keys = "".join(
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{der_b64(c)}'
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>" for c in certificates)
    return (f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="{DS}" '
            f'entityID="{entity_id}" validUntil="{valid_until or stamp(time.time() + 86400)}">'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}">{keys}'
            '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" '
            'Location="https://idp.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>').encode()


class Idp:
    def __init__(self, entity_id="https://idp.example/awsfed"):
        self.entity_id = entity_id
        self.key = new_key()
        self.certificate = new_certificate(self.key, "idp.example")

    def metadata(self):
        return metadata(self.entity_id, [self.certificate])

    def unsigned(self, now=None, attributes=None, extra=(), **f):
        """
        The right response, or one with fields of another value: their names are those that field() is called with
        below. `attributes` stands in for all attributes, `extra` is added to them.
        """
        now = time.time() if now is None else now
        field = f.pop

        issuer = field("issuer", self.entity_id)
        recipient = field("recipient", RECIPIENT)
        issued = field("issued", now)
        audience = field("audience", "urn:amazon:webservices")
        data = field("confirmation_data",
                     f'NotOnOrAfter="{stamp(field("confirm_until", now + 300))}" Recipient="{recipient}"')
        method = field("method", "urn:oasis:names:tc:SAML:2.0:cm:bearer")
        confirmation = (f'<saml:SubjectConfirmation Method="{method}">'
                        f"<saml:SubjectConfirmationData {data}/></saml:SubjectConfirmation>")
        restriction = ("<saml:AudienceRestriction><saml:Audience>" + audience
                       + "</saml:Audience></saml:AudienceRestriction>" if audience else "")
        if attributes is None:
            attributes = [aws("Role", f'{field("role", ROLE)},{field("provider", PROVIDER)}'),
                          aws("RoleSessionName", field("session_name", "alice")),
                          aws("SessionDuration", field("duration", "43200"))]
        name_id = field("name_id", '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">'
                        "S-1-5-21-1-2-3-1104</saml:NameID>")
        destination = field("destination", f' Destination="{recipient}"')
        text = (
            f'<samlp:Response xmlns:samlp="{SAMLP}" ID="_response" IssueInstant="{stamp(issued)}" '
            f'Version="{field("response_version", "2.0")}"'
            f'{destination}{field("response_attributes", "")}>'
            f'<saml:Issuer xmlns:saml="{SAML}">{escape(field("response_issuer", issuer))}</saml:Issuer>'
            '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:'
            f'{field("status", "Success")}"/></samlp:Status>'
            f'<saml:Assertion xmlns:saml="{SAML}" ID="{field("assertion_id", f"_a{time.time_ns()}")}" '
            f'IssueInstant="{stamp(issued)}" Version="{field("version", "2.0")}">'
            f"<saml:Issuer>{escape(issuer)}</saml:Issuer>"
            f'<saml:Subject>{name_id}{confirmation * field("confirmations", 1)}</saml:Subject>'
            f'<saml:Conditions NotBefore="{stamp(field("not_before", now - 60))}" '
            f'NotOnOrAfter="{stamp(field("not_after", now + 300))}">'
            f'{restriction * field("audiences", 1)}</saml:Conditions>'
            + field("authn", f'<saml:AuthnStatement AuthnInstant="{stamp(now - 5)}"{field("authn_attributes", "")}>'
                    "<saml:AuthnContext><saml:AuthnContextClassRef>"
                    "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken</saml:AuthnContextClassRef>"
                    "</saml:AuthnContext></saml:AuthnStatement>")
            + f'<saml:AttributeStatement>{"".join([*attributes, *extra])}</saml:AttributeStatement></saml:Assertion>'
            "</samlp:Response>")
        assert not f, f"no such field: {f}"
        return etree.fromstring(text)

    def sign(self, root, target=None, key=None, uri=None, transforms=(ENVELOPED, EXC_C14N), c14n=EXC_C14N,
             method=RSA_SHA256, digest=SHA256, key_info="", after_issuer=True):
        """Put a Signature over `target` (the assertion) into it. Every algorithm may be another."""
        target = root.find(".//saml:Assertion", NS) if target is None else target
        key = key or self.key
        reference = f'#{target.get("ID")}' if uri is None else uri
        octets = etree.tostring(target, method="c14n", exclusive=True, with_comments=False)
        hashed = base64.b64encode((hashlib.sha1 if digest == SHA1 else hashlib.sha256)(octets).digest()).decode()
        signature = etree.fromstring(
            f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{c14n}"/>'
            f'<ds:SignatureMethod Algorithm="{method}"/><ds:Reference URI="{reference}"><ds:Transforms>'
            + "".join(f'<ds:Transform Algorithm="{t}"/>' for t in transforms)
            + f'</ds:Transforms><ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue>{hashed}</ds:DigestValue>'
            f"</ds:Reference></ds:SignedInfo><ds:SignatureValue/>{key_info}</ds:Signature>")
        target.insert(1 if after_issuer else len(target), signature)
        info = etree.tostring(signature[0], method="c14n", exclusive=c14n == EXC_C14N, with_comments=False)
        algorithm = hashes.SHA1() if method == RSA_SHA1 else hashes.SHA256()
        signature[1].text = base64.b64encode(key.sign(info, padding.PKCS1v15(), algorithm)).decode()
        return root

    def right(self, **fields):
        return self.sign(self.unsigned(**fields))


def encode(root):
    data = root if isinstance(root, bytes) else etree.tostring(root)
    return base64.b64encode(data).decode()
