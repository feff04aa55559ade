# Who signed this request? AWS Signature Version 4, computed again with botocore's own code and compared.
# The signer may be our libcurl, the AWS CLI or any SDK; nothing of it is shared with this side.
#
# SPDX-License-Identifier: Apache-2.0
"""IAM User Guide, "AWS Signature Version 4 for API requests", "Create a signed request", "Troubleshoot … errors"."""

import hashlib
import hmac
import re
from calendar import timegm
from datetime import datetime

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials as Keys

from refusal import Refusal

SKEW_MAX_S = 15 * 60
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([A-Z0-9]{16,128})/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})")

MISMATCH = ("The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.")


class _Verifier(SigV4Auth):
    """botocore's canonicalisation, over the headers that the request says are signed, neither more nor fewer."""

    def __init__(self, keys, service, region, signed):
        super().__init__(keys, service, region)
        self._signed = signed

    def headers_to_sign(self, request):
        chosen = HTTPHeaders()
        for name, value in request.headers.items():
            if name.lower() in self._signed:
                chosen[name.lower()] = value
        return chosen


def verify(method, host, path, headers, body, region, credentials, now, wanted="sts"):
    """
    The Credential that signed the request, or Refusal.
      headers      (name, value) pairs as received
      region       the region of the endpoint spoken to
      credentials  Credentials, for find()
      wanted       the service spoken to
    """
    values = {}
    for name, value in headers:
        if name.lower() in values:
            raise Refusal("IncompleteSignature", f"Header {name} is there twice")
        values[name.lower()] = value
    if "authorization" not in values:
        raise Refusal("MissingAuthenticationToken", "Request is missing Authentication Token")
    match = AUTHORIZATION.fullmatch(values["authorization"])
    if not match:
        raise Refusal("IncompleteSignature", "Authorization header is not AWS4-HMAC-SHA256 with all its parts")
    access_key, day, scope_region, service, signed, signature = match.groups()
    signed = signed.split(";")
    _check_signed_headers(signed, values)
    timestamp = _check_date(values["x-amz-date"], day, now)
    _check_scope(scope_region, region, service, wanted)
    credential = _find(credentials, access_key, values.get("x-amz-security-token"))
    _check_payload(values.get("x-amz-content-sha256"), body)

    request = AWSRequest(method=method, url=f"https://{host}{path}", headers=dict(headers), data=body)
    request.context["timestamp"] = timestamp
    verifier = _Verifier(Keys(credential.access_key, credential.secret), wanted, region, signed)
    ours = verifier.signature(verifier.string_to_sign(request, verifier.canonical_request(request)), request)
    if not hmac.compare_digest(ours, signature):
        raise Refusal("SignatureDoesNotMatch", MISMATCH)
    # After the signature: only who holds the secret learns that the credential has expired.
    if now >= credential.expires:
        raise Refusal("ExpiredToken", "The security token included in the request is expired")
    return credential


def _check_signed_headers(signed, values):
    """"you must include the host header … and any x-amz-* headers", sorted by name, and all of them there."""
    if signed != sorted(set(signed)):
        raise Refusal("IncompleteSignature", "SignedHeaders are not sorted, or one is there twice")
    needed = {"host", "x-amz-date"} | {name for name in values if name.startswith("x-amz-")}
    missing = needed - set(signed) | set(signed) - set(values)
    if missing:
        raise Refusal("SignatureDoesNotMatch", f"Not signed, or signed and not there: {', '.join(sorted(missing))}")


def _check_date(text, day, now):
    """The request's time is within 15 minutes of ours, and its day is that of the credential scope."""
    try:
        then = timegm(datetime.strptime(text, SIGV4_TIMESTAMP).timetuple())
    except ValueError:
        raise Refusal("IncompleteSignature", "Date must be in ISO-8601 'basic format'") from None
    if not text.startswith(day):
        raise Refusal("SignatureDoesNotMatch",
                      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date")
    ours = datetime.utcfromtimestamp(now).strftime(SIGV4_TIMESTAMP)
    if then < now - SKEW_MAX_S:
        raise Refusal("SignatureDoesNotMatch", f"Signature expired: {text} is now earlier than {ours} minus 15 min.")
    if then > now + SKEW_MAX_S:
        raise Refusal("SignatureDoesNotMatch",
                      f"Signature not yet current: {text} is still later than {ours} plus 15 min.")
    return text


def _check_scope(scope_region, region, service, wanted):
    if scope_region != region:
        raise Refusal("SignatureDoesNotMatch", f"Credential should be scoped to a valid region, not '{scope_region}'.")
    if service != wanted:
        raise Refusal("SignatureDoesNotMatch", f"Credential should be scoped to correct service: '{wanted}'.")


def _find(credentials, access_key, token):
    """A session's key is nothing without its own token, and a long-term key has none."""
    credential = credentials.find(access_key)
    if credential is None or not hmac.compare_digest((credential.token or "").encode(), (token or "").encode()):
        raise Refusal("InvalidClientTokenId", "The security token included in the request is invalid",
                      "no such access key" if credential is None else "the session token is not this access key's")
    return credential


def _check_payload(stated, body):
    """botocore takes the stated hash for the body's, so it has to be: STS knows no UNSIGNED-PAYLOAD."""
    if stated is not None and not hmac.compare_digest(stated, hashlib.sha256(body).hexdigest()):
        raise Refusal("SignatureDoesNotMatch", "x-amz-content-sha256 is not the hash of the body")
