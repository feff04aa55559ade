# The sign-in service of the console: temporary credentials in, a sign-in token out, and the login that takes it.
# Credentials are checked as STS would check them; the login says where a browser would be sent, and as whom.
#
# SPDX-License-Identifier: Apache-2.0
"""IAM User Guide, "Enabling custom identity broker access to the AWS console"."""

import hmac
import json
import re
import secrets
import threading
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from refusal import Refusal
from world import split_arn

TOKEN_LIFE_S = 15 * 60
CONSOLES = {"aws": "console.aws.amazon.com", "aws-us-gov": "console.amazonaws-us-gov.com",
            "aws-cn": "console.amazonaws.cn"}


def _no(why):
    return Refusal("ValidationError", "Bad Request", why, status=400)


@dataclass
class _Login:
    credential: object
    ends: float
    session_s: int


class Federation:
    def __init__(self, credentials):
        self._credentials = credentials
        self._logins = {}
        self._lock = threading.Lock()

    def get_signin_token(self, call, query):
        """The JSON reply to a POST of Action=getSigninToken."""
        session = query.take("Session")
        duration = query.take_number("SessionDuration", 900, 43200)
        query.done()
        credential = self._verify(session, call.now)
        call.note.update(access_key=credential.access_key, role=credential.role_arn, duration=duration)
        if credential.chained and duration is not None:
            raise _no("SessionDuration with chained credentials")
        token = secrets.token_urlsafe(600)
        left = credential.expires - call.now
        with self._lock:
            self._logins[token] = _Login(credential, call.now + TOKEN_LIFE_S, duration or int(left))
        return json.dumps({"SigninToken": token}).encode()

    def _verify(self, session, now):
        try:
            parts = json.loads(session or "")
        except ValueError as error:
            raise _no(f"Session is no JSON: {error}") from None
        if not isinstance(parts, dict) or set(parts) != {"sessionId", "sessionKey", "sessionToken"}:
            raise _no("Session has other keys than sessionId, sessionKey and sessionToken")
        credential = self._credentials.find(parts["sessionId"])
        if credential is None or credential.token is None:
            raise _no("no temporary credential with this sessionId")
        if not hmac.compare_digest(parts["sessionKey"], credential.secret) or \
                not hmac.compare_digest(parts["sessionToken"], credential.token):
            raise _no("sessionKey or sessionToken is not the credential's")
        if credential.expires <= now:
            raise _no("the credential has expired")
        return credential

    def login(self, target, now):
        """(where to, what the journal says) for a GET of the login URL."""
        pairs = parse_qsl(urlsplit(target).query, keep_blank_values=True, strict_parsing=True)
        asked = dict(pairs)
        if len(asked) != len(pairs) or not {"Action", "Destination", "SigninToken"} <= set(asked) or \
                set(asked) - {"Action", "Destination", "SigninToken", "Issuer"} or asked["Action"] != "login":
            raise _no("not the parameters of a login")
        with self._lock:
            known = self._logins.get(asked["SigninToken"])
        if known is None or known.ends <= now:
            raise _no("no such sign-in token, or it is older than 15 minutes")
        where = urlsplit(asked["Destination"])
        partition = split_arn(known.credential.role_arn, "role").partition
        if where.scheme != "https" or where.netloc != CONSOLES[partition] or \
                not re.fullmatch(r"(/[a-z0-9-]+)+", where.path):
            raise _no(f"not a page of the partition's console: {asked['Destination']}")
        return asked["Destination"], {"role": known.credential.role_arn, "arn": known.credential.arn,
                                      "duration": known.session_s, "issuer": asked.get("Issuer")}
