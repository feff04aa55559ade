# As much of IAM as a revocation needs: PutRolePolicy, signed, allowed and well formed; and what such policies deny from then on.
# The policies are kept as long as the stand-in runs.
#
# SPDX-License-Identifier: Apache-2.0
"""IAM API Reference, API_PutRolePolicy; IAM User Guide, "Revoke IAM role temporary security credentials", "IAM endpoints and quotas"."""

import json
import threading

import model
import sigv4_verify
import trust
from refusal import Refusal
from reply import timestamp
from world import split_arn

VERSION = "2010-05-08"
NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
HOMES = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
SIZE_MAX = 10240  # of all inline policies of a role, without blanks


class Iam:
    def __init__(self, world, credentials):
        self._world = world
        self._credentials = credentials
        self._policies = {}
        self._lock = threading.Lock()

    def answer(self, call, query):
        """(action, result) or Refusal; as Sts.answer."""
        action = query.take("Action")
        query.take("Version")
        if action != "PutRolePolicy":
            raise Refusal("InvalidAction", f"Could not find operation {action} for version {VERSION}")
        name = query.need("RoleName", 1, 64)
        policy_name = query.need("PolicyName", 1, 128)
        text = query.need("PolicyDocument", 1, 131072)
        query.done()
        who = self._signer(call)
        role = self._role(who, name)
        call.note.update(role=role.arn, policy_name=policy_name)
        if not self._world.may(who, "iam:PutRolePolicy") or self.denied(who, "iam:PutRolePolicy"):
            raise Refusal("AccessDenied", f"User: {who.arn} is not authorized to perform: iam:PutRolePolicy on resource: "
                          f"role {name}")
        document = self._document(text)
        complaints = model.complaints(action, query.all, "iam")
        if complaints:
            raise Refusal("ValidationError", "not a request by the service model: " + "; ".join(complaints))
        with self._lock:
            of_role = {**self._policies.get(role.arn, {}), policy_name: document}
            if sum(len(json.dumps(one, separators=(",", ":"))) for one in of_role.values()) > SIZE_MAX:
                raise Refusal("LimitExceeded", f"Maximum policy size of {SIZE_MAX} bytes exceeded for role {name}")
            self._policies[role.arn] = of_role
        call.note.update(document=document)
        return action, None

    def _signer(self, call):
        """IAM is one for a partition, and signed for the region where that is at home."""
        host = call.host.partition(":")[0].lower()
        partition = "aws-cn" if host.endswith(".amazonaws.com.cn") else "aws-us-gov" if ".us-gov." in host else "aws"
        who = sigv4_verify.verify(call.method, call.host, call.path, call.headers, call.body, HOMES[partition],
                                  self._credentials, call.now, "iam")
        call.note["access_key"] = who.access_key
        return who

    def _role(self, who, name):
        """The role of that name in the caller's own account: there is no other way to name one."""
        for role in self._world.roles():
            arn = split_arn(role.arn, "role")
            if (arn.account, arn.name) == (who.account, name):
                return role
        raise Refusal("NoSuchEntity", f"The role with name {name} cannot be found.", status=404)

    @staticmethod
    def _document(text):
        try:
            document = json.loads(text)
            trust.check(document, of_trust=False)
        except ValueError as error:
            raise Refusal("MalformedPolicyDocument", "Syntax errors in policy.", str(error)) from None
        return document

    def denied(self, who, action):
        """Does a policy of the session's role deny it this? Keys of users have none here."""
        if who.role_arn is None:
            return False
        context = {"aws:userid": who.user_id, "aws:TokenIssueTime": timestamp(who.issued)}
        if who.source_identity:
            context["aws:SourceIdentity"] = who.source_identity
        with self._lock:
            documents = list(self._policies.get(who.role_arn, {}).values())
        return any(trust.denies(document, action, context) for document in documents)
