"""awsfed itself on the jump host: installed, configured, its bridge running.

SPDX-License-Identifier: Apache-2.0
"""
import configparser
import io
import json
import os
import re
import secrets
import shutil
import subprocess
from pathlib import Path

from lab import accounts, certificates, changes, cloud, people, places
from lab.places import LabError
from lab.service import Service

CONFIG = Path("/etc/awsfed")
SOCKET = Path("/run/awsfed/bridge.sock")
STATE = Path("/var/lib/awsfed")
AUDIT = Path("/var/log/awsfed/audit.jsonl")
_KEYS = CONFIG / "keys"
_SYS_PTRACE = 19  # capabilities(7)


def answers():
    """Does the bridge answer? That it listens is not enough: it does so before it has read its keys."""
    return SOCKET.exists() and subprocess.run(
        ["awsfed-admin", "mfa", "list"], capture_output=True, env={"PATH": places.PATH}).returncode == 0


BRIDGE = Service("bridge", ["/usr/local/sbin/awsfed-bridge", "-c", CONFIG, "-f"], ready=answers)

# Each section and key; tests change single ones with configure().
DEFAULTS = {
    "bridge": {"audit": f"file:{AUDIT}", "state-dir": str(STATE), "minimum-uid": "1000",
               "local-users": f"root, {people.BREAKGLASS}"},
    f"domain {places.DOMAIN}": {
        "servers": places.DC1[1], "ca-file": str(certificates.CA_FILE), "default": "yes",
        "netbios-name": places.NETBIOS, "service-bind": "simple",
        "service-dn": f"CN={people.SERVICE_NAME},OU=Services,{places.BASE_DN}",
        "service-password-file": str(_KEYS / "service.password")},
    "mfa": {"seal-key": str(_KEYS / "seal.key"), "issuer": "Example Corp"},
    "saml": {"entity-id": f"https://{places.JUMP[1]}/awsfed",
             "key": str(_KEYS / "saml.key"), "certificate": str(_KEYS / "saml.pem")},
    "aws": {"region": places.REGION, "fallback-regions": places.OTHER_REGION,
            "ca-file": str(certificates.CA_FILE), "timeout": "4s"},
    "role prod-admin": {"arn": cloud.role_arn(cloud.PROD, "Admin"), "groups": "AWS-Prod-Admins",
                        "provider": cloud.provider_arn(cloud.PROD), "alias": "production"},
    "role dev-readonly": {"arn": cloud.role_arn(cloud.DEV, "ReadOnly"), "groups": "AWS-Dev-ReadOnly",
                          "provider": cloud.provider_arn(cloud.DEV), "alias": "development"},
    "role billing": {"arn": cloud.role_arn(cloud.PROD, "Billing"), "groups": "AWS-Billing",
                     "provider": cloud.provider_arn(cloud.PROD)},
}


def write_config(changed=None, folder=CONFIG):
    """awsfed.conf from DEFAULTS with {section: {key: value}} laid over it; a value of None leaves its key out."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.optionxform = str
    for section in {**DEFAULTS, **(changed or {})}:
        values = {**DEFAULTS.get(section, {}), **(changed or {}).get(section, {})}
        parser[section] = {key: value for key, value in values.items() if value is not None}
    text = io.StringIO()
    parser.write(text)
    changes.write(folder / "awsfed.conf", text.getvalue())


def configure(changed=None):
    """Restart the bridge with DEFAULTS and these changes; without an argument, as the lab was at first."""
    BRIDGE.stop()
    write_config(changed)
    BRIDGE.start()


def _install():
    for program, folder in ((places.BRIDGE, "sbin"), (places.ADMIN, "sbin"), (places.LOGIN, "bin")):
        if not program.exists():
            raise LabError(f"{program} is not built: run make")
        changes.directory(f"/usr/local/{folder}")
        changes.write(f"/usr/local/{folder}/{program.name}", program.read_bytes(), 0o755)
    if not places.PAM_MODULE.exists():
        raise LabError(f"{places.PAM_MODULE} is not built: run make")


def _write_secret(path, text):
    changes.write(path, text + "\n", 0o600)


def set_up():
    """Everything up to, and without, the start of the bridge: AWS wants its metadata first."""
    _install()
    uid = accounts.BRIDGE_USER[1]
    changes.directory(CONFIG)
    changes.directory(_KEYS, 0o700)
    changes.directory(STATE, 0o700, (uid, uid))
    changes.directory(AUDIT.parent, 0o750, (uid, uid))
    changes.directory(SOCKET.parent)
    _write_secret(_KEYS / "service.password", people.SERVICE_PASSWORD)
    _write_secret(_KEYS / "seal.key", secrets.token_hex(32))
    write_config()
    subprocess.run(["awsfed-admin", "saml", "init"], check=True, env={"PATH": places.PATH},
                   stdout=subprocess.DEVNULL)


def forget_state():
    """As on the first day: no enrolment, no watermark, no failure. The bridge restarts."""
    BRIDGE.stop()
    for entry in STATE.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    BRIDGE.start()


def audit(**wanted):
    """The audit lines, oldest first, whose fields have these values."""
    lines = [json.loads(line) for line in AUDIT.read_text().splitlines()]
    return [line for line in lines if all(line.get(key) == value for key, value in wanted.items())]


def as_user(user, argv, environment=None, **options):
    """Run a command as a user of the host, outside of any login; a CompletedProcess with text."""
    uid = people.person(user).uid
    return subprocess.run(
        ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--", *map(str, argv)],
        text=True, capture_output=True, cwd="/",
        env={"PATH": places.PATH, "HOME": f"/home/{user}", **(environment or {})}, **options)


def system_log():
    """What pam_awsfed and the other programs sent to syslog."""
    return places.SYSTEM_LOG.read_text(errors="replace")


def may_be_looked_into():
    """Its processes are not dumpable: root sees what they have in memory, but for root in a plain container."""
    rights, = re.findall(r"(?m)^CapEff:\s*(\w+)$", Path("/proc/self/status").read_text())
    return bool(int(rights, 16) >> _SYS_PTRACE & 1)


def processes():
    """The bridge's processes: {pid: command line}."""
    return {pid: Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            for pid in BRIDGE.members() if os.path.exists(f"/proc/{pid}")}
