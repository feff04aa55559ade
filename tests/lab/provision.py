#!/usr/bin/python3
"""Make the domain of the lab in a folder: Samba's own provisioning, then people and groups offline.

usage: provision.py FOLDER NETBIOS-NAME. A process of its own, since Samba's bindings keep global state; the
folder is then cached as a tar, keyed by the hash of this file and of people.py and places.py.
SPDX-License-Identifier: Apache-2.0
"""
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import ldb
from samba.auth import system_session
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.param import LoadParm
from samba.provision import provision

from lab import people, places
from lab.controller import age_password


def make_domain(folder, domain, host):
    """The empty domain. No share is ever served, so file ACLs, which want a file system with xattrs, are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    lp = LoadParm()
    lp.set("posix:eadb", str(folder / "eadb.tdb"))
    result = provision(
        logging.getLogger("provision"), system_session(), lp=lp, targetdir=str(folder),
        realm=domain.realm, domain=domain.netbios, hostname=host[1].partition(".")[0], hostip=host[0],
        adminpass=people.ADMINISTRATOR_PASSWORD, serverrole="active directory domain controller",
        dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2, dns_backend="SAMBA_INTERNAL",
        useeadb=True, skip_sysvolacl=True, plaintext_secrets=True)
    return result.samdb


def set_policy(samdb, domain):
    """Passwords that never grow old (the cache does), and a lock-out later than the bridge's own."""
    samdb.set_maxPwdAge("0")
    samdb.set_minPwdAge("0")
    message = ldb.Message(ldb.Dn(samdb, domain.base_dn))
    for name, value in (("lockoutThreshold", "10"), ("lockoutDuration", "-9223372036854775808"),
                        ("lockOutObservationWindow", "-18000000000")):
        message[name] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, name)
    samdb.modify(message)


def name_services(samdb):
    """The Kerberos names of the domain controller, which on a real one a start-up script registers."""
    message = ldb.Message(ldb.Dn(samdb, f"CN=DC1,OU=Domain Controllers,{places.BASE_DN}"))
    message["names"] = ldb.MessageElement(
        ["HOST/DC1", f"HOST/{places.DC1[1]}", f"ldap/{places.DC1[1]}", f"ldap/{places.DC1[1]}/{places.DOMAIN}"],
        ldb.FLAG_MOD_REPLACE, "servicePrincipalName")
    samdb.modify(message)


def add_people(samdb):
    for ou in people.OUS:
        samdb.create_ou(f"{ou},{places.BASE_DN}")
    for group in people.GROUPS:
        samdb.add({"dn": group.dn, "objectClass": "group", "sAMAccountName": group.name})
    for person in people.PEOPLE:
        samdb.newuser(person.name, person.password, userou="OU=People")
    samdb.newuser(people.SERVICE_NAME, people.SERVICE_PASSWORD, userou="OU=Services")

    for group in people.GROUPS:
        members = [p.name for p in people.PEOPLE if group.name in p.groups]
        members += [g.name for g in people.GROUPS if group.name in g.groups]
        if members:
            samdb.add_remove_group_members(group.name, members)
    add_many_groups(samdb, people.person("norman"))
    # The jump host as a joined one, whose keytab the tests take.
    samdb.newcomputer(places.JOINED_NAME, service_principal_name_list=[f"host/{places.JUMP[1]}"])
    samdb.setpassword(f"(sAMAccountName={places.JOINED_NAME}$)", people.SERVICE_PASSWORD)
    # What Windows asks for before one account may read the tokenGroups of another.
    samdb.add_remove_group_members(
        "Windows Authorization Access Group", [people.SERVICE_NAME, f"{places.JOINED_NAME}$"])


def add_many_groups(samdb, person):
    for n in range(people.MANY_GROUPS):
        samdb.add({"dn": f"CN=Many-{n:04},OU=Groups,{places.BASE_DN}", "objectClass": "group",
                   "sAMAccountName": f"Many-{n:04}", "member": person.dn})


def set_states(samdb):
    for person in people.PEOPLE:
        who = f"(sAMAccountName={person.name})"
        if person.state == "disabled":
            samdb.disable_account(who)
        elif person.state == "expired":
            samdb.setexpiry(who, -86400)
        elif person.state == "must-change":
            samdb.force_password_change_at_next_login(who)
        elif person.state == "password-expired":
            limit_password_age(samdb, person)


def limit_password_age(samdb, person):
    """A password settings object of that person's own: a password lasts a day, the least that Samba honours."""
    samdb.add({
        "dn": f"CN=short-lived,CN=Password Settings Container,CN=System,{places.BASE_DN}",
        "objectClass": "msDS-PasswordSettings",
        "msDS-PasswordSettingsPrecedence": "10",
        "msDS-PasswordReversibleEncryptionEnabled": "FALSE",
        "msDS-PasswordHistoryLength": "0",
        "msDS-PasswordComplexityEnabled": "FALSE",
        "msDS-MinimumPasswordLength": "0",
        "msDS-MinimumPasswordAge": "0",
        "msDS-MaximumPasswordAge": "-864000000001",
        "msDS-LockoutThreshold": "0",
        "msDS-LockoutObservationWindow": "-18000000000",
        "msDS-LockoutDuration": "-18000000000",
        "msDS-PSOAppliesTo": person.dn,
    })


def add_people_of_labs(samdb):
    for person in people.OF_LABS:
        samdb.newuser(person.name, person.password)
        if person.upn:
            samdb.modify_ldif(f"dn: CN={person.name},CN=Users,{places.LABS.base_dn}\n"
                              f"changetype: modify\nreplace: userPrincipalName\nuserPrincipalName: {person.upn}\n")
    samdb.newuser(people.SERVICE_NAME, people.SERVICE_PASSWORD)
    samdb.add_remove_group_members("Windows Authorization Access Group", [people.SERVICE_NAME])
    for name in sorted({group for person in people.OF_LABS for group in person.groups}):
        samdb.newgroup(name)
        samdb.add_remove_group_members(name, [p.name for p in people.OF_LABS if name in p.groups])
    nest_groups(samdb, people.DEEP)


def nest_groups(samdb, depth):
    """Groups in one another; the first of them is there."""
    dn = "CN=Deep-{:03},CN=Users," + places.LABS.base_dn
    for n in range(1, depth):
        samdb.add({"dn": dn.format(n), "objectClass": "group", "sAMAccountName": f"Deep-{n:03}",
                   "member": dn.format(n - 1)})


def main():
    folder, netbios = Path(sys.argv[1]), sys.argv[2]
    domain, host = {"CORP": (places.CORP, places.DC1), "LABS": (places.LABS, places.LABS1)}[netbios]
    samdb = make_domain(folder, domain, host)
    samdb.transaction_start()
    set_policy(samdb, domain)
    if domain is places.LABS:
        add_people_of_labs(samdb)
    else:
        name_services(samdb)
        add_people(samdb)
        set_states(samdb)
    samdb.transaction_commit()
    if domain is places.CORP:
        for person in people.PEOPLE:
            if person.state == "password-expired":
                age_password(folder, person.dn)


main()
