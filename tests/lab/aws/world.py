# The AWS that the stand-in plays: accounts, SAML providers, roles with their trust, long-term keys; from one JSON file.
# The file and every provider's metadata are read again when they change, so that a test can rotate a key while it runs.
#
# SPDX-License-Identifier: Apache-2.0
"""
{
  "regions":   ["eu-central-1", "us-east-1"],      where this STS is on; the first is the region of a host without one
  "accounts":  ["111122223333"],
  "providers": {"arn:aws:iam::111122223333:saml-provider/corp": "metadata.xml"},     relative to the JSON file
  "issuers":   {"https://id.example.com/x": {"folder": "oidc", "audiences": ["sts.amazonaws.com"],
                  "accounts": ["111122223333"]}},              OIDC providers; the folder is what lies at the address
  "machine":   "arn:aws:iam::111122223333:role/Machine",       the role that metadata_service.py gives keys of
  "roles":     {"arn:aws:iam::111122223333:role/Admin": {
                  "providers": ["arn:…:saml-provider/corp"],   trust policy: sts:AssumeRoleWithSAML for these
                  "issuers": ["https://id.example.com/x"],     trust policy: sts:AssumeRoleWithWebIdentity
                  "principals": ["arn:…:role/Hub"],            trust policy: sts:AssumeRole for these
                  "external_id": "…",                          trust policy: condition on sts:ExternalId
                  "tag_session": false,                        trust policy: sts:TagSession
                  "source_identity": false,                    trust policy: sts:SetSourceIdentity
                  "may": ["iam:PutRolePolicy"],                what its sessions may do, beside what trust policies allow
                  "trust": {…},                                the policy itself, in the place of all of these
                  "max_duration": 3600,                        the role's MaxSessionDuration
                  "tells_maximum": false}},                    error text about the duration names the maximum
  "keys":      {"AKIA…": {"secret": "…", "arn": "arn:aws:iam::111122223333:user/base", "may": []}}
}
"""

import json
import os
import re
import threading
from dataclasses import dataclass, field

import trust
from metadata import read_metadata

PARTITIONS = ("aws", "aws-us-gov", "aws-cn")
ARN = re.compile(r"arn:([a-z-]+):(iam|sts)::(\d{12}):([\x21-\x7e]+)", re.ASCII)


@dataclass(frozen=True)
class Arn:
    partition: str
    account: str
    resource: str

    @property
    def name(self):
        """The friendly name: what follows the last slash."""
        return self.resource.rpartition("/")[2]


def split_arn(text, kind):
    """The parts of an IAM ARN whose resource starts with `kind`/; None when it is not one."""
    match = ARN.fullmatch(text)
    if not match or match.group(1) not in PARTITIONS or not match.group(4).startswith(kind + "/"):
        return None
    return Arn(match.group(1), match.group(3), match.group(4))


@dataclass(frozen=True)
class Role:
    arn: str
    providers: tuple = ()
    issuers: tuple = ()
    principals: tuple = ()
    external_id: str = None
    tag_session: bool = False
    source_identity: bool = False
    max_duration: int = 3600
    tells_maximum: bool = False
    trust: dict = None
    may: tuple = ()

    def __post_init__(self):
        if self.trust is not None:
            trust.check(self.trust)
        # IAM CreateRole, MaxSessionDuration: 3600 to 43200.
        if not split_arn(self.arn, "role") or not 3600 <= self.max_duration <= 43200:
            raise ValueError(f"role {self.arn}: bad ARN or max_duration")

    def trusts(self, action, kind, who, context):
        """Does the trust policy allow an action to a principal (trust.allows)?"""
        if self.trust is not None:
            return trust.allows(self.trust, action, kind, who, context)
        if action == "sts:TagSession":
            return self.tag_session
        if action == "sts:SetSourceIdentity":
            return self.source_identity
        if kind == "Federated":
            issuers = {arn.partition(":oidc-provider/")[2] for arn in who if ":oidc-provider/" in arn}
            return bool(who & set(self.providers)) or bool(issuers & {issuer[len("https://"):] for issuer in self.issuers})
        return bool(who & set(self.principals)) and self.external_id == context.get("sts:ExternalId")


@dataclass
class _Watched:
    """A file that is read again when it is another one, or was written to."""

    path: str
    read: object
    stamp: tuple = None
    value: object = None
    lock: object = field(default_factory=threading.Lock)

    def get(self):
        with self.lock:
            status = os.stat(self.path)
            stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
            if stamp != self.stamp:
                with open(self.path, "rb") as file:
                    self.value, self.stamp = self.read(file.read()), stamp
            return self.value


@dataclass
class _Description:
    regions: list
    accounts: set
    providers: dict
    roles: dict
    keys: dict
    issuers: dict
    machine: str


class World:
    def __init__(self, path):
        self._folder = os.path.dirname(os.path.abspath(path))
        self._file = _Watched(path, self._read)
        self._file.get()  # a bad description stops the start

    def _read(self, data):
        text = json.loads(data)
        unknown = set(text) - {"regions", "accounts", "providers", "issuers", "machine", "roles", "keys"}
        if unknown:
            raise ValueError(f"unknown in the world's description: {sorted(unknown)}")
        accounts = set(text["accounts"])
        roles = {arn: Role(arn, **{k: tuple(v) if isinstance(v, list) else v for k, v in about.items()})
                 for arn, about in text.get("roles", {}).items()}
        providers = {}
        for arn, path in text.get("providers", {}).items():
            if not split_arn(arn, "saml-provider"):
                raise ValueError(f"not the ARN of a SAML provider: {arn}")
            providers[arn] = _Watched(os.path.join(self._folder, path), read_metadata)
        for arn in [*roles, *providers]:
            if ARN.fullmatch(arn).group(3) not in accounts:
                raise ValueError(f"not in one of the accounts: {arn}")
        return _Description(text["regions"], accounts, providers, roles, text.get("keys", {}), text.get("issuers", {}),
                            text.get("machine"))

    def provider(self, arn):
        """
        Metadata of a registered provider. KeyError when there is none (or its file is not there yet), ValueError
        when the metadata is such that IAM would not have taken it.
        """
        try:
            return self._file.get().providers[arn].get()
        except FileNotFoundError:
            raise KeyError(arn) from None

    def oidc_provider(self, partition, account, issuer):
        """(folder of its documents, audiences) of an issuer that is registered in the account; KeyError when not."""
        about = self._file.get().issuers[issuer]
        if partition != "aws" or account not in about["accounts"]:
            raise KeyError(issuer)
        return os.path.join(self._folder, about["folder"]), about["audiences"]

    def machine(self):
        """The ARN of the role that this machine has, or None."""
        return self._file.get().machine

    def role(self, arn):
        """The role of exactly this ARN (names are case-sensitive here), or None."""
        return self._file.get().roles.get(arn)

    def roles(self):
        return list(self._file.get().roles.values())

    def may(self, who, action):
        """Is an action among what a credential's role, or its user, may?"""
        if who.role_arn is not None:
            role = self.role(who.role_arn)
            return role is not None and action in role.may
        return action in self._file.get().keys.get(who.access_key, {}).get("may", [])

    def key(self, access_key):
        """(secret, ARN) of a long-term access key, or None."""
        about = self._file.get().keys.get(access_key)
        return (about["secret"], about["arn"]) if about else None

    def region_of(self, host):
        """
        The region that a request's Host header speaks to, None when STS is not on there. "AWS STS Regions and
        endpoints": sts.REGION.SUFFIX, also FIPS and dual-stack; the global sts.amazonaws.com is us-east-1.
        """
        regions = self._file.get().regions
        name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
        if name.lower() == "sts.amazonaws.com":
            return "us-east-1"
        match = re.fullmatch(r"sts(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)", name.lower())
        if match:
            return match.group(1) if match.group(1) in regions else None
        return regions[0]
