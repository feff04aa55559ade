#!/usr/bin/python3
"""A listing of what a lab could leave behind on a machine: each path with type, mode, owner, size, time, hash.

usage: snapshot.py [FOLDER…], to standard output; two listings of an untouched machine are the same.
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


if __name__ == "__main__":
    for line in dict.fromkeys(listing(sys.argv[1:] or FOLDERS)):
        print(line)
