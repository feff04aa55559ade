"""Two domain controllers of the lab's domain on hosts of their own, beside the one of the plain lab.

The same domain, moved: dc1 from the very files of the plain lab, so that everybody keeps their SID and their
enrolment; dc2 joined to it by Samba's own join. Names come from their DNS alone. They are made at the first
use, cached like dc1, and started when a test asks for them.
SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from lab import accounts, certificates, changes, directory, network, people, places
from lab.controller import ASKED, Controller
from lab.places import LabError
from lab.service import wait_for

ROOT = Path("/var/lib/samba/pair")
SITE = "Default-First-Site-Name"
BRANCH = "Branch"  # dc2's site, and by its subnet the jump host's
_SERVICES = f"{ASKED}, rpc, drepl"
_LOG = "1 auth_json_audit:3"


def _controller(name, number):
    host = network.host(name, number)
    return Controller(name, f"{host.address}/{network.PREFIX}", ROOT / name, _SERVICES, host, _LOG, children=1)


_SITE_OF = {"dc1": SITE, "dc2": BRANCH}
_PARTITIONS = (places.BASE_DN, f"CN=Configuration,{places.BASE_DN}", f"DC=DomainDnsZones,{places.BASE_DN}",
               f"DC=ForestDnsZones,{places.BASE_DN}")

DC1, DC2 = _controller("dc1", 1), _controller("dc2", 2)
BOTH = (DC1, DC2)
_PASSWORD = f"--password={people.ADMINISTRATOR_PASSWORD}"


def _tool(dc, *words):
    """samba-tool as the domain's administrator, on the jump host."""
    done = subprocess.run(
        ["samba-tool", *words, "-s", str(dc.smb_conf), "-U", f"{places.NETBIOS}\\Administrator", _PASSWORD],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={"PATH": places.PATH, **dc.environment()})
    if done.returncode:
        raise LabError(f"samba-tool {' '.join(words)}: {done.stdout[-2000:]}")
    return done.stdout


# What changes in awsfed's configuration: both by name. Without `servers` they are found by DNS.
CONFIG = {f"domain {places.DOMAIN}": {
    "servers": f"{DC1.fqdn}, {DC2.fqdn}", "connect-timeout": "2s", "timeout": "2s"}}


# ---- Making it ----

def _records():
    """Every SRV name by which AD clients look for domain controllers, with the hosts behind it."""
    kinds = {"_ldap._tcp": 389, "_ldap._tcp.dc._msdcs": 389, "_kerberos._tcp": 88, "_kerberos._tcp.dc._msdcs": 88,
             "_kerberos._udp": 88, "_kpasswd._tcp": 464, "_gc._tcp": 3268}
    for kind, port in kinds.items():
        yield f"{kind}.{places.DOMAIN}", port, [dc.fqdn for dc in BOTH]
    for site in set(_SITE_OF.values()):
        hosts = [dc.fqdn for dc in BOTH if _SITE_OF[dc.name] == site]
        for kind in ("_ldap._tcp", "_kerberos._tcp"):
            yield f"{kind}.{site}._sites.dc._msdcs.{places.DOMAIN}", 389 if "ldap" in kind else 88, hosts


def _dns_record(kind, data):
    from samba.dcerpc import dnsp
    record = dnsp.DnssrvRpcRecord()
    record.rank, record.wType, record.data = dnsp.DNS_RANK_ZONE, kind, data
    record.dwTtlSeconds, record.dwSerial = 60, 1
    return record


def _srv(host, port, priority=0, weight=100):
    from samba.dcerpc import dnsp
    data = dnsp.srv()
    data.nameTarget, data.wPort, data.wPriority, data.wWeight = host, port, priority, weight
    return _dns_record(dnsp.DNS_TYPE_SRV, data)


def _put(dc, name, records):
    """A name of the domain's zones gets these records, in place of any."""
    import ldb
    from samba.ndr import ndr_pack
    zone = f"_msdcs.{places.DOMAIN}" if name.endswith(f"_msdcs.{places.DOMAIN}") else places.DOMAIN
    part = "ForestDnsZones" if zone.startswith("_msdcs") else "DomainDnsZones"
    dn = f"DC={name.removesuffix(zone).rstrip('.')},DC={zone},CN=MicrosoftDNS,DC={part},{places.BASE_DN}"
    values = [ndr_pack(record) for record in records]
    try:
        dc.set(dn, dnsRecord=values)
    except ldb.LdbError as error:
        if error.args[0] != ldb.ERR_NO_SUCH_OBJECT:
            raise
        dc.samdb().add({"dn": dn, "objectClass": "dnsNode", "dnsRecord": values})


def _write_dns(dc):
    """What domain controllers register for themselves at their start, written at once into one's database."""
    from samba.dcerpc import dnsp
    for each in BOTH:
        _put(dc, each.fqdn, [_dns_record(dnsp.DNS_TYPE_A, each.address)])
    for name, port, hosts in _records():
        _put(dc, name, [_srv(host, port) for host in hosts])


def _write_dns_of_joined():
    """By this name domain controllers find who they replicate from. Who joins writes it, but not with a loopback's address."""
    from samba.dcerpc import dnsp
    _put(DC1, f"{DC2.samdb().get_ntds_GUID()}._msdcs.{places.DOMAIN}", [_dns_record(dnsp.DNS_TYPE_CNAME, DC2.fqdn)])


def _register_for_replication(dc):
    """The Kerberos name by which other domain controllers know one; provisioning leaves it to a later day."""
    replication = "E3514235-4B06-11D1-AB04-00C04FC2DCD2"
    dc.set(f"CN={dc.name.upper()},OU=Domain Controllers,{places.BASE_DN}", servicePrincipalName=[
        f"HOST/{dc.name.upper()}", f"HOST/{dc.fqdn}", f"ldap/{dc.fqdn}", f"GC/{dc.fqdn}/{places.DOMAIN}",
        f"{replication}/{dc.samdb().get_ntds_GUID()}/{places.DOMAIN}"])


def _unpack(tar, folder):
    subprocess.run(["tar", "-C", str(folder), "-xf", str(tar)], check=True)


def _make():
    """dc1 moves, dc2 joins, and each has replicated from the other."""
    _unpack(directory.cached_tar(), ROOT)
    DC1.prepare()
    DC1.service.start()
    _write_dns(DC1)
    _register_for_replication(DC1)
    done = subprocess.run(
        DC2.host.command(["samba-tool", "domain", "join", places.DOMAIN, "DC", f"-U{places.NETBIOS}\\Administrator",
                          _PASSWORD, f"--targetdir={DC2.root}", "--dns-backend=SAMBA_INTERNAL",
                          f"--server={DC1.fqdn}", "--option=netbios name = DC2",
                          f"--option=interfaces = {DC2.address}/{network.PREFIX}", "--option=bind interfaces only = yes",
                          f"--option=posix:eadb = {DC2.root}/eadb.tdb", "--plaintext-secrets"]),
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={"PATH": places.PATH, **DC1.environment()})
    if done.returncode:
        raise LabError(f"dc2 cannot join:\n{done.stdout[-4000:]}")
    DC2.prepare()
    _write_dns(DC1)
    _write_dns_of_joined()
    DC2.service.start()
    _open_branch()
    for to, source in ((DC2, DC1), (DC1, DC2)):
        replicate(to, source, *_PARTITIONS)
    for dc in BOTH:
        dc.service.stop()


def _open_branch():
    """A site for dc2 and the network that the jump host is in; dc1 stays in the first site."""
    _tool(DC1, "sites", "create", BRANCH)
    _tool(DC1, "sites", "subnet", "create", f"{network.JUMP.rpartition('.')[0]}.0/24", BRANCH)
    servers = f"CN=Servers,CN={{}},CN=Sites,CN=Configuration,{places.BASE_DN}"
    DC1.samdb().rename(f"CN=DC2,{servers.format(SITE)}", f"CN=DC2,{servers.format(BRANCH)}")


def _cached_tar():
    sources = ("pair.py", "controller.py", "network.py")
    digest = hashlib.sha256((directory.cached_tar().name + DC1.address).encode())
    for name in sources:
        digest.update((places.HERE / name).read_bytes())
    tar = places.CACHE / f"pair-{digest.hexdigest()[:16]}.tar"
    if tar.exists():
        return tar
    for old in places.CACHE.glob("pair-*.tar"):
        old.unlink()
    _make()
    fresh = tar.with_suffix(f".{os.getpid()}")
    subprocess.run(["tar", "--sparse", "--warning=no-file-ignored", "-C", str(ROOT), "-cf", str(fresh), "dc1", "dc2"],
                   check=True)
    fresh.rename(tar)
    for dc in BOTH:
        shutil.rmtree(dc.root)
    return tar


# ---- Using it ----

def start():
    """Both, on their hosts; the jump host still asks the plain lab's until move_in()."""
    stop()
    network.set_up()
    for dc in BOTH:
        dc.host.set_up()
        certificates.issue(dc.name, dc.fqdn)
        certificates.issue(f"{dc.name}-renewed", dc.fqdn)
        certificates.issue(f"{dc.name}-other-name", "dc9.corp.example.com")
    if ROOT.exists():
        shutil.rmtree(ROOT)
    changes.directory(ROOT)
    move_in()
    try:
        _unpack(_cached_tar(), ROOT)
    finally:
        move_out()
    for dc in BOTH:
        dc.prepare()
        dc.service.spawn()
    for dc in BOTH:
        wait_for(dc.service.ready, dc.service.name, 30)


def stop():
    for dc in BOTH:
        dc.service.kill()


def move_in():
    """From here on the jump host's names are theirs."""
    accounts.set_names(dc1=None, name_servers=[dc.address for dc in BOTH])


def move_out():
    accounts.set_names()


def heal():
    """Links up, both awake, with their right certificates."""
    for dc in BOTH:
        dc.mend()
        dc.service.thaw()
        certificate = dc.root / "private" / "tls" / "dc.pem"
        if certificate.read_bytes() != (places.PKI / f"{dc.name}.pem").read_bytes():
            dc.use_certificate(dc.name)
            dc.service.stop()
        if not dc.service.leader():
            dc.service.spawn()
    for dc in BOTH:
        wait_for(dc.service.ready, dc.service.name, 30)


def replicate(to, source, *partitions):
    """Pull what one has and the other has not, now; AD itself would within 15 seconds to three hours."""
    for partition in partitions or (places.BASE_DN,):
        _tool(to, "drs", "replicate", to.fqdn, source.fqdn, partition)


def bad_password_count(name):
    """Each domain controller counts what it saw: the sum is what the directory saw."""
    return sum(dc.bad_password_count(name) for dc in BOTH)
