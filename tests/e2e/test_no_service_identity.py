"""service-bind = none: a host that has no account of its own in the directory.

SPDX-License-Identifier: Apache-2.0
"""
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from asker import authenticate  # noqa: E402


def test_sign_in_and_aws_as_oneself(lab, person, alone):
    """I-8: name, state and groups are read as the person, and lead to AWS as ever."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert session.run("id -un").out == f"{person.name}\n"
        ran = session.run("awsfed-login credential-process --role dev-readonly")
        assert ran.status == 0, ran.err
        assert json.loads(ran.out)["AccessKeyId"].startswith("ASIA")
        assert session.run("awsfed-login credential-process --role prod-admin").status == 3


def test_a_name_that_is_somebody_else_s_now(lab, person, alone):
    """I-8: the account was deleted and made anew under the enrolled name: another SID, no login, with every factor right."""
    samdb = lab.directory.samdb()
    samdb.delete(person.dn)
    samdb.newuser(person.name, person.password, userou="OU=People")
    outcome = lab.sshd.login(
        person.name, person.password, lab.codes.fresh(person.name), command="echo shell-came")
    assert outcome.status != 0
    assert "shell-came" not in outcome.output


def test_the_account_phase_alone_is_unavailable(lab, person, alone):
    """I-43, I-45: a public key proves no standing, and nobody can be asked: no shell."""
    outcome = lab.sshd.key_login(person.name, "echo shell-came")
    assert outcome.status != 0
    assert "shell-came" not in outcome.output


def test_a_wrong_password_and_a_stranger(lab, person, alone):
    """I-10: neither gets in; one wrong password is one bind."""
    before = lab.directory.bad_password_count(person.name)
    lab.sshd.login(person.name, "wrong", lab.codes.fresh(person.name), command="true")
    assert lab.directory.bad_password_count(person.name) == before + 1
    assert lab.sshd.login("ivan", lab.people.person("ivan").password, "123456").status != 0


def enrol(*words):
    return subprocess.run(["awsfed-admin", "mfa", "enrol", *words], text=True, capture_output=True)


def test_a_first_enrolment(lab, alone):
    """I-8: an administrator says whose the name is; with the right SID that person logs in."""
    someone = lab.people.take()
    assert "--sid" in enrol(someone.name).stderr
    for sid in ("S-1-5-32-544", "S-1-5-21-1-2", "nonsense"):
        refused = enrol("--sid", sid, someone.name)
        assert refused.returncode != 0 and "no SID of a person" in refused.stderr
    lab.codes.enrol(someone.name, "--sid", lab.directory.sid(someone.name))
    refused = enrol("--sid", lab.directory.sid("bob"), f"{lab.places.NETBIOS}\\{someone.name}")
    assert refused.returncode != 0 and "is enrolled as" in refused.stderr
    assert authenticate(someone.name, someone.password, lab.codes.fresh(someone.name)) == "OK"


def test_enrolled_as_somebody_else(lab, alone):
    """I-8: a name and a SID of two people: the right password and code of either are none, and the trail has both SIDs."""
    someone, other = lab.people.take(), lab.directory.sid(lab.people.take().name)
    lab.codes.enrol(someone.name, "--sid", other)
    assert authenticate(someone.name, someone.password, lab.codes.fresh(someone.name)) == "DENIED"
    reason = lab.awsfed.audit(event="login", user=someone.name)[-1]["reason"]
    assert other in reason and lab.directory.sid(someone.name) in reason and "--sid" in reason
    subprocess.run(["awsfed-admin", "mfa", "reset", someone.name], check=True, capture_output=True)
    lab.codes.enrol(someone.name, "--sid", lab.directory.sid(someone.name))
    assert authenticate(someone.name, someone.password, lab.codes.fresh(someone.name)) == "OK"


def test_where_somebody_can_be_asked_the_sid_is_compared(lab, bridge):
    """With a service identity --sid may say what the directory says, and nothing else."""
    someone = lab.people.take()
    refused = enrol("--sid", lab.directory.sid("bob"), someone.name)
    assert refused.returncode != 0 and "in the directory: leave --sid out" in refused.stderr
    assert enrol("--sid", lab.directory.sid(someone.name), someone.name).returncode == 0
