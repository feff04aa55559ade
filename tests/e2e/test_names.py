"""People whose accounts come from a real NSS service and not from /etc/passwd, by each name that it gives them.

SPDX-License-Identifier: Apache-2.0
"""
import subprocess

import pytest

FORMS = {"sssd": ["{}", "{}@corp.example.com", "CORP\\{}"], "sssd-ldap": ["{}", "{}@corp.example.com"], "nslcd": ["{}"]}


@pytest.fixture(scope="module", params=FORMS)
def kind(lab, request):
    """The jump host knows people by that service alone; the bridge is a fresh one."""
    lab.names.come_from(request.param)
    lab.awsfed.configure()
    yield request.param
    lab.names.come_back()
    lab.awsfed.configure()


def test_each_name_is_the_same_person(lab, kind, person):
    """I-17, I-18: by every name that NSS gives, ssh lets them in with one watermark, and AWS sees one identity."""
    uid = lab.names.give_home(person.name)
    assert uid != person.uid
    for form in FORMS[kind]:
        name = form.format(person.name)
        code = lab.codes.fresh(person.name)
        with lab.sshd.Session(name, person.password, code) as session:
            assert session.run("id -u").out == f"{uid}\n"
            ran = session.run("awsfed-login credential-process --role dev-readonly")
            assert (ran.status, ran.err) == (0, "")
        # The same code, by the next of the names.
        again = FORMS[kind][(FORMS[kind].index(form) + 1) % len(FORMS[kind])].format(person.name)
        assert lab.sshd.login(again, person.password, code).status == 255
    sids = {line["sid"] for line in lab.awsfed.audit(event="login", outcome="granted", user=person.name)}
    assert len(sids) == 1


def test_somebody_whom_nss_does_not_know(lab, kind):
    """A name of the directory that the host's service filters out, or does not have, opens nothing."""
    assert subprocess.run(["getent", "passwd", "nobody-at-all"], capture_output=True).returncode == 2
    assert lab.sshd.login("nobody-at-all", "a password", "123456").status == 255
