"""All the parts of the lab, in the order in which they come up.

SPDX-License-Identifier: Apache-2.0
"""
import socket
import sys
import time
from pathlib import Path

from lab import accounts, awsfed, certificates, changes, cloud, directory, pam, places, postgres, sshd
from lab.service import Service

_SYSLOG_SOCKET = Path("/dev/log")
SYSLOG = Service("syslog", [sys.executable, places.HERE / "syslog.py", _SYSLOG_SOCKET, places.SYSTEM_LOG],
                 ready=_SYSLOG_SOCKET.exists)

SERVICES = (SYSLOG, directory.DC, cloud.AWS, awsfed.BRIDGE, sshd.SSHD)


def _start_syslog():
    """In place there may be a system log already; then that one it is. A socket that nobody reads is none."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.connect(str(_SYSLOG_SOCKET))
    except OSError:
        changes.keep(_SYSLOG_SOCKET)
        _SYSLOG_SOCKET.unlink(missing_ok=True)
        SYSLOG.start()


_STEPS = (
    ("accounts", accounts.set_up),
    ("system log", _start_syslog),
    ("certificates", certificates.set_up),
    ("domain controller", directory.set_up),
    ("awsfed", awsfed.set_up),
    ("AWS", cloud.set_up),
    ("bridge", awsfed.BRIDGE.start),
    ("PAM", pam.set_up),
    ("sshd", sshd.set_up),
)


def set_up(say):
    for name, step in _STEPS:
        begin = time.monotonic()
        step()
        say(f"{name} ({time.monotonic() - begin:.1f} s)")


def stop_all():
    """Those of the tests too, which may not have come to stop them; the last that was started first."""
    postgres.SERVER.kill()
    for pid_file in sorted(places.RUN.glob("*.pid"), key=lambda path: path.stat().st_mtime_ns, reverse=True):
        Service(pid_file.stem, [], ready=None).kill()


def show():
    for service in SERVICES:
        print(f"{service.name:10} {'runs' if service.leader() else 'does not run'}")
