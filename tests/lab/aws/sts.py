# The actions: AssumeRoleWithSAML, AssumeRoleWithWebIdentity, AssumeRole and GetCallerIdentity, from a parsed request to a result or a Refusal.
# Nothing here knows of sockets; faults.py may bend the outcome, server.py carries it.
#
# SPDX-License-Identifier: Apache-2.0
"""STS API Reference, API_AssumeRoleWithSAML, API_AssumeRoleWithWebIdentity, API_AssumeRole, API_GetCallerIdentity."""

import base64
import hashlib
from dataclasses import dataclass, field

import jwt_verify
import limits
import model
import saml_verify
import sigv4_verify
from credentials import new_credential, unique_id
from federation import Federation
from iam import Iam
from refusal import Refusal, constraint, invalid_token
from reply import timestamp
from world import split_arn

VERSION = "2011-06-15"
DEFAULT_DURATION_S = 3600
CHAINED_MAX_S = 3600


@dataclass
class Call:
    """One request as the server received it. `note` collects what the request log tells about it."""

    method: str
    path: str
    host: str
    headers: list
    body: bytes
    now: float
    life: int = None  # a fault: seconds that a credential gets in place of what was asked for
    note: dict = field(default_factory=dict)


class Sts:
    def __init__(self, world, credentials):
        self._world = world
        self._credentials = credentials
        self._seen_assertions = set()
        self.federation = Federation(credentials)
        self.iam = Iam(world, credentials)
        self._actions = {
            "AssumeRoleWithSAML": self._assume_role_with_saml,
            "AssumeRoleWithWebIdentity": self._assume_role_with_web_identity,
            "AssumeRole": self._assume_role,
            "GetCallerIdentity": self._get_caller_identity,
        }

    def answer(self, call, query):
        """(action, result) or Refusal. The caller has made the Query of call.body."""
        region = self._world.region_of(call.host)
        if region is None:
            raise Refusal("RegionDisabledException", "STS is not activated in this region for account")
        action = query.take("Action")
        version = query.take("Version")
        if action is None:
            raise Refusal("MissingAction", "Missing Action")
        if action not in self._actions or version != VERSION:
            raise Refusal("InvalidAction", f"Could not find operation {action} for version {version}")
        result = self._actions[action](call, query, region)
        complaints = model.complaints(action, query.all)
        if complaints:
            raise Refusal("ValidationError", "not a request by the service model: " + "; ".join(complaints))
        return action, result

    def _signer(self, call, region):
        credential = sigv4_verify.verify(call.method, call.host, call.path, call.headers, call.body, region,
                                         self._credentials, call.now)
        call.note["access_key"] = credential.access_key
        return credential

    def _get_caller_identity(self, call, query, region):
        query.done()
        who = self._signer(call, region)
        return [("Arn", who.arn), ("UserId", who.user_id), ("Account", who.account)]

    # ---- AssumeRoleWithSAML ----

    def _assume_role_with_saml(self, call, query, region):
        wanted = _Session.take(query)
        principal = query.need("PrincipalArn", 20, 2048)
        assertion = query.need("SAMLAssertion")  # saml_verify has its limits
        query.done()
        call.note.update(role=wanted.role_arn, provider=principal, duration=wanted.duration)
        arn = split_arn(principal, "saml-provider")
        role_arn = split_arn(wanted.role_arn, "role")
        if arn is None or role_arn is None:
            raise Refusal("ValidationError", "RoleArn or PrincipalArn is invalid")
        provider = self._provider(principal)
        claims = saml_verify.verify(assertion, provider, role_arn.partition, call.now)
        wanted.session_name, wanted.source_identity = claims.session_name, claims.source_identity
        wanted.tags, wanted.transitive = claims.tags, claims.transitive
        call.note.update(assertion=claims.assertion_id, subject=claims.subject, replayed=self._replayed(claims))
        wanted.tell(call.note)
        asker = _Asker("Federated", {principal}, {"SAML:aud": claims.recipient, "SAML:iss": claims.issuer,
                                                  "SAML:sub": claims.subject})
        role = self._trusting_role(wanted.role_arn, principal, claims, asker)
        asker.check_options(role, wanted, "Not authorized to perform {}")
        duration = _duration(wanted.duration, role)
        # SessionDuration and SessionNotOnOrAfter can shorten the session, never lengthen it.
        if claims.session_duration is not None:
            duration = min(duration, claims.session_duration)
        ends = min(call.now + duration, claims.session_ends)
        pairs = self._issue(call, role, wanted, ends)
        qualifier = hashlib.sha1(f"{claims.issuer}{arn.account}/{arn.name}".encode()).digest()
        return pairs + [
            ("Audience", claims.recipient), ("Subject", claims.subject), ("SubjectType", claims.subject_type),
            ("Issuer", claims.issuer), ("NameQualifier", base64.b64encode(qualifier).decode()),
        ]

    def _provider(self, arn):
        try:
            return self._world.provider(arn)
        except KeyError:
            raise invalid_token(f"no metadata for {arn}", "Specified provider doesn't exist") from None
        except ValueError as error:
            raise invalid_token(f"metadata of {arn}: {error}", "Specified provider doesn't exist") from None

    def _replayed(self, claims):
        """AWS takes an assertion again within its life; a client that sends one twice shows in the log."""
        seen = claims.assertion_id in self._seen_assertions
        self._seen_assertions.add(claims.assertion_id)
        return seen

    def _trusting_role(self, role_arn, principal, claims, asker):
        """The pair asked for is in the assertion, the role exists, and its trust policy takes the provider."""
        role = self._world.role(role_arn)
        if (role_arn, principal) not in claims.roles:
            why = "the assertion's Role attribute has not the pair asked for"
        elif role is None:
            why = "no such role"
        elif not asker.may(role, "sts:AssumeRoleWithSAML"):
            why = "the role's trust policy has not this provider"
        else:
            return role
        raise Refusal("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", why)

    # ---- AssumeRoleWithWebIdentity ----

    def _assume_role_with_web_identity(self, call, query, region):
        wanted = _Session.take(query)
        wanted.session_name = query.need("RoleSessionName", 2, 64)
        token = query.need("WebIdentityToken")  # jwt_verify has its limits
        query.done()
        call.note.update(role=wanted.role_arn, duration=wanted.duration)
        role_arn = split_arn(wanted.role_arn, "role")
        if role_arn is None:
            raise Refusal("ValidationError", "RoleArn is invalid")
        # The provider is looked for in the role's own account.
        claims = jwt_verify.verify(
            token, lambda issuer: self._world.oidc_provider(role_arn.partition, role_arn.account, issuer), call.now)
        wanted.source_identity, wanted.tags, wanted.transitive = claims.source_identity, claims.tags, claims.transitive
        call.note.update(assertion=claims.token_id, subject=claims.subject)
        wanted.tell(call.note)
        wanted.check_names()
        role = self._world.role(wanted.role_arn)
        name = claims.issuer[len("https://"):]
        asker = _Asker("Federated", {f"arn:{role_arn.partition}:iam::{role_arn.account}:oidc-provider/{name}"},
                       {f"{name}:aud": claims.audience, f"{name}:sub": claims.subject})
        if role is None or not asker.may(role, "sts:AssumeRoleWithWebIdentity"):
            raise Refusal("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity",
                          "no such role, or its trust policy has not this issuer")
        asker.check_options(role, wanted, "Not authorized to perform {}")
        duration = _duration(wanted.duration, role)
        return self._issue(call, role, wanted, call.now + duration) + [
            ("SubjectFromWebIdentityToken", claims.subject), ("Provider", claims.issuer), ("Audience", claims.audience)]

    # ---- AssumeRole ----

    def _assume_role(self, call, query, region):
        wanted = _Session.take(query)
        wanted.session_name = query.need("RoleSessionName", 2, 64)
        wanted.source_identity = query.take("SourceIdentity", 2, 64)
        wanted.tags = query.take_list("Tags", "Key", "Value")
        wanted.transitive = query.take_list("TransitiveTagKeys")
        external_id = query.take("ExternalId", 2, 1224)
        query.done()
        call.note.update(role=wanted.role_arn, duration=wanted.duration)
        wanted.tell(call.note)
        who = self._signer(call, region)
        wanted.check_names()
        wanted.inherit(who)
        denied = f"User: {who.arn} is not authorized to perform: {{}} on resource: {wanted.role_arn}"
        role = self._world.role(wanted.role_arn)
        asker = _Asker("AWS", {who.arn, who.role_arn}, {} if external_id is None else {"sts:ExternalId": external_id})
        if role is None or not asker.may(role, "sts:AssumeRole"):
            raise Refusal("AccessDenied", denied.format("sts:AssumeRole"),
                          "no such role, its trust policy has not the caller, or the ExternalId is another")
        if self.iam.denied(who, "sts:AssumeRole"):
            raise Refusal("AccessDenied", denied.format("sts:AssumeRole") + " with an explicit deny in an identity-based policy")
        asker.check_options(role, wanted, denied)
        duration = _duration(wanted.duration, role)
        if who.role_arn and duration > CHAINED_MAX_S:
            raise Refusal("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for "
                          "roles assumed by role chaining.")
        call.note["chained"] = who.role_arn is not None
        return self._issue(call, role, wanted, call.now + duration)

    # ---- What both end in ----

    def _issue(self, call, role, wanted, ends):
        packed = wanted.check_policies(limits.account_of(role.arn))
        call.note.update(policy=wanted.policy, policy_arns=wanted.policy_arns)
        arn = split_arn(role.arn, "role")
        session_arn = f"arn:{arn.partition}:sts::{arn.account}:assumed-role/{arn.name}/{wanted.session_name}"
        user_id = f"{unique_id('AROA', role.arn)}:{wanted.session_name}"
        if call.life is not None:
            ends = call.now + call.life
        issued = new_credential(session_arn, user_id, ends, role_arn=role.arn, tags=wanted.tags,
                                issued=call.now, transitive=wanted.transitive, source_identity=wanted.source_identity,
                                chained=call.note.get("chained", False))
        self._credentials.add(issued)
        call.note.update(access_key=issued.access_key, expires=timestamp(ends))
        return [
            ("AssumedRoleUser", [("AssumedRoleId", user_id), ("Arn", session_arn)]),
            ("Credentials", [("AccessKeyId", issued.access_key), ("SecretAccessKey", issued.secret),
                             ("SessionToken", issued.token), ("Expiration", timestamp(ends))]),
            ("PackedPolicySize", packed), ("SourceIdentity", wanted.source_identity),
        ]


@dataclass
class _Session:
    """The session that a request asks for, wherever its parts come from."""

    role_arn: str
    duration: int
    policy: str
    policy_arns: list
    session_name: str = None
    source_identity: str = None
    tags: list = field(default_factory=list)
    transitive: list = field(default_factory=list)

    @classmethod
    def take(cls, query):
        return cls(query.need("RoleArn", 20, 2048), query.take_number("DurationSeconds", 900, 43200),
                   query.take("Policy"), query.take_list("PolicyArns", "arn"))

    def tell(self, note):
        note.update(session_name=self.session_name, source_identity=self.source_identity,
                    tags=dict(self.tags), transitive=self.transitive)

    def check_names(self):
        try:
            limits.check_session_name(self.session_name)
            if self.source_identity is not None:
                limits.check_source_identity(self.source_identity)
            limits.check_tags(self.tags, self.transitive)
        except ValueError as error:
            raise Refusal("ValidationError", str(error)) from None

    def inherit(self, who):
        """Role chaining: transitive tags come along and may not be set anew; a source identity never changes."""
        kept = {key.lower() for key in who.transitive}
        if kept & {key.lower() for key, _ in self.tags}:
            raise Refusal("ValidationError", "A session tag has the key of an inherited transitive tag")
        if who.source_identity and self.source_identity not in (None, who.source_identity):
            raise Refusal("AccessDenied", "The source identity of a session cannot be changed")
        self.source_identity = who.source_identity or self.source_identity
        self.tags = self.tags + [pair for pair in who.tags if pair[0].lower() in kept]
        self.transitive = self.transitive + list(who.transitive)

    def check_policies(self, account):
        """PackedPolicySize; Policy and PolicyArns in their limits."""
        try:
            limits.check_policy(self.policy, self.policy_arns, account)
        except TypeError as error:
            raise Refusal("MalformedPolicyDocument", str(error)) from None
        except ValueError as error:
            raise Refusal("ValidationError", str(error)) from None
        packed = limits.packed_size(self.policy, self.policy_arns, self.tags)
        if packed is not None and packed > 100:
            raise Refusal("PackedPolicyTooLarge", f"Packed policy consumes {packed}% of allotted space, please use "
                          "smaller policy")
        return packed


@dataclass
class _Asker:
    """Who asks a role's trust policy, and what is known of the request."""

    kind: str  # Federated or AWS
    who: set
    context: dict

    def may(self, role, action):
        return role.trusts(action, self.kind, self.who, self.context)

    def check_options(self, role, wanted, denied):
        """What IAM calls permissions to add session tags and to set a source identity: both in the role's trust policy."""
        for wants, action in ((wanted.tags, "sts:TagSession"), (wanted.source_identity, "sts:SetSourceIdentity")):
            if wants and not self.may(role, action):
                raise Refusal("AccessDenied", denied.format(action))


def _duration(asked, role):
    """DurationSeconds: "If you specify a value higher than this setting, the operation fails"; it is not clamped."""
    if asked is None:
        return min(DEFAULT_DURATION_S, role.max_duration)
    if asked <= role.max_duration:
        return asked
    if role.tells_maximum:
        rule = f"Member must have value less than or equal to {role.max_duration}"
        raise constraint(asked, "durationSeconds", rule)
    raise Refusal("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
