"""AWS as the lab has it: two accounts, and the STS stand-in that judges what the bridge sends.

SPDX-License-Identifier: Apache-2.0
"""
import http.client
import json
import socket
import subprocess
import sys

from lab import certificates, places
from lab.service import Service

PROD, DEV = "111122223333", "444455556666"
FOLDER = places.RUN / "aws"
CONTROL = FOLDER / "control.sock"
METADATA = FOLDER / "metadata.xml"
WORLD = FOLDER / "world.json"
LOG = places.LOGS / "aws-requests.jsonl"


# For a shell in which the AWS CLI has no set-up at all: where the lab's AWS is, and nothing else.
HERE = (f"export AWS_CA_BUNDLE={certificates.CA_FILE} AWS_DEFAULT_REGION={places.REGION} "
        "AWS_STS_REGIONAL_ENDPOINTS=regional; ")


def role_arn(account, name):
    return f"arn:aws:iam::{account}:role/{name}"


def provider_arn(account):
    return f"arn:aws:iam::{account}:saml-provider/awsfed"


def _command():
    metadata = [word for address in (places.METADATA_NEARBY if places.in_place() else places.METADATA)
                for word in ("--metadata", f"{address}:80")]
    return [sys.executable, "-B", places.HERE / "aws" / "standin.py", "--listen", f"{places.STS[0]}:443",
            "--cert", places.PKI / "sts.pem", "--key", places.PKI / "sts.key", "--world", WORLD,
            "--control", f"unix:{CONTROL}", "--log", LOG, *metadata]


def way_to_metadata():
    """The environment in which a program finds the metadata at AWS's own addresses."""
    if not places.in_place():
        return {}
    library = places.RUN / "nearby.so"
    if not library.exists():
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, places.HERE / "nearby.c", "-ldl"], check=True)
    stands = zip(places.METADATA, places.METADATA_NEARBY)
    return {"LD_PRELOAD": str(library), "LAB_NEARBY": " ".join(f"{far}={near}" for far, near in stands)}


AWS = Service("aws", _command, ready=lambda: _answers())


def _answers():
    try:
        return control("GET", "/_lab/log") is not None
    except OSError:
        return False


def write_world(**changed_roles):
    """The accounts, and what each role trusts; a keyword replaces settings of the role of that name."""
    roles = {}
    for account, name in ((PROD, "Admin"), (DEV, "ReadOnly"), (PROD, "Billing")):
        roles[role_arn(account, name)] = {
            "providers": [provider_arn(account)], "max_duration": 43200,
            "tag_session": True, "source_identity": True, **changed_roles.get(name, {})}
    fresh = WORLD.with_suffix(".new")
    fresh.write_text(json.dumps({
        "regions": [places.REGION, places.OTHER_REGION],
        "accounts": [PROD, DEV],
        "providers": {provider_arn(account): METADATA.name for account in (PROD, DEV)},
        "roles": roles,
    }, indent=1))
    fresh.rename(WORLD)  # the stand-in may be reading it


def extend_world(**parts):
    """Lay roles, issuers, keys or a machine over the world as it is; write_world() takes them away."""
    world = json.loads(WORLD.read_text())
    for name, value in parts.items():
        world[name] = {**world.get(name, {}), **value} if isinstance(value, dict) else value
    WORLD.write_text(json.dumps(world, indent=1))


def register_metadata():
    """What an administrator uploads to IAM: the metadata that awsfed-admin prints."""
    subprocess.run(["awsfed-admin", "saml", "metadata", "--output", str(METADATA)],
                   check=True, env={"PATH": places.PATH})


def set_up():
    FOLDER.mkdir(mode=0o755)
    write_world()
    register_metadata()
    AWS.start()


class _UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(CONTROL))


def control(method, path, body=None):
    connection = _UnixConnection("lab")
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None)
        reply = connection.getresponse()
        text = reply.read()
        if reply.status >= 300:
            raise places.LabError(f"{method} {path}: {reply.status} {text.decode()}")
        return json.loads(text) if text else {}
    finally:
        connection.close()


def requests(action=None):
    """The requests so far, oldest first; of one action if said."""
    log = control("GET", "/_lab/log")
    entries = log["requests"] if isinstance(log, dict) else log
    return [entry for entry in entries if action in (None, entry.get("action"))]


def fail(kind, **fields):
    """Order a fault; the kinds are listed at the top of aws/faults.py."""
    control("POST", "/_lab/fault", {"kind": kind, **fields})


def reset():
    control("POST", "/_lab/reset")


# The real CLI, told of the lab's authority as of any private one.
AWS_CLI_CONFIG = f"""\
[profile {{name}}]
region = {places.REGION}
ca_bundle = {certificates.CA_FILE}
credential_process = awsfed-login credential-process --role {{name}}
"""
