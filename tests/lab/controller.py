"""One domain controller: Samba as Active Directory in a folder and at an address of its own.

SPDX-License-Identifier: Apache-2.0
"""
import functools
import json
import os
import re
import subprocess

from lab import certificates, places
from lab.places import LabError
from lab.service import Service, answers_tcp

_SMB_CONF = """[global]
    netbios name = {netbios}
    realm = {realm}
    workgroup = {workgroup}
    server role = active directory domain controller
    server services = {services}
    interfaces = {interfaces}
    bind interfaces only = yes
    private dir = {root}/private
    state directory = {root}/state
    cache directory = {root}/cache
    lock directory = {root}
    pid directory = {root}/run
    ncalrpc dir = {root}/ncalrpc
    binddns dir = {root}/bind-dns
    ntp signd socket directory = {root}/ntp
    posix:eadb = {root}/eadb.tdb
    tls enabled = yes
    tls certfile = {root}/private/tls/dc.pem
    tls keyfile = {root}/private/tls/dc.key
    tls cafile = {root}/private/tls/ca.pem
    ldap server require strong auth = allow_sasl_over_tls
    old password allowed period = 0
    prefork children = {children}
    log level = {log_level}
"""

# No shares, no RPC, no replication: what a jump host asks of a domain controller, and nothing else.
ASKED = "ldap, cldap, kdc, dns"


def age_password(root, dn, base_dn=places.BASE_DN):
    """
    Move somebody's pwdLastSet to the year 2020. No control lets one say it through the directory, so it is written
    into the file of the partition, below the directory's rules.
    """
    import ldb
    partition = ldb.Ldb(str(root / "private" / "sam.ldb.d" / f"{base_dn.upper()}.ldb"))
    message = ldb.Message(ldb.Dn(partition, dn))
    message["pwdLastSet"] = ldb.MessageElement("132223104000000000", ldb.FLAG_MOD_REPLACE, "pwdLastSet")
    partition.modify(message)


class Controller:
    def __init__(self, name, address, root, services=ASKED, host=None, log_level="1", children=2, domain=places.CORP):
        """
        name     dc1, dc2: the host's short name, its certificate and its log
        address  with the length of its prefix
        host     a network.host() to run on, None for the jump host's own network
        """
        self.name, self.root, self.host, self.domain = name, root, host, domain
        self.address = address.partition("/")[0]
        self.fqdn = f"{name}.{domain.name}"
        self.smb_conf = root / "etc" / "smb.conf"
        self.text = _SMB_CONF.format(
            netbios=name.upper(), realm=domain.realm, workgroup=domain.netbios, services=services, root=root,
            interfaces=address, children=children, log_level=log_level)
        argv = ["/usr/sbin/samba", "-s", self.smb_conf, "-i", "-M", "prefork", "--debug-stdout"]
        self.service = Service(
            f"{name}-host" if host else name, host.command(argv) if host else argv,
            ready=lambda: all(answers_tcp(self.address, port) for port in (389, 636)),
            environment=self.environment())

    def environment(self):
        return {"KRB5_CONFIG": str(self.root / "private" / "krb5.conf"), "PYTHONDONTWRITEBYTECODE": "1"}

    def prepare(self):
        """Configuration, certificate and folders for a database that is there."""
        self.__dict__.pop("_samdb", None)
        self.smb_conf.parent.mkdir(parents=True, exist_ok=True)
        self.smb_conf.write_text(self.text)
        for folder in ("run", "ncalrpc", "ntp"):
            (self.root / folder).mkdir(exist_ok=True)
        self.use_certificate(self.name)

    def use_certificate(self, name):
        """Which of the certificates it shows, from its next start on."""
        folder = self.root / "private" / "tls"
        folder.mkdir(mode=0o700, exist_ok=True)
        for source, target in ((f"{name}.pem", "dc.pem"), (f"{name}.key", "dc.key"),
                               (certificates.CA_FILE.name, "ca.pem")):
            (folder / target).write_bytes((places.PKI / source).read_bytes())
            (folder / target).chmod(0o600)

    def cut(self):
        """Nothing reaches its host any more, and nothing comes from there."""
        self.host.cut(self.service)

    def mend(self):
        self.host.mend(self.service)

    def export_keytab(self, principal, path):
        """The keys of an account, as an administrator of the domain would hand them to a joined host."""
        path.unlink(missing_ok=True)
        subprocess.run(["samba-tool", "domain", "exportkeytab", str(path), f"--principal={principal}",
                        "-s", str(self.smb_conf)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={"PATH": places.PATH, **self.environment()})

    # ---- What it knows, read and changed in its files, with all rights ----

    @functools.cached_property
    def _samdb(self):
        from samba.auth import system_session
        from samba.param import LoadParm
        from samba.samdb import SamDB
        lp = LoadParm(filename_for_non_global_lp=str(self.smb_conf))
        return SamDB(url=str(self.root / "private" / "sam.ldb"), session_info=system_session(), lp=lp)

    def samdb(self):
        """The database itself, for arranging cases and for looking."""
        return self._samdb

    def attribute(self, name, attribute_name):
        """The first value of somebody's attribute as text, None when it has none."""
        found = self.samdb().search(
            self.domain.base_dn, expression=f"(sAMAccountName={name})", attrs=[attribute_name])
        values = found[0].get(attribute_name) if found else None
        return str(values[0]) if values else None

    def set(self, dn, **attributes):
        """Replace attributes of an object; None takes one away, a list gives several values."""
        import ldb
        message = ldb.Message(ldb.Dn(self.samdb(), dn))
        for name, value in attributes.items():
            message[name] = ldb.MessageElement([] if value is None else value, ldb.FLAG_MOD_REPLACE, name)
        self.samdb().modify(message)

    def grant_write(self, name, attribute_name):
        """Let an account write one attribute of everybody's entry, as an administrator's delegation does."""
        self._add_ace(self.domain.base_dn, "(OA;CI;RPWP;{};;{})", name, attribute_name)

    def forbid(self, rights, dn, name, attribute_name):
        """Take from an account rights (RP to read, WP to write) on one attribute of an entry."""
        self._add_ace(dn, f"(OD;;{rights};{{}};;{{}})", name, attribute_name)

    def _add_ace(self, dn, ace, name, attribute_name):
        from samba.dcerpc import misc
        from samba.ndr import ndr_unpack
        schema, = self.samdb().search(
            self.samdb().get_schema_basedn(), expression=f"(lDAPDisplayName={attribute_name})", attrs=["schemaIDGUID"])
        guid = ndr_unpack(misc.GUID, schema["schemaIDGUID"][0])
        self._set_ace(dn, ace.format(guid, self.sid(name)))

    def sid(self, name):
        from samba.dcerpc import security
        from samba.ndr import ndr_unpack
        account, = self.samdb().search(
            self.domain.base_dn, expression=f"(sAMAccountName={name})", attrs=["objectSid"])
        return str(ndr_unpack(security.dom_sid, account["objectSid"][0]))

    def _set_ace(self, dn, ace):
        """By a process of its own: Samba's bindings crash when one process does this for the second time."""
        subprocess.run(["samba-tool", "dsacl", "set", "-s", str(self.smb_conf), "-H", str(self.root / "private/sam.ldb"),
                        f"--objectdn={dn}", f"--sddl={ace}"],
                       check=True, capture_output=True, env={"PATH": places.PATH, **self.environment()})

    def add_password_settings(self, name, applies_to, max_age_days=0, lockout=0):
        """A password settings object (PSO) for a person or a global group, by DN; 0 = for ever, never locked. Its DN."""
        dn = f"CN={name},CN=Password Settings Container,CN=System,{self.domain.base_dn}"
        self.samdb().add({
            "dn": dn, "objectClass": "msDS-PasswordSettings", "msDS-PSOAppliesTo": applies_to,
            "msDS-PasswordSettingsPrecedence": "20", "msDS-PasswordReversibleEncryptionEnabled": "FALSE",
            "msDS-PasswordHistoryLength": "0", "msDS-PasswordComplexityEnabled": "FALSE",
            "msDS-MinimumPasswordLength": "0", "msDS-MinimumPasswordAge": "0",
            "msDS-MaximumPasswordAge": str(-max_age_days * 864000000000 or -0x8000000000000000),
            "msDS-LockoutThreshold": str(lockout), "msDS-LockoutObservationWindow": "-18000000000",
            "msDS-LockoutDuration": "-18000000000"})
        return dn

    def expire_password(self, name, dn):
        """From now on somebody's password is one that expired long ago; their next one lasts two days (of one day Samba makes none)."""
        self.add_password_settings(f"short-lived-{name}", dn, max_age_days=2)
        age_password(self.root, dn, self.domain.base_dn)

    def grant_read(self, dn, name):
        """Let an account read an object and all below it, as an administrator's delegation does."""
        self._set_ace(dn, f"(A;CI;RPLCLORC;;;{self.sid(name)})")

    def bad_password_count(self, name):
        """How many wrong passwords it has counted: tells whether a bind was made."""
        return int(self.attribute(name, "badPwdCount") or 0)

    def try_password(self, name, password):
        """One bind of somebody's with the bridge having no part in it: '' when it is good, else AD's data code."""
        secret = places.RUN / f"password-{os.getpid()}"
        descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
        done = subprocess.run(
            ["ldapsearch", "-x", "-H", f"ldaps://{self.fqdn}", "-D", f"{name}@{self.domain.name}",
             "-y", str(secret), "-b", "", "-s", "base", "1.1"], text=True, capture_output=True,
            env={"PATH": places.PATH, "LDAPTLS_CACERT": str(certificates.CA_FILE)})
        secret.unlink()
        if done.returncode == 0:
            return ""
        code = re.search(r"data ([0-9a-f]+)", done.stderr)
        return code.group(1) if code else done.stderr.strip()

    def lock(self, name):
        """Lock somebody out as AD itself does: by wrong passwords."""
        for _ in range(20):
            if self.try_password(name, "not the password") == "775":
                return
        raise LabError(f"the directory does not lock {name} out")

    def binds(self, name):
        """
        The credential binds of one person that it has answered so far, as it writes them down itself (log
        level auth_json_audit:3): a list of 'NT_STATUS_…'.
        """
        found = []
        for line in self.service.log.read_text(errors="replace").splitlines():
            if '"type": "Authentication"' in line:
                seen = json.loads(line[line.index("{"):])["Authentication"]
                if (seen["mappedAccount"] or "").lower() == name.lower():
                    found.append(seen["status"])
        return found
