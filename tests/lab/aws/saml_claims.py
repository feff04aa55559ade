# What a verified assertion claims, by AWS's rules: whom it is about, for whom, until when, and its attributes.
# Nothing here is read before the signature is known to be good.
#
# SPDX-License-Identifier: Apache-2.0
"""
IAM User Guide, "Configure SAML assertions for the authentication response" and "Troubleshoot SAML federation with
IAM" (the error texts); saml-profiles-2.0 section 4.1.4 (web browser SSO: the bearer assertion).
"""

import re
from dataclasses import dataclass

from limits import check_session_name, check_source_identity, check_tags
from refusal import Refusal, invalid_token
from xml_strict import NS, instant, text_of

ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
KNOWN = {"Role", "RoleSessionName", "SessionDuration", "SourceIdentity", "TransitiveTagKeys"}
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
NAMEID_PREFIX = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
REDEEM_WITHIN_S = 300

AUDIENCE = {
    "aws": "urn:amazon:webservices",
    "aws-us-gov": "urn:amazon:webservices:govcloud",
    "aws-cn": "urn:amazon:webservices:cn-north-1",
}
RECIPIENT = {
    "aws": r"https://(?:[a-z]{2}(?:-[a-z]+)+-\d\.)?signin\.aws\.amazon\.com/saml",
    "aws-us-gov": r"https://(?:us-gov-[a-z]+-\d\.)?signin\.amazonaws-us-gov\.com/saml",
    "aws-cn": r"https://(?:cn-[a-z]+-\d\.)?signin\.amazonaws\.cn/saml",
}


@dataclass
class Claims:
    assertion_id: str
    issuer: str
    subject: str
    subject_type: str
    recipient: str
    roles: list  # (role ARN, provider ARN)
    session_name: str
    session_duration: int  # seconds, None when not given
    session_ends: float  # SessionNotOnOrAfter in Unix seconds, infinity when not given
    source_identity: str
    tags: list  # (key, value)
    transitive: list


def read_claims(assertion, provider, partition, now):
    """Claims, or Refusal. `now` is Unix seconds."""
    try:
        return _read(assertion, provider, partition, now)
    except ValueError as error:
        raise invalid_token(str(error)) from None


def _read(assertion, provider, partition, now):
    issuer = text_of(assertion.find("saml:Issuer", NS))
    if issuer != provider.entity_id:
        raise invalid_token(f"Issuer {issuer!r}", "Issuer not present in specified provider")
    _check_issue(assertion, now)
    name_id, recipient = _subject(assertion, partition, now)
    _check_conditions(assertion, partition, now)
    session_ends = _authn_statement(assertion, now)
    claims = Claims(
        assertion_id=assertion.get("ID"), issuer=issuer, subject=text_of(name_id),
        subject_type=name_id.get("Format", "").removeprefix(NAMEID_PREFIX),
        recipient=recipient, session_ends=session_ends, roles=[], session_name=None, session_duration=None,
        source_identity=None, tags=[], transitive=[])
    _read_attributes(assertion, claims)
    return claims


def _one(parent, path):
    found = parent.findall(path, NS)
    if len(found) != 1:
        raise ValueError(f"not exactly one {path}")
    return found[0]


def _check_issue(assertion, now):
    """"Token must be redeemed within 5 minutes of issuance": the ExpiredTokenException of AssumeRoleWithSAML."""
    if assertion.get("Version") != "2.0":
        raise ValueError("Version is not 2.0")
    issued = instant(assertion.get("IssueInstant"))
    if now - issued > REDEEM_WITHIN_S:
        raise Refusal("ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance",
                      f"issued {now - issued:.0f} s ago")
    if issued > now:
        raise ValueError(f"issued {issued - now:.0f} s in the future")


def _subject(assertion, partition, now):
    """
    "There must be exactly one SubjectConfirmation element with a SubjectConfirmationData element that includes both
    the NotOnOrAfter attribute and a Recipient attribute." saml-profiles-2.0 section 4.1.4.2: bearer, no NotBefore, and
    no InResponseTo, since nobody asked (section 4.1.5).
    """
    subject = _one(assertion, "saml:Subject")
    name_id = _one(subject, "saml:NameID")
    if not text_of(name_id):
        raise ValueError("NameID is empty")
    confirmation = _one(subject, "saml:SubjectConfirmation")
    if confirmation.get("Method") != BEARER:
        raise ValueError("SubjectConfirmation is not bearer")
    data = _one(confirmation, "saml:SubjectConfirmationData")
    if data.get("InResponseTo") is not None or data.get("NotBefore") is not None:
        raise ValueError("SubjectConfirmationData has InResponseTo or NotBefore")
    _check_end(data.get("NotOnOrAfter"), now, "SubjectConfirmationData")
    recipient = data.get("Recipient") or ""
    if not re.fullmatch(RECIPIENT[partition], recipient):
        raise ValueError(f"Recipient {recipient!r} is not a sign-in address of partition {partition}")
    return name_id, recipient


def _check_end(text, now, where):
    """saml-core-2.0 section 2.5.1.2: the instant NotOnOrAfter itself is too late."""
    if now >= instant(text):
        raise Refusal("ExpiredTokenException", "Token is expired", f"{where}/@NotOnOrAfter has passed")


def _check_conditions(assertion, partition, now):
    """
    saml-core-2.0 section 2.5.1. SAML leaves the two times optional; this project promises both, so that an assertion
    is worthless soon. "Response does not contain the required audience" is AWS's text.
    """
    conditions = _one(assertion, "saml:Conditions")
    if instant(conditions.get("NotBefore")) > now:
        raise ValueError("Conditions/@NotBefore is in the future")
    _check_end(conditions.get("NotOnOrAfter"), now, "Conditions")
    if [child.tag for child in conditions] != [f"{{{NS['saml']}}}AudienceRestriction"]:
        raise invalid_token("Conditions are not exactly one AudienceRestriction",
                            "Response does not contain the required audience")
    audiences = [text_of(e) for e in conditions[0].findall("saml:Audience", NS)]
    if audiences != [AUDIENCE[partition]]:
        raise invalid_token(f"Audience {audiences}", "Response does not contain the required audience")


def _authn_statement(assertion, now):
    """
    saml-profiles-2.0 section 4.1.4.2: at least one AuthnStatement. SessionNotOnOrAfter ends the session sooner than
    DurationSeconds where it is earlier (AssumeRoleWithSAML, DurationSeconds).
    """
    statements = assertion.findall("saml:AuthnStatement", NS)
    if not statements:
        raise ValueError("no AuthnStatement")
    ends = float("inf")
    for statement in statements:
        if instant(statement.get("AuthnInstant")) > now:
            raise ValueError("AuthnInstant is in the future")
        if statement.get("SessionNotOnOrAfter") is not None:
            _check_end(statement.get("SessionNotOnOrAfter"), now, "AuthnStatement/Session")
            ends = min(ends, instant(statement.get("SessionNotOnOrAfter")))
    return ends


def _read_attributes(assertion, claims):
    """The attributes under ATTRIBUTES, names in exact case; anybody else's are none of AWS's business."""
    values = {}
    for attribute in assertion.iterfind("saml:AttributeStatement/saml:Attribute", NS):
        name = attribute.get("Name")
        if not name.startswith(ATTRIBUTES):
            # AWS passes a name in the wrong case over in silence, and the value is lost: an error here.
            if name.lower().startswith(ATTRIBUTES.lower()):
                raise ValueError(f"attribute name in the wrong case: {name}")
            continue
        name = name[len(ATTRIBUTES):]
        if name not in KNOWN and not name.startswith("PrincipalTag:"):
            raise ValueError(f"no such attribute: {name}")
        if name in values:
            raise ValueError(f"attribute {name} is there twice")
        values[name] = [text_of(e) for e in attribute.findall("saml:AttributeValue", NS)]
    claims.roles = [_role_pair(value) for value in values.get("Role", [])]
    if not claims.roles:
        raise ValueError("no Role attribute")
    claims.session_name = _single(values, "RoleSessionName")
    if claims.session_name is None:
        raise invalid_token("no RoleSessionName", "RoleSessionName is required in AuthnResponse")
    _in_aws_words(check_session_name, claims.session_name)
    claims.session_duration = _session_duration(_single(values, "SessionDuration"))
    claims.source_identity = _single(values, "SourceIdentity")
    if claims.source_identity is not None:
        _in_aws_words(check_source_identity, claims.source_identity)
    claims.tags = [(name.removeprefix("PrincipalTag:"), _single(values, name))
                   for name in values if name.startswith("PrincipalTag:")]
    claims.transitive = values.get("TransitiveTagKeys", [])
    _in_aws_words(check_tags, claims.tags, claims.transitive)


def _in_aws_words(check, *args):
    """The rule's own text is what the client sees."""
    try:
        check(*args)
    except ValueError as error:
        raise invalid_token(str(error), str(error)) from None


def _single(values, name):
    if name not in values:
        return None
    if len(values[name]) != 1:
        raise ValueError(f"attribute {name} has {len(values[name])} values, not one")
    return values[name][0]


def _role_pair(text):
    """"a comma-separated pair of strings: the ARN of a role, the ARN of the SAML provider"."""
    pair = tuple(text.split(","))
    if len(pair) != 2:
        raise ValueError(f"Role is not a pair: {text!r}")
    return pair


def _session_duration(text):
    """SessionDuration: "The integer can be between 900 seconds (15 minutes) and 43200 seconds (12 hours)"."""
    if text is None:
        return None
    if not re.fullmatch(r"[1-9]\d{2,4}", text, re.ASCII) or not 900 <= int(text) <= 43200:
        raise ValueError("SessionDuration is not an integer from 900 to 43200")
    return int(text)
