# Answers as STS writes them: Query protocol XML, a result or an error, with the request's id.
# A result is a list of (element, value) pairs, a value being text or another such list; None leaves the element out.
#
# SPDX-License-Identifier: Apache-2.0
"""STS API Reference, the "Examples" of each action; "Common Errors" for the shape of ErrorResponse."""

from datetime import datetime
from xml.sax.saxutils import escape

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


def _elements(pairs, depth):
    indent = "  " * depth
    for name, value in pairs:
        if value is None:
            continue
        if isinstance(value, list):
            yield f"{indent}<{name}>\n{''.join(_elements(value, depth + 1))}{indent}</{name}>\n"
        else:
            yield f"{indent}<{name}>{escape(str(value))}</{name}>\n"


def result(action, pairs, request_id, namespace=NAMESPACE):
    """pairs None: an action that has no result."""
    body = "".join(_elements([(f"{action}Result", pairs), ("ResponseMetadata", [("RequestId", request_id)])], 1))
    return f'<{action}Response xmlns="{namespace}">\n{body}</{action}Response>\n'.encode()


def error(refusal, request_id, namespace=NAMESPACE):
    about = [("Type", refusal.fault), ("Code", refusal.code), ("Message", refusal.message)]
    body = "".join(_elements([("Error", about), ("RequestId", request_id)], 1))
    return f'<ErrorResponse xmlns="{namespace}">\n{body}</ErrorResponse>\n'.encode()


def timestamp(seconds):
    """ISO 8601 in UTC, whole seconds."""
    return datetime.utcfromtimestamp(int(seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
