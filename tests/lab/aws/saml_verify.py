# A SAMLAssertion parameter to the claims that it proves, or the refusal that AWS would give.
# Layer by layer, each needing the one before: base64, XML, shape, schema, signature, claims.
#
# SPDX-License-Identifier: Apache-2.0
"""STS API Reference, AssumeRoleWithSAML; saml-bindings-2.0 section 3.5.4 (the encoding of a POSTed response)."""

import base64

from refusal import Refusal, constraint, invalid_token
from saml_claims import read_claims
from saml_signature import check_signature
from xml_strict import NS, SAML, SAMLP, check_schema, instant, parse, text_of

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
ENCODED_MIN, ENCODED_MAX = 4, 100_000


def verify(encoded, provider, partition, now):
    """
    Claims of the assertion, or Refusal.
      encoded    the request's SAMLAssertion
      provider   metadata registered for PrincipalArn: the only source of certificates
      partition  of the role: says which audience and recipient are right
      now        Unix seconds
    """
    document = _decode(encoded)
    try:
        root = parse(document)
        assertion = _shape(root)
        check_schema(root, "protocol")
    except ValueError as error:
        raise invalid_token(str(error)) from None
    try:
        check_signature(document, root, assertion, provider.certificates)
    except ValueError as error:
        raise invalid_token(str(error), "Response signature invalid") from None
    claims = read_claims(assertion, provider, partition, now)
    _check_envelope(root, provider, claims.recipient)
    return claims


def _decode(encoded):
    """"The base64 encoded SAML authentication response", 4 to 100,000 characters; RFC 4648 3.1: no line breaks."""
    if not ENCODED_MIN <= len(encoded) <= ENCODED_MAX:
        rule = "Member must have length between 4 and 100000, both inclusive"
        raise constraint("***", "sAMLAssertion", rule)
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise invalid_token("not base64") from None
    # One text for one document: line breaks, missing padding and stray bits are all seen here.
    if base64.b64encode(decoded).decode() != encoded:
        raise invalid_token("not canonical base64")
    return decoded


def _shape(root):
    """
    One samlp:Response, which is the root, with one saml:Assertion, which is its child; none hidden anywhere else.
    With that, there is no second assertion for a wrapped signature to be good for.
    """
    if root.tag != f"{{{SAMLP}}}Response":
        raise ValueError("root is not samlp:Response")
    if len(root.xpath("//samlp:Response", namespaces=NS)) != 1:
        raise ValueError("more than one Response")
    # By local name: an assertion of another SAML version or a made-up namespace counts as well.
    assertions = root.xpath("//*[local-name() = 'Assertion' or local-name() = 'EncryptedAssertion']")
    if len(assertions) != 1:
        raise ValueError(f"{len(assertions)} assertions, not one")
    if assertions[0].tag != f"{{{SAML}}}Assertion" or assertions[0].getparent() is not root:
        raise ValueError("the assertion is not a saml:Assertion directly below the Response")
    return assertions[0]


def _check_envelope(root, provider, recipient):
    """
    The Response around the assertion: not signed, so nothing is taken from it, but what it says must agree.
    saml-core-2.0 section 3.2.2; saml-profiles-2.0 section 4.1.5 (unsolicited: no InResponseTo).
    """
    status = root.find("samlp:Status/samlp:StatusCode", NS).get("Value")
    if status != SUCCESS:
        raise Refusal("IDPRejectedClaim", "The identity provider reported that authentication failed",
                      f"StatusCode {status}")
    issuer = root.find("saml:Issuer", NS)
    try:
        if root.get("Version") != "2.0":
            raise ValueError("Response/@Version is not 2.0")
        instant(root.get("IssueInstant"))
        if root.get("InResponseTo") is not None:
            raise ValueError("Response has InResponseTo")
        if root.get("Destination") not in (None, recipient):
            raise ValueError("Response/@Destination is not the Recipient")
        if issuer is not None and text_of(issuer) != provider.entity_id:
            raise ValueError("Response/Issuer is not the provider")
    except ValueError as error:
        raise invalid_token(str(error)) from None
