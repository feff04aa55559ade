"""The domain controller of the plain lab: provisioned once and unpacked at each start.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from lab import changes, people, places
from lab.controller import Controller
from lab.places import LabError

ROOT = Path("/var/lib/samba/dc1")
DC1 = Controller("dc1", f"{places.DC1[0]}/8", ROOT)
DC = DC1.service

use_certificate, samdb, attribute, sid = DC1.use_certificate, DC1.samdb, DC1.attribute, DC1.sid
bad_password_count, try_password, lock = DC1.bad_password_count, DC1.try_password, DC1.lock


def cached_tar(dc=DC1):
    """The provisioned domain as a tar, made when there is none for these very sources."""
    sources = ("provision.py", "people.py", "places.py")
    digest = hashlib.sha256(b"".join((places.HERE / name).read_bytes() for name in sources))
    tar = places.CACHE / f"{dc.name}-{digest.hexdigest()[:16]}.tar"
    if tar.exists():
        return tar
    places.CACHE.mkdir(parents=True, exist_ok=True)
    for old in places.CACHE.glob(f"{dc.name}-*.tar"):
        old.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, str(places.HERE / "provision.py"), str(dc.root), dc.domain.netbios], text=True,
        env={"PATH": places.PATH, **dc.environment()}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise LabError(f"provisioning the domain failed:\n{done.stdout[-2000:]}")
    fresh = tar.with_suffix(f".{os.getpid()}")
    subprocess.run(["tar", "--sparse", "-C", str(dc.root.parent), "-cf", str(fresh), dc.root.name], check=True)
    fresh.rename(tar)
    subprocess.run(["rm", "-rf", str(dc.root)], check=True)
    return tar


def unpack(dc=DC1):
    """Its files, as they were provisioned."""
    changes.directory(dc.root.parent)
    changes.directory(dc.root)
    tar = cached_tar(dc)
    subprocess.run(["tar", "-C", str(dc.root.parent), "-xf", str(tar)], check=True)
    dc.prepare()


def set_up():
    unpack()
    DC.start()
    for person in people.PEOPLE:
        if person.state == "locked":
            lock(person.name)
