"""Mount, network, PID, UTS and IPC namespaces of the lab's own, so that nothing of the host changes.

The first process in them lives as long as the lab; when it ends, the kernel ends every other and drops the
mounts. The tree and the build stay visible at their paths, wherever those are.
SPDX-License-Identifier: Apache-2.0
"""
import os
import stat
import subprocess
from pathlib import Path

from lab import places

_STAGE = places.STATE / "stage"
_UNSHARE = ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child",
            "--propagation", "private"]
_OVERLAYS = ("/etc", "/var", "/usr/local")
_EMPTY = {"/run": 755, "/var/log": 755, "/var/lib/samba": 755, "/var/tmp": 1777, "/home": 755, "/root": 700,
          "/tmp": 1777}
_TOPS = ("/etc", "/var", "/usr/local", "/run", "/home", "/root", "/tmp", "/dev")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


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
    for path in _OVERLAYS:
        _stage_overlay(path)
    for path, mode in _EMPTY.items():
        _stage_tmpfs(path, mode)
    _stage_devices()
    _keep_the_tree()
    # The one that hides the stage itself comes last.
    for path in sorted(_TOPS, key=lambda top: Path(top) in _STAGE.parents):
        _mount("--move", _staged(path), path)
    _mount("-t", "proc", "proc", "/proc")
    _run("ip", "link", "set", "lo", "up")
    for address in places.METADATA:
        _run("ip", "address", "add", f"{address}/32", "dev", "lo")
    _run("hostname", places.JUMP[1].partition(".")[0])
    for folder in ("/run/lock", "/run/sshd", "/run/user"):
        os.makedirs(folder, exist_ok=True)


def _staged(path):
    """The stage mirrors the root: everything is built there, then moved to its place."""
    return _STAGE / str(path).lstrip("/")


def _stage_overlay(path):
    """What is there shows through; what is written stays ours."""
    name = path.strip("/").replace("/", "-")
    upper, work = _STAGE / f".{name}-upper", _STAGE / f".{name}-work"
    for folder in (_staged(path), upper, work):
        folder.mkdir(parents=True)
    _mount("-t", "overlay", "-o", f"lowerdir={path},upperdir={upper},workdir={work}", name, _staged(path))


def _stage_tmpfs(path, mode):
    _staged(path).mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"mode={mode}", path.strip("/").replace("/", "-"), _staged(path))


def _stage_devices():
    """A /dev in which /dev/log can be made; the terminals stay the caller's."""
    target = _staged("/dev")
    _stage_tmpfs("/dev", 755)
    for name in _DEVICES:
        (target / name).touch()
        _mount("--bind", f"/dev/{name}", target / name)
    # The kernel looks for the terminals beside the node through which they are made: no bind mount does.
    os.mknod(target / "ptmx", 0o666 | stat.S_IFCHR, os.makedev(5, 2))
    (target / "ptmx").chmod(0o666)
    (target / "pts").mkdir()
    _mount("--rbind", "/dev/pts", target / "pts")
    _stage_tmpfs("/dev/shm", 1777)
    for name, link in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (target / name).symlink_to(link)


def _keep_the_tree():
    """The sources and the build, visible at their paths in whatever hides them."""
    for kept in (places.REPO, places.BUILD):
        if any(Path(top) in kept.parents for top in _TOPS):
            _staged(kept).mkdir(parents=True, exist_ok=True)
            _mount("--bind", kept, _staged(kept))
