"""slapd as a directory that is no Active Directory: it refers to other servers, which Samba never does.

It knows one person and the service account, by attributes of AD's names, and points elsewhere in every way that it can: by a
referral entry beside the person, and for whatever is not below its suffix.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import shutil
import struct
import subprocess

from lab import awsfed, certificates, people, places
from lab.service import Service, answers_tcp

ADDRESS, NAME = places.STRANGER
ROOT = places.RUN / "stranger"
ELSEWHERE = ("127.0.0.13", 3890)  # where it sends people
PERSON = "sam"
PASSWORD = "Sam's secret-42"
DN = f"CN={PERSON},OU=People,{places.BASE_DN}"

_STRING, _OCTETS = "1.3.6.1.4.1.1466.115.121.1.15", "1.3.6.1.4.1.1466.115.121.1.40"
_ATTRIBUTES = {"objectSid": _OCTETS, "tokenGroups": _OCTETS, **dict.fromkeys((
    "sAMAccountName", "userPrincipalName", "objectCategory", "userAccountControl", "accountExpires", "pwdLastSet",
    "msDS-UserPasswordExpiryTimeComputed", "msDS-User-Account-Control-Computed", "lockoutThreshold",
    "lockOutObservationWindow"), _STRING)}


def _schema():
    for n, (name, syntax) in enumerate(_ATTRIBUTES.items()):
        rule = "octetStringMatch" if syntax == _OCTETS else "caseIgnoreMatch"
        yield f"attributetype ( 2.25.77001.1.{n + 1} NAME '{name}' EQUALITY {rule} SYNTAX {syntax} )"
    yield ("objectclass ( 2.25.77001.2.1 NAME 'adLike' SUP top AUXILIARY MAY ( "
           f"{' $ '.join(_ATTRIBUTES)} ) )")
    # AD's filter wants these classes by name.
    yield "objectclass ( 2.25.77001.2.2 NAME 'user' SUP top AUXILIARY )"
    yield "objectclass ( 2.25.77001.2.3 NAME 'group' SUP top AUXILIARY )"


def _sid(*subs):
    raw = bytes([1, len(subs), 0, 0, 0, 0, 0, 5]) + b"".join(struct.pack("<I", sub) for sub in subs)
    return base64.b64encode(raw).decode()


def _entries():
    where = f"ldap://{ELSEWHERE[0]}:{ELSEWHERE[1]}"
    yield f"dn: {places.BASE_DN}\nobjectClass: domain\nobjectClass: adLike\ndc: corp\nlockoutThreshold: 0\n"
    for ou in ("People", "Services"):
        yield f"dn: OU={ou},{places.BASE_DN}\nobjectClass: organizationalUnit\nou: {ou}\n"
    yield (f"dn: CN={people.SERVICE_NAME},OU=Services,{places.BASE_DN}\nobjectClass: person\nsn: s\n"
           f"cn: {people.SERVICE_NAME}\nuserPassword: {people.SERVICE_PASSWORD}\n")
    yield (f"dn: {DN}\nobjectClass: person\nobjectClass: user\nobjectClass: adLike\ncn: {PERSON}\nsn: s\n"
           f"userPassword: {PASSWORD}\nsAMAccountName: {PERSON}\nobjectCategory: person\nuserAccountControl: 512\n"
           "accountExpires: 0\npwdLastSet: 133000000000000000\nmsDS-User-Account-Control-Computed: 0\n"
           "msDS-UserPasswordExpiryTimeComputed: 9223372036854775807\n"
           f"objectSid:: {_sid(21, 9, 9, 9, 1001)}\ntokenGroups:: {_sid(21, 9, 9, 9, 513)}\n"
           f"tokenGroups:: {_sid(21, 9, 9, 9, 1002)}\n")
    yield (f"dn: OU=Away,{places.BASE_DN}\nobjectClass: referral\nobjectClass: extensibleObject\nou: Away\n"
           f"ref: {where}/OU=Away,{places.BASE_DN}\n")


_CONF = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include {root}/ad.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {root}/pid
argsfile {root}/args
referral ldap://{where}
TLSCertificateFile {pki}/stranger.pem
TLSCertificateKeyFile {pki}/stranger.key
TLSCACertificateFile {ca}
database mdb
suffix "{base}"
rootdn "cn=root,{base}"
directory {root}/data
access to attrs=userPassword by * auth
access to * by users read
"""

SLAPD = Service("stranger", ["/usr/sbin/slapd", "-d", "256", "-f", ROOT / "slapd.conf", "-h", f"ldaps://{ADDRESS}:636"],
                ready=lambda: answers_tcp(ADDRESS, 636))

# A bridge that takes it for its domain controller.
CONFIG = {f"domain {places.DOMAIN}": {"servers": NAME}}


def start():
    shutil.rmtree(ROOT, ignore_errors=True)
    (ROOT / "data").mkdir(parents=True)
    certificates.issue("stranger", NAME)
    (ROOT / "ad.schema").write_text("\n".join(_schema()) + "\n")
    (ROOT / "slapd.conf").write_text(_CONF.format(
        root=ROOT, pki=places.PKI, ca=certificates.CA_FILE, base=places.BASE_DN, where=f"{ELSEWHERE[0]}:{ELSEWHERE[1]}"))
    subprocess.run(["/usr/sbin/slapadd", "-f", str(ROOT / "slapd.conf")], input="\n".join(_entries()), text=True,
                   check=True, capture_output=True)
    SLAPD.start()


def stop():
    SLAPD.stop()
    shutil.rmtree(ROOT, ignore_errors=True)
