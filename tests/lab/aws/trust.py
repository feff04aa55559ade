# Trust policies as IAM evaluates them: the document of a role, an action, who asks, and what is known of the request.
# Strict about the document: what IAM would refuse, or would take and ignore, is an error when it is read.
#
# SPDX-License-Identifier: Apache-2.0
"""IAM User Guide, "Policy evaluation logic", "IAM JSON policy elements: Condition operators", "Available keys for … federation"."""

import fnmatch
import re
from calendar import timegm
from datetime import datetime

ACTIONS = {"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:TagSession",
           "sts:SetSourceIdentity"}


def _date(text):
    return timegm(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").timetuple())


def _like(value, pattern):
    # IAM knows * and ?, and no sets in brackets.
    return fnmatch.fnmatchcase(value, re.sub(r"\[", "[[]", pattern))


OPERATORS = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringLike": _like,
    "DateLessThan": lambda value, wanted: _date(value) < _date(wanted),
}


def listed(value):
    return value if isinstance(value, list) else [value]


def check(document, of_trust=True):
    """ValueError for a document that IAM would not take; of_trust: a role's trust policy, else one of its inline policies."""
    if not isinstance(document, dict) or set(document) != {"Version", "Statement"} or document["Version"] != "2012-10-17":
        raise ValueError("a policy has Version 2012-10-17 and Statement")
    if not document["Statement"]:
        raise ValueError("a policy without a statement")
    needed = {"Effect", "Action"} | ({"Principal"} if of_trust else {"Resource"})
    for statement in listed(document["Statement"]):
        if not needed <= set(statement) <= needed | {"Condition", "Sid"} or statement["Effect"] not in ("Allow", "Deny"):
            raise ValueError(f"a statement of {sorted(statement)}")
        if of_trust and not set(listed(statement["Action"])) <= ACTIONS:
            raise ValueError(f"no actions of a trust policy: {statement['Action']}")
        for operator, pairs in statement.get("Condition", {}).items():
            if operator not in OPERATORS or not pairs:
                raise ValueError(f"a condition with {operator}")
            for key, values in pairs.items():
                if ":" not in key or not all(isinstance(value, str) for value in listed(values)):
                    raise ValueError(f"a condition on {key}")
                if operator == "DateLessThan":
                    [_date(value) for value in listed(values)]


def _holds(condition, context):
    """All keys of all operators; a key that the request has not is no match."""
    return all(key in context and any(OPERATORS[operator](context[key], value) for value in listed(values))
               for operator, pairs in condition.items() for key, values in pairs.items())


def _fits(statement, action, kind, who):
    if not any(_like(action, pattern) for pattern in listed(statement["Action"])):
        return False
    if kind is None:
        return True
    principal = statement["Principal"]
    return principal != "*" and bool(set(listed(principal.get(kind, []))) & who)


def allows(document, action, kind, who, context):
    """Is the action allowed to a principal (kind: Federated or AWS; who: the ARNs that are its)? A denial goes before all."""
    effects = {statement["Effect"] for statement in listed(document["Statement"])
               if _fits(statement, action, kind, who) and _holds(statement.get("Condition", {}), context)}
    return "Allow" in effects and "Deny" not in effects


def denies(document, action, context):
    """Does an inline policy deny this outright?"""
    return any(statement["Effect"] == "Deny" and _fits(statement, action, None, None)
               and _holds(statement.get("Condition", {}), context) for statement in listed(document["Statement"]))
