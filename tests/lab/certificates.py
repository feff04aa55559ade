"""The lab's own certificate authority, and certificates from it, good ones and bad ones for refusals.

SPDX-License-Identifier: Apache-2.0
"""
import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab import places

CA_FILE = places.PKI / "ca.pem"


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as files."""
    certificate: Path
    key: Path


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _save(name, key, certificate):
    pair = Pair(places.PKI / f"{name}.pem", places.PKI / f"{name}.key")
    places.PKI.mkdir(parents=True, exist_ok=True)
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    descriptor = os.open(pair.key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
    return pair


def _builder(subject, issuer, public_key, days):
    """Valid from yesterday for some days; for days below zero, over already."""
    now = datetime.datetime.utcnow()
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
            .public_key(public_key).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1 + abs(days)))
            .not_valid_after(now + datetime.timedelta(days=days)))


def make_authority(name="ca"):
    """A certificate authority in the files NAME.pem and NAME.key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(f"awsfed lab {name}")
    certificate = (_builder(subject, subject, key.public_key(), 30)
                   .add_extension(x509.BasicConstraints(True, 0), critical=True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
                   .sign(key, hashes.SHA256()))
    return _save(name, key, certificate)


def issue(name, *hosts, authority="ca", days=30):
    """A server certificate for one or more host names, in the files NAME.pem and NAME.key."""
    ca = x509.load_pem_x509_certificate((places.PKI / f"{authority}.pem").read_bytes())
    ca_key = serialization.load_pem_private_key(
        (places.PKI / f"{authority}.key").read_bytes(), None)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (_builder(_name(hosts[0]), ca.subject, key.public_key(), days)
                   .add_extension(x509.BasicConstraints(False, None), critical=True)
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), False)
                   .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.public_key()), False)
                   .sign(ca_key, hashes.SHA256()))
    return _save(name, key, certificate)


def set_up():
    """What the lab runs with, and one bad certificate of each kind for the domain controller."""
    make_authority()
    make_authority("other-ca")
    issue("dc1", places.DC1[1])
    issue("sts", *places.STS[1:])
    issue("dc1-other-ca", places.DC1[1], authority="other-ca")
    issue("dc1-other-name", "dc9.corp.example.com")
    issue("dc1-expired", places.DC1[1], days=-1)
