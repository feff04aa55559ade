"""Who needs a code where: exempt-groups, [mfa-rule NAME], and the code alone for sudo.

SPDX-License-Identifier: Apache-2.0
"""
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from asker import ask, at_once, run_as  # noqa: E402

DOMAIN = "domain corp.example.com"
SPARED = ("the administrator's rules spare you the one-time code, and who is spared it gets none; awsfed-admin explain tells "
          "the administrator which rule it is")


@pytest.fixture(scope="module")
def groups(lab):
    """Robots, in Exempt: whoever is in the one is in the other. Their SIDs."""
    samdb = lab.directory.samdb()
    if not samdb.search(lab.places.BASE_DN, expression="(sAMAccountName=Exempt)", attrs=["objectSid"]):
        samdb.newgroup("Exempt")
        samdb.newgroup("Robots")
        samdb.add_remove_group_members("Exempt", ["Robots"])
    return {name: lab.directory.sid(name) for name in ("Exempt", "Robots")}


@pytest.fixture
def robot(lab, person, groups):
    """Somebody who is enrolled, has a role by a group, and is exempt by another."""
    lab.directory.samdb().add_remove_group_members("Robots", [person.name])
    return person


def try_in(person, code="", password=None, service="sshd", factors=3, **more):
    """What the PAM module asks; an empty code is left out, as it does."""
    given = {"PASSWORD": (person.password if password is None else password).encode()} if factors & 1 else {}
    if code:
        given["CODE"] = code.encode()
    return ask("AUTHENTICATE", USER=person.name, FACTORS=factors, SERVICE=service, TTY="ssh",
               **{"RHOST": "192.0.2.9", **given, **more})[0]


def explain(name):
    return subprocess.run(["awsfed-admin", "explain", name], text=True, capture_output=True, check=True).stdout


# ---- exempt-groups ----

def test_a_member_gets_in_by_the_password_alone(lab, robot, bridge):
    """I-31: nested membership counts, the empty answer will do, and no AWS role comes of it, not even of a right code."""
    lab.awsfed.configure({"mfa": {"exempt-groups": "Exempt"}})
    with lab.sshd.Session(robot.name, robot.password, "") as session:
        assert session.run("id -un").out == f"{robot.name}\n"
        refused = session.run("awsfed-login credential-process --role dev-readonly")
        assert refused.status == 3 and SPARED in refused.err, refused
        assert session.run("awsfed-login roles").out == f"No AWS roles: {SPARED}.\n"
    assert lab.awsfed.audit(event="login", user=robot.name)[-1]["factors"] == "password"
    with lab.sshd.Session(robot.name, robot.password, lab.codes.fresh(robot.name)) as session:
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 3
    told = explain(robot.name)
    assert "sign-in by any other service: exempt: the password alone, and no role, by [mfa] exempt-groups" in told
    # By the command, which gives nothing but AWS, they get none either; nor is the code spared them there.
    refused = lab.terminal.converse(lab_login(robot), [robot.password, ""] * 3)
    assert refused.status == 3, refused.transcript
    signed_in = lab.terminal.converse(lab_login(robot), [robot.password, lab.codes.fresh(robot.name)])
    assert signed_in.status == 0 and f"No AWS roles: {SPARED}." in signed_in.transcript, signed_in.transcript


def lab_login(person, *words):
    return ["/usr/bin/setpriv", f"--reuid={person.uid}", f"--regid={person.uid}", "--clear-groups", "--",
            "awsfed-login", *words]


def test_who_becomes_a_member_loses_the_roles(lab, person, groups, bridge):
    """I-31, I-60: never an AWS role: not even on a ticket of before, from the next re-check on."""
    lab.awsfed.configure({"mfa": {"exempt-groups": "Exempt"}, "bridge": {"recheck-interval": "1s"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert "dev-readonly" in session.run("awsfed-login roles").out
        lab.directory.samdb().add_remove_group_members("Robots", [person.name])
        lab.service.wait_for(lambda: "dev-readonly" not in session.run("awsfed-login roles").out, "the re-check", 5)
        refused = session.run("awsfed-login credential-process --role dev-readonly")
        assert refused.status == 3 and SPARED in refused.err, refused


def test_a_session_without_a_code_says_what_is_missing(lab, person, bridge):
    """I-31: no role by the password alone; not for want of a group, and awsfed-login asks for what is missing."""
    rule = {"services": "sshd", "required": "no"}
    lab.awsfed.configure({"mfa-rule ssh": rule})
    with lab.sshd.Session(person.name, person.password, "") as session:
        assert session.run("awsfed-login roles").out == (
            "No AWS roles: this sign-in took no one-time code, and roles take one; run awsfed-login, which asks for "
            "password and code.\n")
        for words in ("credential-process", "credential-process --role dev-readonly", "use dev-readonly"):
            refused = session.run(f"awsfed-login {words} < /dev/null")
            assert refused.status == 4 and "took no one-time code" in refused.err, refused
        config = Path(f"/home/{person.name}/.aws/config")
        refused = session.run("awsfed-login configure < /dev/null")  # a list of none would take every profile away
        assert refused.status == 4 and "took no one-time code" in refused.err and not config.exists(), refused
        done = lab.terminal.converse(lab_login(person), [person.password, lab.codes.fresh(person.name)])
        assert done.status == 0 and "dev-readonly" in done.transcript, done.transcript
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 0


def test_who_is_not_enrolled_is_told_so(lab, bridge):
    """I-31: without a second factor there is no role, whatever the groups; and no prompt that could not be answered."""
    nobody = lab.people.take()
    lab.awsfed.configure({"mfa": {"required": "enrolled"}})
    with lab.sshd.Session(nobody.name, nobody.password, "none") as session:
        for words, status in (("roles", 0), ("credential-process", 3), ("credential-process --role dev-readonly", 3)):
            told = session.run(f"awsfed-login {words}")
            assert told.status == status and "you have no second factor" in told.out + told.err, told


def test_a_member_proves_the_rest(lab, robot, bridge):
    """I-36, I-37: what a member gives as a code is checked as anybody's, before the bind; the password is never spared."""
    lab.awsfed.configure({"mfa": {"exempt-groups": "Exempt"}})
    wrong = lab.codes.wrong(robot.name)
    assert set(at_once(partial(try_in, robot, wrong, "not the password"),
                       partial(try_in, robot, wrong),
                       partial(try_in, robot, factors=2),  # where only the code is asked for, nothing is left without it
                       partial(try_in, robot, "", ""))) == {"DENIED"}
    assert lab.directory.bad_password_count(robot.name) == 0
    assert try_in(robot, "", "not the password") == "DENIED"
    assert lab.directory.bad_password_count(robot.name) == 1
    assert try_in(robot) == "OK"


def test_nobody_else_is_exempt(lab, person, groups, bridge):
    """I-29, I-36, I-37: an empty code of somebody else's is denied with no bind, and counts; a right code waits then (I-38)."""
    lab.awsfed.configure({"mfa": {"exempt-groups": "Exempt, No-Such-Group"}})
    assert set(at_once(*3 * [partial(try_in, person)],
                       *2 * [partial(try_in, person, "", "not the password")])) == {"DENIED"}
    assert lab.directory.bad_password_count(person.name) == 0
    assert try_in(person, lab.codes.fresh(person.name)) == "LOCKED"
    assert "a code is required, by [mfa] required" in explain(person.name)


def test_an_empty_code_stays_empty_without_exempt_groups(lab, person, bridge):
    """I-29: where no rule spares a code nothing is looked at, and nothing counted."""
    assert set(at_once(*7 * [partial(try_in, person)])) == {"DENIED"}
    assert try_in(person, lab.codes.fresh(person.name)) == "OK"


def test_membership_by_the_bind_alone(lab, robot, groups, bridge):
    """I-12, I-35, I-39: with no service identity the bind tells; of a stranger without a code it tells nothing, and it counts."""
    other = lab.people.take()
    lab.codes.enrol(other.name)
    lab.awsfed.configure({
        DOMAIN: {"service-bind": "none", "service-dn": None, "service-password-file": None},
        "mfa": {"exempt-groups": groups["Exempt"]},
        **{f"role {name}": {"groups": None, "users": "nobody-at-all"}
           for name in ("prod-admin", "dev-readonly", "billing")}})
    assert try_in(robot) == "OK"
    assert try_in(other) == "DENIED"
    assert set(at_once(*[partial(try_in, other, "", f"guess {n}") for n in range(3)])) == {"DENIED"}
    assert 1 <= lab.directory.bad_password_count(other.name) <= 3  # the bind had to tell
    lab.directory.samdb().disable_account(f"(sAMAccountName={other.name})")
    assert try_in(other) == "DENIED"  # and not "disabled": that would prove the password
    assert try_in(other, lab.codes.fresh(other.name)) == "LOCKED"


def test_guesses_from_many_addresses_without_a_service_identity(lab, groups, bridge):
    """I-35, I-36, I-39: what the directory allows is not known then; max-failures counts wrong passwords of all addresses together.
    Whoever gives no code is not told that it has: others, whose passwords are never sent, have tries left then."""
    victim = lab.people.take()
    lab.codes.enrol(victim.name)
    lab.awsfed.configure({
        DOMAIN: {"service-bind": "none", "service-dn": None, "service-password-file": None},
        "mfa": {"exempt-groups": groups["Exempt"], "max-failures": "3"},
        **{f"role {name}": {"groups": None, "users": "nobody-at-all"}
           for name in ("prod-admin", "dev-readonly", "billing")}})
    answers = at_once(*[partial(try_in, victim, "", f"guess {n}", RHOST=f"198.51.100.{n}") for n in range(6)])
    answers += [try_in(victim, "", f"guess again {n}", RHOST=f"203.0.113.{n}") for n in range(3)]
    assert set(answers) == {"DENIED"}, answers
    assert 1 <= lab.directory.bad_password_count(victim.name) <= 3
    assert try_in(victim, lab.codes.fresh(victim.name), RHOST="203.0.113.9") == "LOCKED"  # I-38: with a code, and nothing is sent


# ---- [mfa-rule] ----

def test_the_first_rule_that_fits_decides(lab, robot, bridge):
    """By service, address and group; only what root says is a service (I-53)."""
    lab.awsfed.configure({
        "mfa-rule office": {"services": "cron-report, su", "networks": "192.0.2.0/24", "required": "no"},
        "mfa-rule sudo": {"services": "sudo, su", "required": "yes"},
        "mfa-rule aws": {"services": "awsfed-login", "required": "yes"},
        "mfa-rule robots": {"groups": "Exempt", "required": "no"},
        "mfa-rule guests": {"services": "guest", "required": "enrolled"}})
    wrong = lab.codes.wrong(robot.name)
    assert try_in(robot, wrong, service="cron-report") == "OK"
    assert try_in(robot, "", service="CRON-report") == "OK"
    assert lab.awsfed.audit(event="login", user=robot.name)[-1]["factors"] == "password"
    assert try_in(robot, "", service="sshd") == "OK"
    assert set(at_once(partial(try_in, robot, "", service="su", RHOST="198.51.100.1"),
                       partial(try_in, robot, "", service="sudo"),
                       partial(try_in, robot, wrong, service="sshd"))) == {"DENIED"}
    told = explain(robot.name).splitlines()
    rules = [line for line in told if line.startswith("sign-in by ")]
    assert rules[0].startswith("sign-in by cron-report from 192.0.2.0/24: exempt: the password alone, and no role, by "
                               "[mfa-rule office], /etc/awsfed/awsfed.conf:")
    assert any(line.startswith("sign-in by sudo: a code is required, by [mfa-rule sudo]") for line in rules)
    assert rules[-1].startswith("sign-in by any other service: exempt: the password alone, and no role, by [mfa-rule robots]")
    # A code for AWS where the password alone opens sessions.
    done = lab.terminal.converse(lab_login(robot), [robot.password, lab.codes.fresh(robot.name)])
    assert done.status == 0 and "dev-readonly" in done.transcript


def test_a_program_of_the_user_names_no_service(lab, person, bridge):
    """I-53, I-36: a service that the user's own program claims is none: no rule by services spares it the code."""
    lab.awsfed.configure({"mfa-rule report": {"services": "cron-report", "required": "no"}})
    assert try_in(person, service="cron-report") == "OK"
    assert run_as(person.uid, (f"print(ask('AUTHENTICATE', USER={person.name!r}, FACTORS=3, SERVICE='cron-report', "
                               f"PASSWORD={person.password.encode()!r})[0])")) == ["DENIED"]


def test_enrolled_by_rule(lab, person, bridge):
    """I-31: where a rule asks the enrolled alone, who is not gets in without a role; who is, does not without a code."""
    nobody = lab.people.take()
    lab.awsfed.configure({"mfa-rule guests": {"services": "guest", "groups": "Staff", "required": "enrolled"}})
    assert try_in(nobody, "none", service="guest") == "OK"
    assert set(at_once(partial(try_in, nobody, "none", service="sshd"),
                       partial(try_in, person, "none", service="guest"),
                       partial(try_in, person, "", service="guest"))) == {"DENIED"}


def test_rules_are_taken_by_a_reload(lab, person, bridge):
    """A rule counts from the next sign-in; one whose group does not exist is not taken, and the old ones stay."""
    lab.awsfed.configure()
    assert try_in(person, service="cron-report") == "DENIED"
    rule = {"services": "cron-report", "groups": "Staff", "required": "no"}

    def reloads():
        return len(lab.awsfed.audit(event="reload"))

    for changed, outcome in (({"mfa-rule report": rule}, "OK"),
                             ({"mfa-rule report": {**rule, "groups": "No-Such-Group"}}, "OK"), ({}, "DENIED")):
        before = reloads()
        lab.awsfed.write_config(changed)
        os.kill(lab.awsfed.BRIDGE.leader(), signal.SIGHUP)
        lab.service.wait_for(lambda: reloads() > before, "the reload", 10)
        assert try_in(person, service="cron-report") == outcome


# ---- sudo, by the code alone ----

@pytest.fixture
def step_up(lab, person):
    """/etc/pam.d/sudo asks for the code alone, as conf/pam.d/sudo-code does."""
    lab.pam.write("sudo", "factors=totp")
    yield person
    lab.pam.write("sudo")


def sudo(lab, person, *answers):
    return lab.terminal.converse(lab_login(person)[:-1] + ["sudo", "id", "-un"], list(answers))


def test_sudo_by_the_code_alone(lab, step_up):
    """One prompt; a right code opens, once (I-24); a wrong one does not; who guessed too often has to wait (I-38)."""
    code = lab.codes.fresh(step_up.name)
    good = sudo(lab, step_up, code)
    assert (good.status, good.output, len(good.prompts)) == (0, "root", 1), good.transcript
    wrong = lab.codes.wrong(step_up.name)
    for refused in at_once(*(partial(sudo, lab, step_up, answer) for answer in (code, "", step_up.password, *3 * [wrong]))):
        assert refused.status == 1 and "root" not in refused.output.split(), refused.transcript
    # sudo keeps what modules have to say to itself: that it is "later" and not "wrong" is in the log.
    assert sudo(lab, step_up, lab.codes.fresh(step_up.name)).status == 1
    assert lab.awsfed.audit(event="login", user=step_up.name)[-1]["error"] == "LOCKED"
    assert "try again later (LOCKED)" in lab.awsfed.system_log().splitlines()[-2] + lab.awsfed.system_log().splitlines()[-1]
    assert lab.directory.bad_password_count(step_up.name) == 0


def test_sudo_by_the_code_of_somebody_without_one(lab, step_up, bridge):
    """I-31: not enrolled is refused, whatever spares others a code; NOPASSWD asks nothing but the account phase (I-45)."""
    nobody = lab.people.take()
    lab.awsfed.configure({"mfa": {"required": "enrolled"}, "mfa-rule sudo": {"services": "sudo", "required": "no"}})
    assert [one.status for one in at_once(*(partial(sudo, lab, nobody, answer) for answer in ("123456", "none", "")))] == [1] * 3
    assert sudo(lab, step_up, lab.codes.fresh(step_up.name)).output == "root"
    good = sudo(lab, lab.people.person("bob"))
    assert (good.status, good.prompts, good.output) == (0, [], "root"), good.transcript
    assert sudo(lab, lab.people.person("carol")).status != 0
