"""A bridge without -f and without systemd: whoever starts it hears why it does not start, or that it is ready, and no more.

SPDX-License-Identifier: Apache-2.0
"""
import os
import select
import socket
import struct
import subprocess

import pytest


def started(folder):
    """`awsfed-bridge -c folder` as a script runs it; it waits until nobody holds its output any more."""
    return subprocess.run(["/usr/local/sbin/awsfed-bridge", "-c", folder], text=True, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=30)


def pid_behind(path):
    """The process that listens at a socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asked:
        asked.connect(str(path))
        return struct.unpack("3i", asked.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


@pytest.fixture
def own(lab, tmp_path):
    """The configuration of a bridge beside the lab's, and its socket; ended afterwards if it runs."""
    run = lab.places.RUN / "background"
    run.mkdir(exist_ok=True)
    run.chmod(0o755)
    tmp_path.chmod(0o755)
    path = run / "bridge.sock"
    lab.awsfed.write_config({"bridge": {"socket": str(path), "state-dir": str(run / "state"),
                                        "audit": f"file:{run / 'audit.jsonl'}"}}, tmp_path)
    yield tmp_path, path
    try:
        pid = pid_behind(path)
    except OSError:
        return
    os.kill(pid, 15)
    lab.service.wait_for(lambda: subprocess.run(["kill", "-0", str(pid)], capture_output=True).returncode, "its end")


def test_it_returns_when_it_is_ready_and_lets_go_of_the_caller(lab, own):
    folder, path = own
    done = started(folder)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    for entry in (0, 1, 2) if lab.awsfed.may_be_looked_into() else ():
        assert os.readlink(f"/proc/{pid_behind(path)}/fd/{entry}") == "/dev/null"
    asked = subprocess.run(["awsfed-admin", "--socket", path, "mfa", "list"], capture_output=True)
    assert asked.returncode == 0


def test_what_the_caller_has_open_stays_the_callers(own):
    """A lock of a script's, or a pipe that it waits at the end of, is not held for ever by the bridge."""
    folder, path = own
    end, other_end = os.pipe()
    done = subprocess.run(["/usr/local/sbin/awsfed-bridge", "-c", folder], stdin=subprocess.DEVNULL, capture_output=True,
                          pass_fds=[other_end], timeout=30)
    os.close(other_end)
    assert done.returncode == 0, done.stderr
    with os.fdopen(end, "rb") as ended:
        assert select.select([ended], [], [], 5)[0], "somebody has it open"
    assert pid_behind(path)


def test_a_configuration_it_cannot_read_is_told(own):
    folder, _ = own
    (folder / "awsfed.conf").write_text("[bridge]\nwrokers = 8\n")
    done = started(folder)
    assert done.returncode == 1
    assert "awsfed.conf:2: unknown key \"wrokers\"" in done.stderr, done.stderr


def test_what_is_found_wrong_after_the_fork_is_told(own, lab):
    """I-66: a key that others may read, which only the process that loads it finds."""
    folder, _ = own
    key = folder / "seal.key"
    key.write_text("00" * 32)
    key.chmod(0o644)
    text = (folder / "awsfed.conf").read_text()
    (folder / "awsfed.conf").write_text(text.replace(str(lab.awsfed.CONFIG / "keys/seal.key"), str(key)))
    done = started(folder)
    assert done.returncode == 1
    assert str(key) in done.stderr and "chmod 600" in done.stderr, done.stderr
