# A web identity token as STS takes it: a JWS in compact form, checked against the provider's published documents.
# The documents are the files that `awsfed-admin oidc metadata` writes, found below the provider's folder as AWS
# finds them below the issuer's address.
#
# SPDX-License-Identifier: Apache-2.0
"""
RFC 7515, RFC 7517, RFC 7518, RFC 7519; OpenID Connect Discovery 1.0 section 4; IAM User Guide, "Create an OpenID
Connect identity provider", "Pass session tags using AssumeRoleWithWebIdentity", STS "SourceIdentity" in tokens.
"""

import base64
import json
import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlparse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from refusal import Refusal

TAGS = "https://aws.amazon.com/tags"
SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"
NEEDED = {"iss": str, "sub": str, "aud": str, "iat": int, "exp": int}
KNOWN = set(NEEDED) | {"nbf", "jti", TAGS, SOURCE_IDENTITY}
CLOCK_S = 300  # how far ahead an iat may be
LIFE_MAX_S = 24 * 3600


@dataclass
class Claims:
    issuer: str
    subject: str
    audience: str
    token_id: str
    source_identity: str = None
    tags: list = field(default_factory=list)
    transitive: list = field(default_factory=list)


def _bad(why):
    return Refusal("InvalidIdentityToken", "The web identity token that was passed could not be validated.", why)


def _unpack(text):
    """base64url without padding, in its one canonical form (RFC 7515 section 2)."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text, re.ASCII):
        raise _bad("not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise _bad("base64url with stray bits")
    return data


def _object(text):
    def pairs(items):
        made = dict(items)
        if len(made) != len(items):
            raise ValueError("a name twice")
        return made
    try:
        value = json.loads(_unpack(text).decode("utf-8"), object_pairs_hook=pairs)
    except ValueError as error:
        raise _bad(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise _bad("not a JSON object")
    return value


def _document(folder, path):
    try:
        with open(os.path.join(folder, path.lstrip("/")), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise Refusal("IDPCommunicationError", "Couldn't retrieve verification key from your identity provider",
                      f"{path}: {error}") from None


def published_keys(issuer, folder):
    """The key set, by way of the discovery document."""
    discovery = _document(folder, "/.well-known/openid-configuration")
    missing = {"issuer", "jwks_uri", "response_types_supported", "subject_types_supported",
               "id_token_signing_alg_values_supported"} - set(discovery)
    if missing:
        raise _bad(f"the discovery document lacks {sorted(missing)}")
    if discovery["issuer"] != issuer:
        raise _bad("the discovery document is another issuer's")
    uri = urlparse(discovery["jwks_uri"])
    if uri.scheme != "https" or not discovery["jwks_uri"].startswith(issuer + "/"):
        raise _bad("jwks_uri is not https below the issuer")
    return _document(folder, discovery["jwks_uri"][len(issuer):])["keys"]


def _number(text):
    return int.from_bytes(_unpack(text), "big")


def _public_key(jwk):
    if jwk["kty"] == "RSA":
        return rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
    if jwk["kty"] == "EC" and jwk["crv"] == "P-256" and len(_unpack(jwk["x"])) == len(_unpack(jwk["y"])) == 32:
        return ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), ec.SECP256R1()).public_key()
    raise _bad("a key of another kind")


def _check_signature(header, signed, signature, keys):
    """The algorithm is the key's, not the token's to choose (RFC 8725 section 3.1)."""
    fitting = [key for key in keys if key.get("kid") == header.get("kid") and key.get("use", "sig") == "sig"]
    if len(fitting) != 1:
        raise _bad(f"{len(fitting)} published keys have this kid")
    jwk, = fitting
    if set(jwk) & {"d", "p", "q", "k"}:
        raise _bad("the private key is published")
    key = _public_key(jwk)
    wanted = "RS256" if isinstance(key, rsa.RSAPublicKey) else "ES256"
    if header.get("alg") != wanted or jwk.get("alg", wanted) != wanted:
        raise _bad("alg does not fit the key")
    try:
        if wanted == "RS256":
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            if len(signature) != 64:
                raise _bad("an ES256 signature has 64 bytes")
            both = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
            key.verify(both, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise _bad("the signature is wrong") from None


def _check_times(claims, now):
    if claims["exp"] <= now:
        raise Refusal("ExpiredTokenException", "Token expired: current date/time is past its exp")
    if claims["iat"] > now + CLOCK_S or claims.get("nbf", 0) > now:
        raise _bad("from the future")
    if claims["exp"] - claims["iat"] > LIFE_MAX_S or claims["exp"] <= claims["iat"]:
        raise _bad("its life is none")


def _tags(claims):
    about = claims.get(TAGS, {})
    if not isinstance(about, dict) or set(about) - {"principal_tags", "transitive_tag_keys"}:
        raise _bad("the tags claim is malformed")
    pairs = []
    for key, values in about.get("principal_tags", {}).items():
        if not isinstance(values, list) or len(values) != 1 or not isinstance(values[0], str):
            raise _bad("a principal tag is not a list of one string")
        pairs.append((key, values[0]))
    return pairs, about.get("transitive_tag_keys", [])


def verify(token, find_provider, now):
    """
    The Claims of a token, or Refusal.
        find_provider   from the issuer to (folder of its documents, audiences); KeyError when it is not registered
    """
    if not 4 <= len(token) <= 20000:
        raise Refusal("ValidationError", "WebIdentityToken must have 4 to 20000 characters")
    parts = token.split(".")
    if len(parts) != 3:
        raise _bad("not three parts")
    header, claims, signature = _object(parts[0]), _object(parts[1]), _unpack(parts[2])
    if set(header) - {"alg", "kid", "typ"} or header.get("typ", "JWT") != "JWT":
        raise _bad("unknown header")
    for name, kind in NEEDED.items():
        if not isinstance(claims.get(name), kind) or isinstance(claims.get(name), bool) or claims[name] == "":
            raise _bad(f"{name} is missing or malformed")
    if set(claims) - KNOWN:
        raise _bad(f"claims that nobody reads: {sorted(set(claims) - KNOWN)}")
    try:
        folder, audiences = find_provider(claims["iss"])
    except KeyError:
        raise _bad("no OIDC provider for this issuer") from None
    _check_signature(header, f"{parts[0]}.{parts[1]}".encode(), signature, published_keys(claims["iss"], folder))
    if claims["aud"] not in audiences:
        raise _bad("another audience")
    _check_times(claims, now)
    tags, transitive = _tags(claims)
    return Claims(claims["iss"], claims["sub"], claims["aud"], claims.get("jti"), claims.get(SOURCE_IDENTITY), tags,
                  transitive)
