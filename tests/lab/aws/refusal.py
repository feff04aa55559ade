# What STS answers when it says no: an error code, AWS's words for it, and the HTTP status that goes with the code.
# The words go to the client; `why`, the exact rule that failed, goes to the request log only, for whoever debugs.
#
# SPDX-License-Identifier: Apache-2.0
"""Codes and statuses: STS API Reference, the "Errors" section of each action and "Common Errors"."""

# The wire codes are those of the STS service model (botocore sts/2011-06-15): some end in "Exception", some do not.
HTTP_STATUS = {
    "AccessDenied": 403,
    "ExpiredToken": 403,  # an expired credential; an expired assertion is ExpiredTokenException
    "ExpiredTokenException": 400,
    "IDPCommunicationError": 400,
    "IDPRejectedClaim": 403,
    "IncompleteSignature": 400,
    "InternalFailure": 500,
    "InvalidAction": 400,
    "InvalidClientTokenId": 403,
    "InvalidIdentityToken": 400,
    "LimitExceeded": 409,
    "MalformedPolicyDocument": 400,
    "MalformedQueryString": 404,
    "MissingAction": 400,
    "MissingAuthenticationToken": 403,
    "NoSuchEntity": 404,
    "PackedPolicyTooLarge": 400,
    "RegionDisabledException": 403,
    "RequestEntityTooLarge": 413,
    "RequestLimitExceeded": 503,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "Throttling": 400,
    "UnsupportedMediaType": 415,
    "ValidationError": 400,
}


class Refusal(Exception):
    """One refused request. `message` is what AWS says, `why` what it would not tell."""

    def __init__(self, code, message, why=None, status=None):
        super().__init__(f"{code}: {why or message}")
        self.code = code
        self.message = message
        self.why = why or message
        self.status = status or HTTP_STATUS.get(code, 400)

    @property
    def fault(self):
        """Error/Type of the reply: whose fault it was."""
        return "Receiver" if self.status >= 500 else "Sender"


def invalid_token(why, message="Invalid SAML response"):
    """The assertion is not one that AWS takes (AssumeRoleWithSAML, "Errors": InvalidIdentityToken)."""
    return Refusal("InvalidIdentityToken", message, why)


def constraint(value, where, rule):
    """A request parameter outside its limits, in the words of AWS's request validation."""
    return Refusal(
        "ValidationError",
        f"1 validation error detected: Value '{value}' at '{where}' failed to satisfy constraint: {rule}",
    )
