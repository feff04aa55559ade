"""The disk of the audit trail is full: what cannot be written down is not granted, and nothing of it stays behind.

SPDX-License-Identifier: Apache-2.0
"""
import json
import subprocess

import pytest

PAGE = 4096


@pytest.fixture
def disk(lab, bridge):
    """A disk of ten pages for the trail alone."""
    if lab.places.in_place():
        pytest.skip("the host's mounts are not ours to change")
    folder = lab.places.RUN / "trail"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={10 * PAGE}", "none", folder], check=True)
    yield folder
    lab.awsfed.configure()
    subprocess.run(["umount", folder], check=True)
    folder.rmdir()


def test_no_sign_in_without_its_line(lab, person, disk):
    """The login fits on the disk, the session does not: no session, no ticket either, though tickets linger; and what
    is written afterwards can be read."""
    trail = disk / "audit.jsonl"
    lab.awsfed.configure({"bridge": {"audit": f"file:{trail}", "linger-sessions": "keep"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        pass
    lab.awsfed.as_user(person.name, ["awsfed-login", "logout"])
    lines = trail.read_bytes().splitlines(keepends=True)
    events = [json.loads(line)["event"] for line in lines]
    opened = events.index("session-open")
    assert opened > 0, events
    # All of the lines before it, and half of itself, are to fit into the last page.
    room = sum(map(len, lines[:opened])) + len(lines[opened]) // 2
    with open(trail, "ab") as file:
        file.write(b"#" * ((-trail.stat().st_size - room) % PAGE - 1) + b"\n")
    with open(disk / "filler", "wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(b"#" * PAGE)

    refused = lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), command="echo in")
    assert "in\n" not in refused.transcript and refused.status != 0
    (disk / "filler").unlink()
    asked = lab.awsfed.as_user(person.name, ["awsfed-login", "credential-process", "--role", "dev-readonly"])
    assert asked.returncode == 4, asked
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 0
    after = trail.read_bytes().partition(b"#\n")[2].splitlines()
    torn = [line for line in after if not line.endswith(b"}")]
    assert len(torn) == 1 and all(json.loads(line) for line in after if line not in torn)
