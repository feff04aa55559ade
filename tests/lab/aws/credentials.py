# The temporary credentials that the stand-in has issued: in memory, and in a state file where tests may look.
# A credential is looked up by its access key and is good only with its own session token and before its end.
#
# SPDX-License-Identifier: Apache-2.0
"""IAM User Guide, "IAM identifiers", unique ID prefixes (AKIA, ASIA, AROA, AIDA); STS API Reference, Credentials."""

import base64
import hashlib
import json
import os
import secrets
import threading
import time
from dataclasses import asdict, dataclass, field

from world import ARN


@dataclass
class Credential:
    access_key: str
    secret: str
    token: str  # None for a long-term key
    expires: float  # Unix seconds; infinity for a long-term key
    arn: str
    user_id: str
    role_arn: str = None  # None for a long-term key: what is a session is chained on
    tags: list = field(default_factory=list)
    transitive: list = field(default_factory=list)
    source_identity: str = None
    chained: bool = False  # came of another role's session
    issued: float = 0  # Unix seconds

    @property
    def account(self):
        return ARN.fullmatch(self.arn).group(3)


def unique_id(prefix, arn):
    """A stable unique ID, as IAM gives to roles (AROA…) and users (AIDA…)."""
    return prefix + base64.b32encode(hashlib.sha256(arn.encode()).digest()).decode()[:17]


def _random_text(length):
    return base64.b64encode(secrets.token_bytes(length)).decode()[:length]


def new_credential(arn, user_id, expires, **about):
    """
    Fresh keys. "The size of the security token that AWS STS API operations return is not fixed": it is different
    each time here, so that no client comes to rely on one; it has the / + and = that such tokens have.
    """
    access_key = "ASIA" + base64.b32encode(secrets.token_bytes(10)).decode()
    token = "IQoJb3JpZ2luX2Vj" + _random_text(700 + secrets.randbelow(500)) + "/+=="
    about.setdefault("issued", time.time())
    return Credential(access_key, _random_text(40), token, expires, arn, user_id, **about)


class Credentials:
    def __init__(self, world, state=None):
        self._world = world
        self._state = state
        self._issued = {}
        self._lock = threading.Lock()

    def add(self, credential):
        with self._lock:
            self._issued[credential.access_key] = credential
            if self._state:
                self._save()

    def find(self, access_key):
        """A session's credential or a long-term key, expired or not; None when there is no such key."""
        with self._lock:
            issued = self._issued.get(access_key)
        if issued:
            return issued
        key = self._world.key(access_key)
        if key is None:
            return None
        secret, arn = key
        return Credential(access_key, secret, None, float("inf"), arn, unique_id("AIDA", arn))

    def _save(self):
        temporary = f"{self._state}.new"
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as file:
            json.dump([asdict(credential) for credential in self._issued.values()], file, indent=1)
        os.rename(temporary, self._state)
