"""What must be refused at the bridge's own socket: mangled messages, other uids, programs that run as the user.

SPDX-License-Identifier: Apache-2.0
"""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from asker import connect, run_as  # noqa: E402
from fake_bridge import TYPES, encode  # noqa: E402


@pytest.mark.parametrize("packet", [
    b"", b"A", b"AF", b"GET / HTTP/1.0\r\n\r\n", b"AF" + bytes(14), b"\xff" * 16384,
    encode(200, 1, {}), encode(TYPES["STATUS_OF"], 1, {})[:-1], encode(TYPES["STATUS_OF"], 1, {}) + b"\0",
    encode(TYPES["AUTHENTICATE"], 1, {"USER": "alice"}),
    encode(TYPES["STATUS_OF"], 1, {"USER": "alice"}),
], ids=["empty", "one", "magic", "http", "zeros", "big", "type", "short", "long", "missing-field", "foreign-field"])
def test_torn_and_foreign_messages(lab, packet):
    """I-54: a mangled message ends its connection and no other."""
    with connect() as other, connect() as client:
        if packet:
            client.send(packet)
        else:
            client.shutdown(1)
        assert client.recv(1) == b""
        other.send(encode(TYPES["ENROLMENTS"], 7, {}))
        assert other.recv(200000)[:2] == b"AF"


def test_another_uid_is_not_alice(lab, person):
    """I-53: with Alice signed in, another uid gets neither her credentials nor her status, nor may it act for her."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        for word in (["credential-process", "--role", "dev-readonly"], ["status"], ["roles"]):
            done = lab.awsfed.as_user("mallory", ["awsfed-login", *word])
            assert (done.returncode, done.stdout) == (4, ""), word
        assert run_as(2009, (f"print(ask('SESSION_OPEN', USER='{person.name}', SERVICE='x')[0], ask('ENROLMENTS')[0],"
                             f" ask('REVOKE', USER='{person.name}')[0])")) == ["PERMISSION"] * 3
        assert lab.awsfed.as_user(person.name, ["awsfed-login", "status"]).returncode == 0


def test_a_program_of_the_user_cannot_do_without_the_code(lab, person):
    """I-36: what runs as Alice may not ask about her password alone: it takes her token, as everywhere."""
    before = lab.directory.bad_password_count(person.name)
    script = (f"for factors in (1, 0): print(ask('AUTHENTICATE', USER='{person.name}', PASSWORD=b'guess',"
              " FACTORS=factors, SERVICE='x')[0])")
    assert "OK" not in run_as(person.uid, script)
    assert lab.directory.bad_password_count(person.name) == before


def test_a_program_of_the_user_cannot_choose_its_source(lab, person):
    """I-37: what runs as Alice is one source, whatever it says of itself."""
    script = ("answers = [ask('AUTHENTICATE', USER='%s', PASSWORD=b'guess', CODE=b'000000', FACTORS=3, SERVICE='x',"
              " RHOST='192.0.2.%%d' %% n)[0] for n in range(7)]; print(*answers)" % person.name)
    answers = run_as(person.uid, script)
    assert answers[:5] == ["DENIED"] * 5 and answers[5:] == ["LOCKED"] * 2


def test_nonsense_does_not_fill_the_journal(lab, bridge):
    """I-55: a thousand packets that are no requests leave a few lines, which say how many there were."""
    since = len(bridge.log.read_text())
    for _ in range(1000):
        with connect() as client:
            client.send(b"nonsense")
            assert client.recv(100) == b""
    lines = [line for line in bridge.log.read_text()[since:].splitlines() if "connection closed" in line]
    assert 1 <= len(lines) <= 10
