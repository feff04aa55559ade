# The stand-in running, for its own tests: certificates, a world of three accounts, the server, and ways to talk to it.
# One server for the whole run, reset before each test; everything lies in pytest's temporary folder.
#
# SPDX-License-Identifier: Apache-2.0

import http.client
import ipaddress
import json
import os
import re
import socket
import ssl
import subprocess
import sys
from urllib.parse import urlencode

from cryptography import x509
from lxml import etree

import forger

HERE = os.path.dirname(os.path.abspath(__file__))

STS_NS = "{https://sts.amazonaws.com/doc/2011-06-15/}"
ACCOUNT = "111122223333"
ISSUER = "https://id.example.com/x"
BASE_KEY, BASE_SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def role(name, account=ACCOUNT, partition="aws"):
    return f"arn:{partition}:iam::{account}:role/{name}"


def provider(name, account=ACCOUNT, partition="aws"):
    return f"arn:{partition}:iam::{account}:saml-provider/{name}"


def description():
    trusted = {"providers": [provider("corp")]}
    return {
        "regions": ["eu-central-1", "us-east-1"],
        "accounts": [ACCOUNT, "444455556666", "777788889999"],
        "providers": {
            provider("corp"): "metadata.xml",
            provider("other"): "other.xml",
            provider("later"): "later.xml",
            provider("gov", "444455556666", "aws-us-gov"): "metadata.xml",
            provider("cn", "777788889999", "aws-cn"): "metadata.xml",
        },
        "issuers": {ISSUER: {"folder": "oidc", "audiences": ["sts.amazonaws.com"], "accounts": [ACCOUNT]}},
        "machine": role("Machine"),
        "roles": {
            role("Admin"): trusted | {"tag_session": True, "source_identity": True, "max_duration": 43200},
            role("team/Plain"): trusted,
            role("Tells"): trusted | {"tells_maximum": True, "max_duration": 7200},
            role("Later"): {"providers": [provider("later")]},
            role("Untrusting"): {},
            role("Machine"): {},
            role("Token"): {"issuers": [ISSUER], "tag_session": True, "source_identity": True},
            role("Next"): {"principals": [role("Admin"), f"arn:aws:iam::{ACCOUNT}:user/base"], "external_id": "ext-1",
                           "tag_session": True, "source_identity": True, "max_duration": 43200},
            role("Gov", "444455556666", "aws-us-gov"): {"providers": [provider("gov", "444455556666", "aws-us-gov")]},
            role("Cn", "777788889999", "aws-cn"): {"providers": [provider("cn", "777788889999", "aws-cn")]},
        },
        "keys": {BASE_KEY: {"secret": BASE_SECRET, "arn": f"arn:aws:iam::{ACCOUNT}:user/base"}},
    }


class Answer:
    """One reply: status, headers, and its XML by element name."""

    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    def __getitem__(self, name):
        """Text of the first element of that name; None when there is none."""
        found = etree.fromstring(self.body).find(f".//{STS_NS}{name}")
        return None if found is None else found.text or ""

    @property
    def code(self):
        return self["Code"]


class Lab:
    def __init__(self, folder):
        self.folder = folder
        self.idp, self.other = forger.Idp(), forger.Idp("https://other.example/idp")
        self._write_certificates()
        self.write("metadata.xml", self.idp.metadata())
        self.write("other.xml", self.other.metadata())
        self.write("world.json", json.dumps(description()).encode())
        self.state, self.log_file = self.path("state.json"), self.path("requests.log")
        with socket.socket() as probe, socket.socket() as another:
            probe.bind(("127.0.0.1", 0))
            another.bind(("127.0.0.1", 0))
            self.port, self.metadata_port = probe.getsockname()[1], another.getsockname()[1]
        self.control_path = self.path("control.sock")
        self.tls = ssl.create_default_context(cafile=self.path("ca.pem"))
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "standin.py"), "--listen", f"127.0.0.1:{self.port}",
             "--metadata", f"127.0.0.1:{self.metadata_port}",
             "--cert", self.path("tls.pem"), "--key", self.path("tls.key"), "--world", self.path("world.json"),
             "--control", f"unix:{self.control_path}", "--log", self.log_file, "--state", self.state],
            stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n"

    def stop(self):
        """End it as the lab does; it has to end well."""
        self.process.terminate()
        assert self.process.wait(10) == 0
        assert not os.path.exists(self.control_path)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name + ".new"), "wb") as file:
            file.write(data)
        os.rename(self.path(name + ".new"), self.path(name))

    def _write_certificates(self):
        ca_key, key = forger.new_key(), forger.new_key()
        ca = forger.new_certificate(ca_key, "lab CA", ca=True)
        names = [x509.DNSName("localhost"), x509.DNSName("*.amazonaws.com"),
                 x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        leaf = forger.new_certificate(key, "localhost", names, ca, ca_key)
        self.write("ca.pem", forger.pem(ca))
        self.write("tls.pem", forger.pem(leaf))
        self.write("tls.key", forger.pem(key))

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def connect(self, timeout=10):
        return http.client.HTTPSConnection("localhost", self.port, context=self.tls, timeout=timeout)

    def post(self, body, headers=None, connection=None, path="/"):
        one = connection or self.connect()
        one.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"} | (headers or {}))
        response = one.getresponse()
        answer = Answer(response, response.read())
        if connection is None:
            one.close()
        return answer

    def query(self, action, connection=None, headers=None, **parameters):
        form = {"Action": action, "Version": "2011-06-15"} | parameters
        return self.post(urlencode({k: v for k, v in form.items() if v is not None}), headers, connection)

    def saml(self, root=None, connection=None, headers=None, **parameters):
        """AssumeRoleWithSAML of a response (the right one by default)."""
        encoded = root if isinstance(root, str) else forger.encode(self.idp.right() if root is None else root)
        return self.query("AssumeRoleWithSAML", connection, headers, **{
            "RoleArn": forger.ROLE, "PrincipalArn": forger.PROVIDER, "SAMLAssertion": encoded} | parameters)

    def credential(self, **fields):
        """A fresh session's keys, as keyword arguments for boto3."""
        answer = self.saml(self.idp.right(**fields))
        assert answer.status == 200, answer.body
        return {"aws_access_key_id": answer["AccessKeyId"], "aws_secret_access_key": answer["SecretAccessKey"],
                "aws_session_token": answer["SessionToken"]}

    def control(self, method, path, about=None):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(self.control_path)
            connection = http.client.HTTPConnection("lab")
            connection.sock = sock
            connection.request(method, path, None if about is None else json.dumps(about))
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def fault(self, kind, **about):
        status, reply = self.control("POST", "/_lab/fault", {"kind": kind} | about)
        assert status == 200, reply

    def log(self):
        return self.control("GET", "/_lab/log")[1]

    def last(self):
        return self.log()[-1]


def refused(lab, answer, code, why):
    """Refused with that code, and by the log for that reason: not for another that happens to have the same code."""
    assert answer.code == code, answer.body
    assert lab.last()["result"] == code
    assert re.search(why, lab.last()["why"]), lab.last()["why"]
    assert answer["SessionToken"] is None
