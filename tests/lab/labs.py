"""A second domain, labs.example.net (LABS), with a domain controller of its own beside the plain lab's.

Another forest that knows nothing of the first: the jump host alone knows both. Provisioned at the first use, cached like
dc1, and started when a test asks for it.
SPDX-License-Identifier: Apache-2.0
"""
from pathlib import Path

from lab import awsfed, certificates, directory, people, places
from lab.controller import Controller

DC = Controller("labs1", f"{places.LABS1[0]}/8", Path("/var/lib/samba/labs1"), services="ldap", children=1,
                domain=places.LABS)

SECTION = f"domain {places.LABS.name}"
CONFIG = {SECTION: {
    **{key: value for key, value in awsfed.DEFAULTS[f"domain {places.DOMAIN}"].items() if key != "default"},
    "servers": places.LABS1[1], "netbios-name": places.LABS.netbios,
    "service-dn": f"CN={people.SERVICE_NAME},CN=Users,{places.LABS.base_dn}"}}


def start():
    certificates.issue(DC.name, DC.fqdn)
    directory.unpack(DC)
    DC.service.start()
