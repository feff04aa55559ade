"""The domain controller: Samba as Active Directory, provisioned once and unpacked at each start.

SPDX-License-Identifier: Apache-2.0
"""
import functools
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

from lab import certificates, changes, people, places
from lab.places import LabError
from lab.service import Service, answers_tcp

ROOT = Path("/var/lib/samba/dc1")
SMB_CONF = ROOT / "etc" / "smb.conf"
SAM_LDB = ROOT / "private" / "sam.ldb"
_TLS = ROOT / "private" / "tls"

# No shares, no RPC, no replication: what a jump host asks of a domain controller, and nothing else.
_SMB_CONF = f"""[global]
    netbios name = DC1
    realm = {places.REALM}
    workgroup = {places.NETBIOS}
    server role = active directory domain controller
    server services = ldap, cldap, kdc, dns
    interfaces = {places.DC1[0]}/8
    bind interfaces only = yes
    private dir = {ROOT}/private
    state directory = {ROOT}/state
    cache directory = {ROOT}/cache
    lock directory = {ROOT}
    pid directory = {ROOT}/run
    ncalrpc dir = {ROOT}/ncalrpc
    binddns dir = {ROOT}/bind-dns
    ntp signd socket directory = {ROOT}/ntp
    posix:eadb = {ROOT}/eadb.tdb
    tls enabled = yes
    tls certfile = {_TLS}/dc1.pem
    tls keyfile = {_TLS}/dc1.key
    tls cafile = {_TLS}/ca.pem
    ldap server require strong auth = yes
    prefork children = 2
    log level = 1
"""


def _environment():
    return {"KRB5_CONFIG": str(ROOT / "private" / "krb5.conf"), "PYTHONDONTWRITEBYTECODE": "1"}


DC = Service(
    "dc1", ["/usr/sbin/samba", "-s", SMB_CONF, "-i", "-M", "prefork", "--debug-stdout"],
    ready=lambda: all(answers_tcp(places.DC1[0], port) for port in (389, 636)),
    environment=_environment())


def _cached_tar():
    """The provisioned domain as a tar, made when there is none for these very sources."""
    sources = ("provision.py", "people.py", "places.py")
    digest = hashlib.sha256(b"".join((places.HERE / name).read_bytes() for name in sources))
    tar = places.CACHE / f"dc1-{digest.hexdigest()[:16]}.tar"
    if tar.exists():
        return tar
    places.CACHE.mkdir(parents=True, exist_ok=True)
    for old in places.CACHE.glob("dc1-*.tar"):
        old.unlink()
    done = subprocess.run(
        [sys.executable, str(places.HERE / "provision.py"), str(ROOT)], text=True,
        env={"PATH": places.PATH, **_environment()}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise LabError(f"provisioning the domain failed:\n{done.stdout[-2000:]}")
    fresh = tar.with_suffix(f".{os.getpid()}")
    subprocess.run(["tar", "--sparse", "-C", str(ROOT.parent), "-cf", str(fresh), ROOT.name], check=True)
    fresh.rename(tar)
    subprocess.run(["rm", "-rf", str(ROOT)], check=True)
    return tar


def set_up():
    changes.directory(ROOT.parent)
    changes.directory(ROOT)
    tar = _cached_tar()
    subprocess.run(["tar", "-C", str(ROOT.parent), "-xf", str(tar)], check=True)
    SMB_CONF.write_text(_SMB_CONF)
    for folder in ("run", "ncalrpc", "ntp"):
        (ROOT / folder).mkdir(exist_ok=True)
    use_certificate("dc1")
    DC.start()
    for person in people.PEOPLE:
        if person.state == "locked":
            lock(person.name)


def use_certificate(name):
    """Which of the certificates the domain controller shows, from its next start on."""
    _TLS.mkdir(mode=0o700, exist_ok=True)
    for source, target in ((f"{name}.pem", "dc1.pem"), (f"{name}.key", "dc1.key"),
                           (certificates.CA_FILE.name, "ca.pem")):
        (_TLS / target).write_bytes((places.PKI / source).read_bytes())
        (_TLS / target).chmod(0o600)


@functools.lru_cache(1)
def samdb():
    """The database itself, opened with all rights, for arranging cases and for looking."""
    from samba.auth import system_session
    from samba.param import LoadParm
    from samba.samdb import SamDB
    lp = LoadParm()
    lp.load(str(SMB_CONF))
    return SamDB(url=str(SAM_LDB), session_info=system_session(), lp=lp)


def attribute(name, attribute_name):
    """The first value of somebody's attribute as text, None when it has none."""
    found = samdb().search(
        places.BASE_DN, expression=f"(sAMAccountName={name})", attrs=[attribute_name])
    values = found[0].get(attribute_name) if found else None
    return str(values[0]) if values else None


def bad_password_count(name):
    """How many wrong passwords AD has counted: tells whether a bind was made."""
    return int(attribute(name, "badPwdCount") or 0)


def try_password(name, password):
    """One bind of somebody's with the bridge having no part in it: '' when it is good, else AD's data code."""
    secret = places.RUN / f"password-{os.getpid()}"
    descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(password)
    done = subprocess.run(
        ["ldapsearch", "-x", "-H", f"ldaps://{places.DC1[1]}", "-D", f"{name}@{places.DOMAIN}",
         "-y", str(secret), "-b", "", "-s", "base", "1.1"], text=True, capture_output=True,
        env={"PATH": places.PATH, "LDAPTLS_CACERT": str(certificates.CA_FILE)})
    secret.unlink()
    if done.returncode == 0:
        return ""
    code = re.search(r"data ([0-9a-f]+)", done.stderr)
    return code.group(1) if code else done.stderr.strip()


def lock(name):
    """Lock somebody out as AD itself does: by wrong passwords."""
    for _ in range(20):
        if try_password(name, "not the password") == "775":
            return
    raise LabError(f"the directory does not lock {name} out")
