# The parameters of one request in AWS's Query protocol: a form whose lists are numbered, and no parameter twice.
# Every parameter that an action reads is taken; what nobody took is an error, so that a misspelt one is seen.
#
# SPDX-License-Identifier: Apache-2.0
"""STS API Reference, "Making Query Requests"; the shapes of botocore's sts/2011-06-15/service-2.json."""

import re
from urllib.parse import parse_qsl

from refusal import Refusal, constraint


class Query:
    def __init__(self, body):
        try:
            pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True,
                              encoding="utf-8", errors="strict", max_num_fields=300)
        except ValueError as error:
            raise Refusal("MalformedQueryString", f"The query string is malformed: {error}") from None
        self._left = dict(pairs)
        self.all = dict(pairs)  # as they came, for model.py
        if len(self._left) != len(pairs):
            raise Refusal("MalformedQueryString", "A parameter is there twice")

    @property
    def action(self):
        """The action asked for, without taking it."""
        return self._left.get("Action")

    @property
    def version(self):
        """The version of the service's interface, by which STS and IAM are told apart, without taking it."""
        return self._left.get("Version")

    def take(self, name, low=None, high=None):
        """The text of a parameter, None when it is not there; with a length, a parameter outside it is refused."""
        value = self._left.pop(name, None)
        if value is not None and low is not None and not low <= len(value) <= high:
            rule = f"Member must have length between {low} and {high}, both inclusive"
            raise constraint(value[:64], _member(name), rule)
        return value

    def need(self, name, low=None, high=None):
        value = self.take(name, low, high)
        if value is None:
            raise constraint("null", _member(name), "Member must not be null")
        return value

    def take_number(self, name, low, high):
        """An integer, or None; the words are those from which clients learn a limit."""
        text = self.take(name)
        if text is None:
            return None
        if not re.fullmatch(r"-?\d{1,9}", text, re.ASCII):
            raise Refusal("ValidationError", f"{name} is not an integer")
        if int(text) < low:
            raise constraint(text, _member(name), f"Member must have value greater than or equal to {low}")
        if int(text) > high:
            raise constraint(text, _member(name), f"Member must have value less than or equal to {high}")
        return int(text)

    def take_list(self, name, *fields):
        """
        NAME.member.1, NAME.member.2 … in order, without gaps; with fields, NAME.member.1.FIELD, and tuples of these.
        """
        taken = []
        while True:
            prefix = f"{name}.member.{len(taken) + 1}"
            keys = [f"{prefix}.{field}" for field in fields] or [prefix]
            if not all(key in self._left for key in keys):
                return taken
            item = tuple(self._left.pop(key) for key in keys)
            taken.append(item if len(item) > 1 else item[0])

    def done(self):
        if self._left:
            raise Refusal("ValidationError", f"No such parameter: {', '.join(sorted(self._left))[:200]}")


def _member(name):
    return name[0].lower() + name[1:]
