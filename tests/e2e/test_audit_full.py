"""The disk of the audit trail is full: what cannot be written down is not granted, and nothing of it stays behind.

SPDX-License-Identifier: Apache-2.0
"""
import json
import shutil
import subprocess

import pytest

PAGE = 4096
HUGE = 1 << 24  # more than any other file of the bridge's


class Disk:
    """A disk of ten pages for the trail alone."""

    def __init__(self, lab, folder):
        if lab.places.in_place():
            pytest.skip("nothing may be mounted here; a limit on the size of files stops the same write")
        self.folder = folder
        # Nobody else's to write to: there fs.protected_regular keeps root from the bridge's file.
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={10 * PAGE},mode=755", "none", folder], check=True)

    def leave(self, trail, room):
        """From here on so many bytes more of the trail fit."""
        with open(trail, "ab") as file:
            file.write(b"#" * ((-trail.stat().st_size - room) % PAGE - 1) + b"\n")
        with open(self.folder / "filler", "wb", buffering=0) as file, pytest.raises(OSError):
            while True:
                file.write(b"#" * PAGE)

    def mend(self):
        (self.folder / "filler").unlink()

    def remove(self):
        subprocess.run(["umount", self.folder], check=True)


class Limit:
    """The bridge's files may not grow longer than the trail is by then."""

    def __init__(self, lab, _folder):
        self.lab = lab

    def _set(self, size):
        pids = self.lab.awsfed.processes()
        user = str(self.lab.accounts.BRIDGE_USER[1])
        for pid in pids:
            subprocess.run(["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--",
                            "prlimit", f"--pid={pid}", f"--fsize={size}:"], check=True)

    def leave(self, trail, room):
        with open(trail, "ab") as file:
            file.write(b"#" * HUGE + b"\n")
        self._set(trail.stat().st_size + room)

    def mend(self):
        self._set("unlimited")

    def remove(self):
        pass


@pytest.fixture(params=[Disk, Limit], ids=["disk", "limit"])
def disk(lab, bridge, request):
    folder = lab.places.RUN / "trail"
    folder.mkdir()
    made = None
    try:
        made = request.param(lab, folder)
        yield made
    finally:
        if made:
            lab.awsfed.configure()
            made.remove()
        shutil.rmtree(folder)


def test_no_sign_in_without_its_line(lab, person, disk):
    """The login fits on the disk, the session does not: no session, no ticket either, though tickets linger; and what
    is written afterwards can be read."""
    trail = lab.places.RUN / "trail" / "audit.jsonl"
    lab.awsfed.configure({"bridge": {"audit": f"file:{trail}", "linger-sessions": "keep"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        pass
    lab.awsfed.as_user(person.name, ["awsfed-login", "logout"])
    lines = trail.read_bytes().splitlines(keepends=True)
    events = [json.loads(line)["event"] for line in lines]
    opened = events.index("session-open")
    assert opened > 0, events
    # All of the lines before it, and half of itself, are to fit.
    disk.leave(trail, sum(map(len, lines[:opened])) + len(lines[opened]) // 2)

    refused = lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), command="echo in")
    assert "in\n" not in refused.transcript and refused.status != 0
    disk.mend()
    asked = lab.awsfed.as_user(person.name, ["awsfed-login", "credential-process", "--role", "dev-readonly"])
    assert asked.returncode == 4, asked
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 0
    after = trail.read_bytes().partition(b"#\n")[2].splitlines()
    torn = [line for line in after if not line.endswith(b"}")]
    assert len(torn) == 1 and all(json.loads(line) for line in after if line not in torn)


def test_the_log_does_not_call_it_granted(lab, person, disk):
    """A right login whose own line does not fit is refused, in the log as well."""
    trail = lab.places.RUN / "trail" / "audit.jsonl"
    lab.awsfed.configure({"bridge": {"audit": f"file:{trail}"}})
    disk.leave(trail, 40)
    start = len(lab.awsfed.BRIDGE.log.read_text())
    refused = lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), command="echo in")
    disk.mend()
    told = lab.awsfed.BRIDGE.log.read_text()[start:]
    assert refused.status != 0 and "login granted" not in told
    assert f'login denied: user "{person.name}"' in told and "audit trail could not be written" in told
