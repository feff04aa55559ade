# An identity provider's SAML metadata, as IAM's CreateSAMLProvider takes it: an entityID and signing certificates.
# This is the only place that a certificate is trusted from; what a response carries in its KeyInfo is never looked at.
#
# SPDX-License-Identifier: Apache-2.0
"""IAM User Guide, "Create a SAML identity provider in IAM"; saml-metadata-2.0 sections 2.3.2 and 2.4.3."""

import base64
import binascii
import time
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from xml_strict import MD, NS, check_schema, instant, parse, text_of

KEYS_MAX = 10  # IAM and STS quotas: "Maximum number of keys in a SAML provider"
RSA_BITS_MIN = 2048
SIZE_MAX = 10_000_000  # CreateSAMLProvider: SAMLMetadataDocument up to 10,000,000 characters


@dataclass(frozen=True)
class Metadata:
    entity_id: str
    certificates: tuple  # PEM, in the document's order
    valid_until: float  # Unix seconds, infinity when not given


def read_metadata(data, now=None):
    """Metadata from the bytes of the document, or ValueError that says which rule it breaks."""
    if not 1000 <= len(data) <= SIZE_MAX:
        raise ValueError("metadata is shorter than 1,000 or longer than 10,000,000 characters")
    root = parse(data)
    if root.tag != f"{{{MD}}}EntityDescriptor":
        raise ValueError("root is not EntityDescriptor")
    check_schema(root, "metadata")
    roles = root.findall("md:IDPSSODescriptor", NS)
    if len(roles) != 1:
        raise ValueError("not exactly one IDPSSODescriptor")
    valid_until = root.get("validUntil")
    ends = instant(valid_until) if valid_until else float("inf")
    if ends <= (time.time() if now is None else now):
        raise ValueError(f"validUntil {valid_until} has passed")
    certificates = []
    for descriptor in roles[0].findall("md:KeyDescriptor", NS):
        # saml-metadata-2.0 section 2.4.1.1: without `use` a key is for both.
        if descriptor.get("use", "signing") == "signing":
            certificates += [_certificate(text_of(e)) for e in descriptor.iterfind(".//ds:X509Certificate", NS)]
    if not 1 <= len(certificates) <= KEYS_MAX:
        raise ValueError(f"has {len(certificates)} signing certificates, not 1 to {KEYS_MAX}")
    return Metadata(root.get("entityID"), tuple(certificates), ends)


def _certificate(text):
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode("".join(text.split()), validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("a signing certificate cannot be read") from None
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < RSA_BITS_MIN:
        raise ValueError(f"a signing key is not RSA of {RSA_BITS_MIN} bits or more")
    return certificate.public_bytes(Encoding.PEM)
