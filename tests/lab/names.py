"""Where the jump host's people come from: /etc/passwd, as in the plain lab, or a real sssd or nslcd for NSS alone.

The configurations are the samples of conf/nss/, which an administrator installs, with what only the lab knows put in.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pwd
import subprocess
from pathlib import Path

from lab import accounts, certificates, changes, directory, people, places
from lab.service import Service

_SAMPLES = places.REPO / "conf" / "nss"
_KEYTAB = Path("/etc/krb5.keytab")
_SSSD = Path("/etc/sssd/sssd.conf")
_NSLCD = Path("/etc/nslcd.conf")


def _known(user):
    """By NSS alone, in a process of its own: a C library keeps what it once read of nsswitch.conf."""
    return subprocess.run(["getent", "passwd", user], capture_output=True, env={"PATH": places.PATH}).returncode == 0


def _ready():
    return _known(people.SERVICE_NAME)  # whom /etc/passwd does not have


SSSD = Service("sssd", ["/usr/sbin/sssd", "-i", "--logger=stderr"], ready=_ready)
NSLCD = Service("nslcd", ["/usr/sbin/nslcd", "-n"], ready=_ready)


def _sample(name, replaced, added=""):
    text = (_SAMPLES / name).read_text()
    for old, new in replaced.items():
        assert old in text, f"{name} has no {old!r} any more"
        text = text.replace(old, new)
    return text + added


_SECRETS = {"the service account's password": people.SERVICE_PASSWORD,
            "/etc/ssl/certs/ca-certificates.crt": str(certificates.CA_FILE)}


def _set_up_sssd(sample, replaced, added=""):
    for folder in ("/etc/sssd", "/var/log/sssd", "/var/lib/sss"):
        changes.directory(folder)
        changes.keep(folder)
    # What it knows from an earlier start would answer before it does.
    for path in (*Path("/var/lib/sss/db").glob("*"), *Path("/var/lib/sss/mc").glob("*")):
        path.unlink()
    changes.write(_SSSD, _sample(sample, replaced, added), 0o600)
    return SSSD, "sss"


def _set_up_joined():
    changes.write("/etc/krb5.conf", f"[libdefaults]\ndefault_realm = {places.REALM}\nrdns = false\n")
    changes.keep(_KEYTAB)
    directory.DC1.export_keytab(f"{places.JOINED_NAME}$", _KEYTAB)
    return _set_up_sssd("sssd.conf", {}, f"ldap_sasl_authid = {places.JOINED_NAME}$\nad_server = {places.DC1[1]}\n"
                        f"ldap_tls_cacert = {certificates.CA_FILE}\n")


def _set_up_nslcd():
    changes.directory("/run/nslcd", owner=_ids("nslcd"))
    sid = str(directory.samdb().get_domain_sid())
    changes.write(_NSLCD, _sample("nslcd.conf", {**_SECRETS, "S-1-5-21-1-2-3": sid}), 0o600)
    return NSLCD, "ldap"


def _ids(user):
    entry = pwd.getpwnam(user)
    return entry.pw_uid, entry.pw_gid


KINDS = {"sssd": _set_up_joined, "sssd-ldap": lambda: _set_up_sssd("sssd-ldap.conf", _SECRETS), "nslcd": _set_up_nslcd}


def come_from(kind):
    """People are known by that service, and /etc/passwd forgets them; until come_back()."""
    service, source = KINDS[kind]()
    accounts.forget_people()
    accounts.use_names_of("files", source)
    service.start()
    return service


def come_back():
    for service in (SSSD, NSLCD):
        service.stop()
    accounts.add_accounts()
    accounts.use_names_of("files")


def give_home(user):
    """The home of somebody, as whoever they are now."""
    told = subprocess.run(["getent", "passwd", user], text=True, capture_output=True, check=True).stdout.split(":")
    for folder, _, files in os.walk(told[5]):
        for path in (folder, *(os.path.join(folder, name) for name in files)):
            os.chown(path, int(told[2]), int(told[3]), follow_symlinks=False)
    return int(told[2])
