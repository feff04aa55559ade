"""The jump host itself: its accounts, its name services, and what sudo allows.

SPDX-License-Identifier: Apache-2.0
"""
import os
import shutil
import socket
import subprocess
from pathlib import Path

from lab import changes, people, places

BRIDGE_USER = ("awsfed", 1990)
SIGNER_USER = ("awsfed-signer", 1991)  # has a token's library loaded, where a test puts a key into one


def _accounts():
    """(name, uid, home, shell, password hash) of everybody the lab adds."""
    yield (*BRIDGE_USER, "/var/lib/awsfed", "/usr/sbin/nologin", "!")
    yield (*SIGNER_USER, "/nonexistent", "/usr/sbin/nologin", "!")
    yield (people.BREAKGLASS, people.BREAKGLASS_UID, f"/home/{people.BREAKGLASS}", "/bin/bash",
           _hash(people.BREAKGLASS_PASSWORD))
    for person in people.PEOPLE:
        if person.uid:
            yield (person.name, person.uid, f"/home/{person.name}", "/bin/bash", "!")


def _hash(password):
    done = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=password, text=True,
                          capture_output=True, check=True)
    return done.stdout.strip()


def _replace(path, lines, names, mode):
    """Lines added to a colon-separated file, in place of any that the host has under the same names."""
    old = [line for line in Path(path).read_text().splitlines()
           if line.partition(":")[0] not in names]
    changes.write(path, "\n".join(old + lines) + "\n", mode, (0, Path(path).stat().st_gid))


def add_accounts(accounts=None):
    accounts = accounts or list(_accounts())
    names = {account[0] for account in accounts}
    _replace("/etc/passwd", [f"{name}:x:{uid}:{uid}::{home}:{shell}"
                             for name, uid, home, shell, _ in accounts], names, 0o644)
    _replace("/etc/group", [f"{name}:x:{uid}:" for name, uid, *_ in accounts], names, 0o644)
    _replace("/etc/shadow", [f"{name}:{secret}:19000:0:99999:7:::"
                             for name, *_, secret in accounts], names, 0o640)
    for name, uid, home, shell, _ in accounts:
        if name not in (BRIDGE_USER[0], SIGNER_USER[0]):
            _make_home(Path(home), uid)


def add_account(name, uid):
    """One more, under a name as name services give it: user@domain, NETBIOS\\user."""
    add_accounts([(name, uid, f"/home/{uid}", "/bin/bash", "!")])


def forget_people():
    """/etc/passwd has nobody of the directory any more; their homes stay."""
    names = {person.name for person in people.PEOPLE if person.uid}
    for path, mode in (("/etc/passwd", 0o644), ("/etc/group", 0o644), ("/etc/shadow", 0o640)):
        _replace(path, [], names, mode)


def _make_home(home, uid):
    changes.directory(home, 0o700, (uid, uid))
    shutil.copyfile("/etc/skel/.bashrc", home / ".bashrc")
    (home / ".bashrc").chmod(0o644)
    os.chown(home / ".bashrc", uid, uid)


def set_names(dc1=places.DC1[0], name_servers=(places.DC1[0],)):
    """Who the jump host asks for names, and what it knows itself; dc1 is that one's address, None where it is not among it."""
    hosts = [("127.0.0.1", "localhost"), (places.JUMP[0], f"{places.JUMP[1]} jump {socket.gethostname()}"),
             (places.STS[0], " ".join(places.STS[1:])), places.DB, places.LABS1, places.STRANGER]
    if dc1:
        hosts.append((dc1, f"{places.DC1[1]} dc1"))
    changes.write("/etc/hosts", "".join(f"{address} {names}\n" for address, names in hosts))
    servers = "".join(f"nameserver {address}\n" for address in name_servers)
    changes.write("/etc/resolv.conf", f"{servers}search {places.DOMAIN}\noptions timeout:1 attempts:1\n")


def use_names_of(*sources):
    """nsswitch.conf: where the jump host's people come from."""
    changes.write("/etc/nsswitch.conf", f"passwd: {' '.join(sources)}\ngroup: {' '.join(sources)}\nshadow: files\n"
                  "hosts: files dns\nservices: files\nprotocols: files\n")


def _allow_sudo():
    """With password and code for some; without a password for others, whom the account phase alone judges."""
    asked = ["alice", *(person.name for person in people.THROW_AWAY)]
    not_asked = ["bob", "carol", "dave", "frank", "mallory"]
    changes.directory("/etc/sudoers.d", 0o750)
    changes.write("/etc/sudoers.d/awsfed-lab", (
        "Defaults passwd_tries=1, !lecture, timestamp_timeout=0\n"
        f"{', '.join(asked)} ALL=(ALL) ALL\n"
        f"{', '.join(not_asked)} ALL=(ALL) NOPASSWD: ALL\n"), 0o440)


def set_up():
    add_accounts()
    set_names()
    use_names_of("files")
    _allow_sudo()
    # What a login and sudo write for themselves.
    for path in ("/var/log/lastlog", "/var/log/wtmp", "/var/log/btmp", "/var/log/faillog", "/run/utmp",
                 "/var/lib/sudo", "/run/sudo", "/run/sshd"):
        changes.keep(path)
    for path in ("/var/log/lastlog", "/var/log/wtmp", "/var/log/btmp", "/run/utmp"):
        Path(path).touch()
