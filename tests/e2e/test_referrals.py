"""A directory that refers to another server, in every way that a real one (slapd) can: nobody goes there.

SPDX-License-Identifier: Apache-2.0
"""
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from asker import authenticate  # noqa: E402


class Trap:
    """Where the referrals lead; whoever comes is counted."""

    def __init__(self, address):
        self.visitors = 0
        self.listener = socket.create_server(address)
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self):
        while True:
            try:
                self.listener.accept()[0].close()
            except OSError:
                return
            self.visitors += 1


@pytest.fixture(scope="module")
def trap(lab):
    lab.stranger.start()
    trap = Trap(lab.stranger.ELSEWHERE)
    yield trap
    trap.listener.close()
    lab.stranger.stop()


def results(lab):
    """Slapd's own account of what it answered: ('101', '10') is a search that it referred elsewhere."""
    log = lab.stranger.SLAPD.log.read_text()
    words = (line.split() for line in log.splitlines() if " tag=" in line and " err=" in line)
    return {tuple(word.partition("=")[2] for word in line if word.startswith(("tag=", "err="))) for line in words}


def test_a_login_beside_a_referral(lab, trap, bridge):
    """I-5: the search for a person and the look-up of groups are referred on; the login is the first server's alone."""
    away = f"CN=Ops,OU=Away,{lab.places.BASE_DN}"
    lab.awsfed.configure({**lab.stranger.CONFIG,
                          "role dev-readonly": {"groups": f'"CN=Ops,DC=elsewhere,DC=net", "{away}", S-1-5-21-9-9-9-1002'}})
    code = lab.codes.fresh(lab.stranger.PERSON)
    assert authenticate(lab.stranger.PERSON, "wrong", code) == "DENIED"
    assert authenticate(lab.stranger.PERSON, lab.stranger.PASSWORD, code) == "OK"
    said = subprocess.run(["awsfed-admin", "explain", lab.stranger.PERSON, "--role", "dev-readonly"], text=True,
                          capture_output=True, check=True).stdout
    assert said.count("does not exist") == 2 and "theirs: yes" in said
    assert ("101", "10") in results(lab)
    assert trap.visitors == 0


def test_a_service_identity_that_is_elsewhere(lab, trap, bridge):
    """I-5: a bind that is referred on is a bind that failed; its password goes to nobody else."""
    section = f"domain {lab.places.DOMAIN}"
    lab.awsfed.configure({section: {**lab.stranger.CONFIG[section], "service-dn": f"CN=svc,OU=Away,{lab.places.BASE_DN}"}})
    assert authenticate(lab.stranger.PERSON, lab.stranger.PASSWORD, "123456") == "DIRECTORY"
    assert any(tag == "97" and err != "0" for tag, err in results(lab))
    assert trap.visitors == 0
