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

use_certificate, samdb, attribute = DC1.use_certificate, DC1.samdb, DC1.attribute
bad_password_count, try_password, lock = DC1.bad_password_count, DC1.try_password, DC1.lock


def cached_tar():
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
        env={"PATH": places.PATH, **DC1.environment()}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
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
    tar = cached_tar()
    subprocess.run(["tar", "-C", str(ROOT.parent), "-xf", str(tar)], check=True)
    DC1.prepare()
    DC.start()
    for person in people.PEOPLE:
        if person.state == "locked":
            lock(person.name)
