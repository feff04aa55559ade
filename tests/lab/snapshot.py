#!/usr/bin/python3
"""A listing of what a lab could leave behind on a machine: each path with type, mode, owner, size, time, hash.

usage: snapshot.py [processes] [FOLDER…], to standard output; two listings of an untouched machine are the same. With
the first word, who runs there is listed too, but for the asker's own line of parents.
SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import os
import stat
import sys

FOLDERS = ("/etc", "/run", "/var/lib", "/var/log", "/var/tmp", "/home", "/root", "/usr/local/bin",
           "/usr/local/sbin")

# What a machine at rest changes by itself, and the trees where people are at work at this moment.
_RESTLESS = ("/run/systemd", "/run/udev", "/run/log", "/run/user", "/run/utmp", "/run/docker", "/run/containerd",
             "/var/lib/apt", "/var/lib/systemd", "/var/lib/docker", "/var/lib/containerd", "/var/log/journal",
             "/root/.cache", "/root/.bash_history")
_HASH_UP_TO = 1 << 18


def _line(path):
    status = os.lstat(path)
    mode = status.st_mode
    content = ""
    if stat.S_ISLNK(mode):
        content = os.readlink(path)
    elif stat.S_ISREG(mode) and status.st_size <= _HASH_UP_TO:
        with open(path, "rb") as file:
            content = hashlib.sha256(file.read()).hexdigest()
    size = "-" if stat.S_ISDIR(mode) else status.st_size
    return f"{path!r} {mode:o} {status.st_uid}:{status.st_gid} {size} {status.st_mtime_ns} {content}"


def listing(folders=FOLDERS):
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    skipped = {*_RESTLESS, here, os.environ.get("AWSFED_BUILD", here)}
    for top in folders:
        for folder, folders_in, files in os.walk(top):
            folders_in[:] = sorted(name for name in folders_in if os.path.join(folder, name) not in skipped)
            for path in [folder, *(os.path.join(folder, name) for name in sorted([*files, *folders_in]))]:
                if path in skipped:
                    continue
                try:
                    yield _line(path)
                except FileNotFoundError:
                    pass


def processes():
    """Each live process, by number and name, but for this one and those that it comes from."""
    parents, names = {}, {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as file:
                name, _, fields = file.read().partition("(")[2].rpartition(")")
        except OSError:
            continue
        state, parent = fields.split()[:2]
        parents[entry] = parent
        if state not in "ZX":
            names[entry] = name
    mine = str(os.getpid())
    while mine in parents:
        names.pop(mine, None)
        mine = parents[mine]
    return [f"process {pid} {name}" for pid, name in names.items()]


if __name__ == "__main__":
    words = sys.argv[1:]
    for line in processes() if words[:1] == ["processes"] else ():
        print(line)
    for line in dict.fromkeys(listing([word for word in words if word != "processes"] or FOLDERS)):
        print(line)
