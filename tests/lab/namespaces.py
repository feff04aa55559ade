"""Mount, network, PID, UTS and IPC namespaces of the lab's own, so that nothing of the host changes.

The first process in them lives as long as the lab; when it ends, the kernel ends every other and drops the
mounts. The tree and the build stay visible at their paths, wherever those are.
SPDX-License-Identifier: Apache-2.0
"""
import os
import subprocess
from pathlib import Path

from lab import places

_STAGE = places.STATE / "stage"
_UNSHARE = ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child",
            "--propagation", "private"]
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx")


def _run(*argv):
    subprocess.run([str(word) for word in argv], check=True)


def _mount(*words):
    """-n: mount's own table of mounts, below /run, stays as it is."""
    _run("mount", "-n", *words)


def possible():
    """May this process make namespaces and mount in them?"""
    probe = subprocess.run([*_UNSHARE, "mount", "-n", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    return probe.returncode == 0


def command(*argv):
    """The command line that runs argv as the first process of new namespaces."""
    return [*_UNSHARE, "--", *argv]


def enter_command(pid, argv):
    """The command line that runs argv in the namespaces of a process."""
    return ["nsenter", "--target", str(pid), "--mount", "--net", "--pid", "--uts", "--ipc",
            f"--wdns={_folder()}", "--", *argv]


def _folder():
    """The caller's folder where the lab has it too, else the tree."""
    here = Path.cwd()
    return here if here == places.REPO or places.REPO in here.parents else places.REPO


def own_pid_on_the_host():
    """Before prepare(): /proc is still the host's, and its `self` is the host's number of this process."""
    return int(os.readlink("/proc/self"))


def prepare():
    """In the first process of new namespaces: everything that the lab writes to becomes its own."""
    _STAGE.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", "mode=755", "awsfed-lab", _STAGE)
    _cover("/etc", overlay=True)
    _cover("/var", overlay=True)
    _cover("/usr/local", overlay=True)
    for path, mode in (("/run", "755"), ("/var/log", "755"), ("/var/lib/samba", "755"),
                       ("/home", "755"), ("/root", "700"), ("/tmp", "1777"), ("/var/tmp", "1777")):
        os.makedirs(path, exist_ok=True)
        _cover(path, mode=mode)
    _private_devices()
    _mount("-t", "proc", "proc", "/proc")
    _run("ip", "link", "set", "lo", "up")
    _run("hostname", places.JUMP[1].partition(".")[0])
    for folder in ("/run/lock", "/run/sshd", "/run/user"):
        os.makedirs(folder, exist_ok=True)


def _cover(path, overlay=False, mode="755"):
    """
    Something of our own over a path: an empty tmpfs, or an overlay that shows what was there and keeps
    the writes. Built aside first, with the tree bound into it where it lies below the path, then moved there.
    """
    name = path.strip("/").replace("/", "-")
    target = _STAGE / name
    upper, work = _STAGE / f"{name}-upper", _STAGE / f"{name}-work"
    for folder in (target, upper, work):
        folder.mkdir()
    if overlay:
        _mount("-t", "overlay", "-o", f"lowerdir={path},upperdir={upper},workdir={work}", name, target)
    else:
        _mount("-t", "tmpfs", "-o", f"mode={mode}", name, target)
    for kept in (places.REPO, places.BUILD):
        if Path(path) in kept.parents:
            inner = target / kept.relative_to(path)
            inner.mkdir(parents=True, exist_ok=True)
            _mount("--bind", kept, inner)
    _mount("--move", target, path)


def _private_devices():
    """A /dev in which /dev/log can be made; the terminals stay the caller's."""
    target = _STAGE / "dev"
    target.mkdir()
    _mount("-t", "tmpfs", "-o", "mode=755", "dev", target)
    for name in _DEVICES:
        (target / name).touch()
        _mount("--bind", f"/dev/{name}", target / name)
    (target / "pts").mkdir()
    _mount("--rbind", "/dev/pts", target / "pts")
    (target / "shm").mkdir()
    _mount("-t", "tmpfs", "-o", "mode=1777", "shm", target / "shm")
    for name, link in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (target / name).symlink_to(link)
    _mount("--move", target, "/dev")
