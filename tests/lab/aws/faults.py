# The ways in which AWS fails, on demand: a test orders a fault for the next request or the next few of an action.
# Everything else about the request is still real, so that a spoilt reply is one whose request was right.
#
# SPDX-License-Identifier: Apache-2.0
"""
kind           further fields           what the client sees
error          code, message, status    an ErrorResponse (Throttling, InternalFailure, AccessDenied …)
http           status                   that status with an HTML page, as a proxy or a load balancer answers
slow           seconds                  the right reply, late
hang                                    no reply; the connection stays open until reset
cut                                     the connection ends in mid-body
garbage                                 200, and a body that is no XML
huge           bytes                    200, and a reply of ten megabytes or as many bytes as said
dtd                                     200, and an entity bomb
missing-field  field                    the right reply without that element (SessionToken)
expired                                 a credential that ended an hour ago
short-life     seconds                  a credential that ends sooner than asked for
skew           seconds                  the server's clock is off by that much: in its checks, and in its Date header
Each also takes: action (default any), host (default any), times (default 1; 0 = until reset).
"""

import re
import threading
from dataclasses import dataclass

from refusal import HTTP_STATUS, Refusal

FIELDS = {
    "error": {"code": str, "message": str, "status": int},
    "http": {"status": int},
    "slow": {"seconds": (int, float)},
    "hang": {},
    "cut": {},
    "garbage": {},
    "huge": {"bytes": int},
    "dtd": {},
    "missing-field": {"field": str},
    "expired": {},
    "short-life": {"seconds": int},
    "skew": {"seconds": int},
}
COMMON = {"kind": str, "action": str, "host": str, "times": int}
REQUIRED = {"error": "code", "http": "status", "slow": "seconds", "short-life": "seconds", "skew": "seconds"}

_BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa">%s]>
<AssumeRoleWithSAMLResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithSAMLResult><Credentials>
<SessionToken>&j;</SessionToken></Credentials></AssumeRoleWithSAMLResult></AssumeRoleWithSAMLResponse>
""" % b"".join(b'<!ENTITY %c "%s">' % (name, b"&%c;" % (name - 1) * 10) for name in b"bcdefghij")


@dataclass
class Fault:
    kind: str
    action: str = None
    host: str = None
    times: int = 1
    code: str = None
    message: str = "injected by a test"
    status: int = None
    seconds: float = 0
    bytes: int = 10 * 1024 * 1024
    field: str = "SessionToken"

    @property
    def clock_offset(self):
        return self.seconds if self.kind == "skew" else 0

    @property
    def life(self):
        """Seconds of life for a credential, None to leave it."""
        return {"expired": -3600, "short-life": self.seconds}.get(self.kind)

    def refuse(self):
        """Raise what an `error` fault answers in place of any look at the request."""
        if self.kind == "error":
            raise Refusal(self.code, self.message, "injected", self.status or HTTP_STATUS.get(self.code, 400))

    def spoil(self, body):
        """The body to send in place of the right one."""
        if self.kind == "garbage":
            return b"\x00\xff<<<this is not XML & it does not end\r\n" * 20
        if self.kind == "dtd":
            return _BOMB
        if self.kind == "huge":
            head, tail = body.rsplit(b"</", 1)
            return head + b"<Padding>" + b"A" * (self.bytes - len(body) - 19) + b"</Padding></" + tail
        if self.kind == "missing-field":
            name = re.escape(self.field.encode())
            return re.sub(rb"\s*<%s>.*?</%s>" % (name, name), b"", body, flags=re.S)
        if self.kind == "http":
            page = b"<html><head><title>%d</title></head><body><h1>%d</h1><hr></body></html>\n"
            return page % (self.status, self.status)
        return body


NO_FAULT = Fault("none")


def read_fault(about):
    """A Fault from the JSON of the control endpoint, or ValueError: a fault misspelt is a test that proves nothing."""
    kind = about.get("kind") if isinstance(about, dict) else None
    if kind not in FIELDS:
        raise ValueError(f"no such kind: {kind!r}")
    allowed = COMMON | FIELDS[kind]
    for name, value in about.items():
        if name not in allowed or not isinstance(value, allowed[name]) or isinstance(value, bool):
            raise ValueError(f"bad field for {kind}: {name}")
    if kind in REQUIRED and REQUIRED[kind] not in about:
        raise ValueError(f"{kind} needs {REQUIRED[kind]}")
    return Fault(**about)


class Faults:
    def __init__(self):
        self._waiting = []
        self._lock = threading.Lock()
        self._reset = threading.Event()

    def add(self, fault):
        with self._lock:
            self._waiting.append(fault)

    def pending(self):
        with self._lock:
            return len(self._waiting)

    def take(self, action, host):
        """The first fault that fits, counted down; NO_FAULT when none does."""
        with self._lock:
            for fault in self._waiting:
                if fault.action in (None, action) and fault.host in (None, host):
                    if fault.times == 1:
                        self._waiting.remove(fault)
                    elif fault.times > 1:
                        fault.times -= 1
                    return fault
        return NO_FAULT

    def reset(self):
        """Forget all faults, and let go of whoever waits in one."""
        with self._lock:
            self._waiting.clear()
            self._reset.set()
            self._reset = threading.Event()

    def wait(self, seconds=None):
        """Wait that long, or until reset."""
        with self._lock:
            event = self._reset
        event.wait(seconds)
