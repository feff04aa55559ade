"""Domain controllers found by DNS: the whole sign-in works with no server named in the configuration.

SPDX-License-Identifier: Apache-2.0
"""
import pytest

SECTION = "domain corp.example.com"


@pytest.fixture(scope="module")
def found(lab):
    lab.awsfed.configure({SECTION: {"servers": None}})
    yield
    lab.awsfed.configure()


def test_a_login_by_servers_of_dns(lab, found, person):
    """I-4, I-6: with `servers` left out, SRV records of a real DNS lead to the domain controller, and nothing else changes."""
    login = lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), command="id -un")
    assert person.name in login.output, login.transcript
    log = lab.awsfed.BRIDGE.log.read_text()
    assert 'domain controllers found, this host is in site "Default-First-Site-Name"' in log


def test_a_wrong_password_is_still_one_bind(lab, found, person):
    """I-6: one attempt is one bind, however the server was found."""
    before = lab.directory.bad_password_count(person.name)
    lab.sshd.login(person.name, "wrong", lab.codes.fresh(person.name), command="true")
    assert lab.directory.bad_password_count(person.name) == before + 1
