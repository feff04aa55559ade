# What runs on AWS machines beside the program: instance metadata (version 2 only) and a container endpoint, in one
# plain HTTP server. The keys that it hands out are a role session's, issued like any other, so STS knows them.
#
# SPDX-License-Identifier: Apache-2.0
"""EC2 User Guide, "Use IMDSv2", "Retrieve security credentials"; SDKs and Tools Guide, "Container credential provider"."""

import json
import re
import secrets
import socketserver
import time
from http.server import BaseHTTPRequestHandler

from credentials import new_credential, unique_id
from reply import timestamp
from world import split_arn

TOKEN = "/latest/api/token"
ROLES = "/latest/meta-data/iam/security-credentials/"
CONTAINER = "/v1/credentials"
CONTAINER_TOKEN = "lab-container-token"
SESSION = "i-0123456789abcdef0"
LIFE_S = 6 * 3600


class MetadataServer(socketserver.ThreadingTCPServer):
    """role_of() is the ARN of the role that the machine has, or None."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, address, role_of, credentials, faults, journal):
        self.role_of, self.credentials, self.faults, self.journal = role_of, credentials, faults, journal
        self.tokens = {}
        super().__init__(address, _Metadata)

    def keys(self, role_arn, life):
        arn = split_arn(role_arn, "role")
        ends = time.time() + (LIFE_S if life is None else life)
        issued = new_credential(f"arn:{arn.partition}:sts::{arn.account}:assumed-role/{arn.name}/{SESSION}",
                                f"{unique_id('AROA', role_arn)}:{SESSION}", ends, role_arn=role_arn)
        self.credentials.add(issued)
        return {"AccessKeyId": issued.access_key, "SecretAccessKey": issued.secret, "Token": issued.token,
                "Expiration": timestamp(ends)}


class _Metadata(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_PUT(self):
        entry = self.server.journal.open(action="imds-token", path=self.path)
        ttl = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if self.path != TOKEN or self.headers.get("X-Forwarded-For"):
            self._send(entry, 403, "")
        elif not re.fullmatch(r"\d{1,5}", ttl, re.ASCII) or not 1 <= int(ttl) <= 21600:
            self._send(entry, 400, "")
        else:
            token = secrets.token_urlsafe(40) + "=="
            self.server.tokens[token] = time.time() + int(ttl)
            self._send(entry, 200, token)

    def do_GET(self):
        action = "container" if self.path == CONTAINER else "imds"
        entry = self.server.journal.open(action=action, path=self.path)
        fault = self.server.faults.take(action, self.headers.get("Host", ""))
        if fault.kind == "slow":
            self.server.faults.wait(fault.seconds)
        if fault.kind == "hang":
            self.server.faults.wait()
            self.close_connection = True
            return
        if fault.kind == "http":
            self._send(entry, fault.status, "")
        elif action == "container":
            self._container(entry, fault)
        else:
            self._instance(entry, fault)

    def _container(self, entry, fault):
        role = self.server.role_of()
        if self.headers.get("Authorization") != CONTAINER_TOKEN:
            self._send(entry, 403, json.dumps({"code": "AccessDenied", "message": "no token"}))
        elif role is None:
            self._send(entry, 404, json.dumps({"code": "NotFound", "message": "no role"}))
        else:
            self._keys(entry, fault, self.server.keys(role, fault.life))

    def _instance(self, entry, fault):
        """Version 1, without a token, is off: "HttpTokens": "required"."""
        if self.server.tokens.get(self.headers.get("X-aws-ec2-metadata-token"), 0) < time.time():
            self._send(entry, 401, "")
            return
        role = self.server.role_of()
        name = split_arn(role, "role").name if role else None
        if self.path in (ROLES, ROLES.rstrip("/")) and name:
            self._send(entry, 200, name)
        elif name and self.path == ROLES + name:
            keys = {"Code": "Success", "LastUpdated": timestamp(time.time()), "Type": "AWS-HMAC"}
            self._keys(entry, fault, keys | self.server.keys(role, fault.life))
        else:
            self._send(entry, 404, "")

    def _keys(self, entry, fault, keys):
        if fault.kind == "missing-field":
            del keys[fault.field]
        self._send(entry, 200, fault.spoil(json.dumps(keys, indent=2).encode()).decode("latin-1"))

    def _send(self, entry, status, text):
        body = text.encode("latin-1")
        self.server.journal.finish(entry, status=status, result="ok" if status == 200 else f"HTTP {status}")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
