"""A PKCS#11 token on the jump host: SoftHSM's, made by the account that the bridge's signer runs as.

SPDX-License-Identifier: Apache-2.0
"""
import re
import shutil
import subprocess
from pathlib import Path

from lab import accounts, awsfed, changes, places

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
TOKENS = Path("/var/lib/softhsm/tokens")
LABEL = "awsfed"
PIN_FILE = awsfed.CONFIG / "keys" / "token.pin"
CERTIFICATE = awsfed.CONFIG / "keys" / "token.pem"
PIN, OFFICER_PIN = "246810", "13579111"


def uri(key, token=LABEL, module=MODULE):
    return f"pkcs11:token={token};object={key};type=private?module-path={module}&pin-source=file:{PIN_FILE}"


def config(**changed):
    """The settings of a bridge whose SAML key is in the token."""
    return {"bridge": {"signer-user": accounts.SIGNER_USER[0]},
            "saml": {"key": uri("saml"), "certificate": str(CERTIFICATE)}, **changed}


def as_signer(*argv):
    """Run a command as the signer's user, with its groups."""
    uid = str(accounts.SIGNER_USER[1])
    return subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={uid}", "--init-groups", "--", *argv], text=True,
                          capture_output=True, cwd="/", env={"PATH": places.PATH})


def tool(*words, pin=PIN):
    """pkcs11-tool, logged in to the token."""
    return as_signer("pkcs11-tool", "--module", MODULE, "--token-label", LABEL, "--login", "--pin", pin, *words)


def write_pin(pin=PIN):
    changes.write(PIN_FILE, pin + "\n", 0o600)


def set_up():
    """The token, with an RSA key "saml" and a P-256 key "oidc", both made in it."""
    name = accounts.SIGNER_USER[0]
    group = Path("/etc/group").read_text()
    changes.write("/etc/group", re.sub(r"(?m)^(softhsm:[^:]*:\d+:).*$", rf"\1{name}", group))
    changes.keep(TOKENS)
    for done in (
            as_signer("softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", OFFICER_PIN),
            tool("--keypairgen", "--key-type", "rsa:2048", "--label", "saml", "--id", "01"),
            tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "oidc", "--id", "02")):
        if done.returncode != 0:
            raise places.LabError(f"{done.args}: {done.stderr}")
    write_pin()


def remove():
    for token in TOKENS.iterdir():
        shutil.rmtree(token)
    for path in (PIN_FILE, CERTIFICATE):
        path.unlink(missing_ok=True)


def processes():
    """{name: pid} of the bridge's processes that have to do with a token."""
    found = {}
    for pid in awsfed.BRIDGE.members():
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        if name in ("awsfed-signer", "awsfed-token"):
            found[name] = pid
    return found
