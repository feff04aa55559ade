# The service model that the SDKs are made from, as one more judge of a request: names, kinds, lengths and patterns of
# all parameters. sts.py has its own checks, in AWS's words; this one sees what those forgot.
#
# SPDX-License-Identifier: Apache-2.0
"""botocore's data/sts/2011-06-15/service-2.json, by botocore's own reader."""

import re

import botocore.session

_SESSION = botocore.session.get_session()
_SERVICES = {name: _SESSION.get_service_model(name) for name in ("sts", "iam")}


def _scalar(shape, name, text):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    size = int(text) if shape.type_name == "integer" else len(text)
    if least is not None and size < least or most is not None and size > most:
        yield f"{name} is outside of {least} to {most}"
    pattern = shape.metadata.get("pattern")
    # The patterns are Java's; \p classes are not for Python, and limits.py has those.
    if pattern and "\\p" not in pattern and not re.fullmatch(pattern, text):
        yield f"{name} does not match {pattern}"


def _any(shape, name, left):
    """Complaints about a parameter and all below it, which are taken out of `left`."""
    if shape.type_name == "structure":
        below = {key for key in left if key.startswith(name + ".")}
        for member, kind in shape.members.items():
            yield from _any(kind, f"{name}.{member}", left)
        if below:
            yield from (f"{name}.{member} is missing" for member in shape.required_members
                        if f"{name}.{member}" not in below)
    elif shape.type_name == "list":
        number = 1
        while any(re.match(rf"{re.escape(name)}\.member\.{number}(\.|$)", key) for key in left):
            yield from _any(shape.member, f"{name}.member.{number}", left)
            number += 1
    elif name in left:
        yield from _scalar(shape, name, left.pop(name))


def complaints(action, parameters, service="sts"):
    """What is wrong with a request's parameters (a dict of the form's names), as a list of texts."""
    shape = _SERVICES[service].operation_model(action).input_shape
    left = {key: value for key, value in parameters.items() if key not in ("Action", "Version")}
    found = []
    if shape is not None:
        found += [f"{name} is missing" for name in shape.required_members if name not in left]
        for name, member in shape.members.items():
            found += _any(member, name, left)
    return found + [f"{name} is in no model" for name in left]
