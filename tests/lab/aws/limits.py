# The limits that STS sets on names, tags, durations and session policies, the same for every action that takes them.
# Each check raises ValueError with AWS's words; the caller knows which error code its action gives for it.
#
# SPDX-License-Identifier: Apache-2.0
"""
STS API Reference, AssumeRole and AssumeRoleWithSAML, "Request Parameters"; IAM User Guide, "Pass session tags in AWS
STS".
"""

import json
import re
import unicodedata
import zlib

from world import ARN

NAME = re.compile(r"[a-zA-Z_0-9+=,.@-]{2,64}")
TAGS_MAX = 50
POLICY_MAX = 2048
POLICY_ARNS_MAX = 10
PACKED_BYTES = 2048  # AWS does not publish how it packs; this much, deflated, is 100 % here


def check_session_name(text):
    """RoleSessionName: 2 to 64 of [\\w+=,.@-]."""
    if not NAME.fullmatch(text):
        raise ValueError("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")


def check_source_identity(text):
    """SourceIdentity: as a session name, and not of AWS's own namespace."""
    if not NAME.fullmatch(text) or text.lower().startswith("aws:"):
        raise ValueError('Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"')


def _tag_characters(text):
    r"""API_Tag: [\p{L}\p{Z}\p{N}_.:/=+\-@]; Python's re has no \p, so by Unicode category."""
    return all(c in "_.:/=+-@" or unicodedata.category(c)[0] in "LZN" for c in text)


def check_tags(pairs, transitive):
    """Session tags as (key, value) pairs and the keys that persist through role chaining."""
    if len(pairs) > TAGS_MAX or len(transitive) > TAGS_MAX:
        raise ValueError(f"more than {TAGS_MAX} session tags or transitive tag keys")
    seen = set()
    for key, value in pairs:
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise ValueError("Tag key must have 1 to 128 characters, its value at most 256")
        if not _tag_characters(key) or not _tag_characters(value):
            raise ValueError("Tag must match [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*")
        if key.lower().startswith("aws:"):
            raise ValueError("Tag keys that begin with aws: are reserved")
        if key.lower() in seen:
            raise ValueError("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        seen.add(key.lower())
    if len({key.lower() for key in transitive}) != len(transitive):
        raise ValueError("Duplicate transitive tag keys")
    for key in transitive:
        if key.lower() not in seen:
            raise ValueError("A transitive tag key is not the key of a session tag")


def check_policy(policy, policy_arns, account):
    """
    Session policies. MalformedPolicyDocument is AWS's code for text that is not a policy, so that is a TypeError
    here; ValueError is for the limits.
    """
    if len(policy_arns) > POLICY_ARNS_MAX:
        raise ValueError(f"more than {POLICY_ARNS_MAX} policy ARNs")
    if len(policy or "") + sum(map(len, policy_arns)) > POLICY_MAX:
        raise ValueError(f"session policies have more than {POLICY_MAX} characters")
    for arn in policy_arns:
        match = re.fullmatch(r"arn:aws(?:-us-gov|-cn)?:iam::(aws|\d{12}):policy/[\x21-\x7e]+", arn)
        # "The policies must exist in the same account as the role"; AWS's own are in every account.
        if not match or match.group(1) not in ("aws", account):
            raise ValueError(f"not a managed policy of the role's account: {arn}")
    if policy is None:
        return
    if not policy or not re.fullmatch(r"[\t\n\r\x20-\xff]+", policy):
        raise ValueError("Policy is empty or has characters outside its set")
    try:
        document = json.loads(policy)
    except ValueError:
        raise TypeError("This policy contains invalid Json") from None
    if not isinstance(document, dict) or "Statement" not in document:
        raise TypeError("Syntax errors in policy.")


def packed_size(policy, policy_arns, pairs):
    """PackedPolicySize in percent, None when nothing was passed. Over 100 is PackedPolicyTooLarge."""
    if not (policy or policy_arns or pairs):
        return None
    packed = zlib.compress(json.dumps([policy, policy_arns, pairs], ensure_ascii=False).encode())
    return -(-100 * len(packed) // PACKED_BYTES)


def account_of(arn):
    return ARN.fullmatch(arn).group(3)
