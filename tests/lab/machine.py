"""A real systemd that runs awsfed's units, as `make install` puts them, and an sshd beside them.

It is the first process of a PID namespace within the lab's, with a /run and a control group of its own, and it sees
no units but the few that are laid out for it. Network, /etc, /var and people are the jump host's. While it runs, the
lab's own bridge and sshd must not. What asks it who a peer is must be a process of it: see run().
SPDX-License-Identifier: Apache-2.0
"""
import os
import shutil
import signal
import subprocess
import zlib
from pathlib import Path

from lab import awsfed, places, sshd
from lab.places import LabError
from lab.service import Service, answers_tcp, wait_for

UNITS = places.RUN / "units"
SYSTEMD = Path("/lib/systemd/systemd")
_STAGE = places.RUN / "machine"
_CGROUPS = places.RUN / "cgroups"  # the kernel's one tree of them, wherever else it is mounted
# What a service's default dependencies and the log need. The host's own units stay out of it.
_BORROWED = ("sysinit.target", "basic.target", "sockets.target", "shutdown.target", "systemd-journald.service",
             "systemd-journald.socket")
_BOOT = f"""\
mount -n -t proc proc /proc
mount -n -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir {_STAGE}
mount -n -t tmpfs -o mode=755 run {_STAGE}
mkdir {_STAGE}/{places.RUN.name}
mount -n --bind {places.RUN} {_STAGE}/{places.RUN.name}
mount -n --move {_STAGE} /run
exec env -i PATH={places.PATH} container=lab SYSTEMD_UNIT_PATH={UNITS} {SYSTEMD} --system --unit=jump.target --show-status=no
"""


def _cgroup():
    """The control group that all of it is in, and whose inside systemd takes for the root of all."""
    if not _CGROUPS.is_mount():
        _CGROUPS.mkdir(exist_ok=True)
        subprocess.run(["mount", "-n", "-t", "cgroup2", "cgroup2", _CGROUPS], check=True, capture_output=True)
    return _CGROUPS / f"awsfed-lab-{zlib.crc32(os.fsencode(places.STATE)):08x}"


def possible():
    """Is there a systemd, and may it have a control group?"""
    if places.in_place() or not SYSTEMD.exists():
        return False
    try:
        _remove_cgroup()  # of a machine that was killed with its lab
        _cgroup().mkdir()
        _cgroup().rmdir()
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _command():
    _cgroup().mkdir()
    script = f"echo $$ >{_cgroup()}/cgroup.procs && exec unshare --mount --pid --cgroup --fork --kill-child " \
             f"--propagation private -- sh -ec '{_BOOT}'"
    return ["sh", "-c", script]


def _first():
    """The pid of systemd itself, as the lab sees it; None before it is there."""
    leader = _SERVICE.leader()
    try:
        children = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
        return int(children[0]) if os.path.samefile(f"/proc/{children[0]}/exe", SYSTEMD) else None
    except (OSError, IndexError):
        return None


def run(*argv, **options):
    """A command as root in its namespaces; a CompletedProcess with text."""
    command = ["nsenter", f"--target={_first()}", "--mount", "--pid", "--wdns=/", "--", *map(str, argv)]
    return subprocess.run(command, text=True, capture_output=True, env={"PATH": places.PATH}, **options)


def systemctl(*words):
    """It must succeed; what it prints."""
    done = run("systemctl", *words)
    if done.returncode != 0:
        raise LabError(f"systemctl {' '.join(words)}: {done.stderr}\n{run('journalctl', '-n', '30').stdout}")
    return done.stdout.strip()


def _ready():
    return _first() and run("systemctl", "is-active", "jump.target").returncode == 0 \
        and answers_tcp(places.JUMP[0], places.ssh_port())


_SERVICE = Service("machine", _command, ready=_ready)


def _lay_out_units():
    UNITS.mkdir(exist_ok=True)
    for name in _BORROWED:
        shutil.copy(SYSTEMD.parent / "system" / name, UNITS)
    (UNITS / "jump.target").write_text("[Unit]\nRequires=basic.target\nAfter=awsfed-bridge.service jump-sshd.service\n"
                                       "Wants=systemd-journald.service awsfed-bridge.socket awsfed-bridge.service jump-sshd.service\n")
    (UNITS / "jump-sshd.service").write_text(f"[Service]\nExecStart=/usr/sbin/sshd -D -e -f {sshd.CONFIG}\n"
                                             "RuntimeDirectory=sshd\n")
    done = subprocess.run(["make", "-s", "-C", places.REPO, f"B={places.BUILD}", "install", "prefix=/usr/local",
                           f"unitdir={UNITS}"], text=True, capture_output=True)
    if done.returncode != 0:
        raise LabError(f"make install: {done.stderr}")


def start():
    awsfed.BRIDGE.stop()
    sshd.SSHD.stop()
    _lay_out_units()
    _SERVICE.start()


def stop():
    """Pull the plug, and give the jump host its own bridge and sshd again."""
    # systemd is in a session of its own; it dies with the process that made its namespaces, and all of them with it.
    _SERVICE.signal(signal.SIGKILL)
    _SERVICE.kill()
    wait_for(_remove_cgroup, "the end of the machine")
    shutil.rmtree(UNITS)
    _STAGE.rmdir()
    sshd.SSHD.start()
    awsfed.configure()


def _remove_cgroup():
    """From the leaves on; is it gone? One with a process in it stays."""
    for folder, _, _ in os.walk(_cgroup(), topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            return False
    return not _cgroup().exists()
