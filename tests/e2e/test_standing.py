"""What was given ends with what it was given for: the group, the account, the fresh code, the ticket's time.

SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import datetime
import json
import time

import pytest

ROLE = "dev-readonly"
GROUP = "AWS-Dev-ReadOnly"


def ask(lab, who, *words):
    return lab.awsfed.as_user(who.name, ["awsfed-login", "credential-process", "--role", ROLE, *words])


def refused_soon(lab, who, seconds=8):
    """Ask until it is refused, as an SDK would; the refusal. Cached credentials do not count as standing."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ran = ask(lab, who)
        if ran.returncode != 0:
            assert ran.stdout == "" and len(ran.stderr.splitlines()) == 1, ran
            return ran
        time.sleep(0.1)
    pytest.fail("credentials are still given")


@contextlib.contextmanager
def out_of_the_group(lab, who):
    def change(add):
        lab.directory.samdb().add_remove_group_members(GROUP, [who.name], add_members_operation=add)
    change(False)
    try:
        yield
    finally:
        change(True)


@contextlib.contextmanager
def disabled(lab, who):
    lab.directory.samdb().disable_account(f"(sAMAccountName={who.name})")
    try:
        yield
    finally:
        lab.directory.samdb().enable_account(f"(sAMAccountName={who.name})")


@pytest.mark.parametrize("loss, says", [
    (out_of_the_group, "group"), (disabled, "disabled")], ids=["group", "account"])
def test_a_loss_in_the_directory_ends_it(lab, person, bridge, aws, loss, says):
    """I-60: out of the group or disabled, and after the re-check interval nothing is given, cached or not."""
    lab.awsfed.configure({"bridge": {"recheck-interval": "1s"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        assert ask(lab, person).returncode == 0
        with loss(lab, person):
            assert says in refused_soon(lab, person).stderr
        # What AWS gave is not given again by anything but another call.
        calls = len(aws.requests("AssumeRoleWithSAML"))
        assert calls == 1


def test_a_role_wants_a_fresher_code(lab, person, bridge, aws):
    """mfa-age: the role is listed, says that it wants a code, and gives nothing until there is one."""
    lab.awsfed.configure({f"role {ROLE}": {"mfa-age": "1s"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        assert refused_soon(lab, person).returncode == 4
        listed = json.loads(lab.awsfed.as_user(person.name, ["awsfed-login", "roles", "--json"]).stdout)
        listed = listed["roles"] if isinstance(listed, dict) else listed
        assert [role["name"] for role in listed] == [ROLE]


def test_the_ticket_s_end_bounds_a_credential(lab, person, bridge, aws):
    """I-59: an hour is asked for, the ticket ends in twenty minutes, and so does the credential."""
    lab.awsfed.configure({"bridge": {"ticket-lifetime": "20m"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        given = json.loads(ask(lab, person, "--duration", "1h").stdout)
    ends = datetime.datetime.fromisoformat(given["Expiration"].replace("Z", "+00:00")).timestamp()
    assert 15 * 60 < ends - time.time() <= 20 * 60


def test_a_ticket_that_ends_too_soon_gives_nothing(lab, person, bridge, aws):
    """I-59: AWS gives nothing for less than a quarter of an hour, and so nothing is asked."""
    lab.awsfed.configure({"bridge": {"ticket-lifetime": "14m"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        ran = ask(lab, person)
        assert ran.returncode == 4 and "AWS gives no credential for less than 15" in ran.stderr, ran
    assert not aws.requests("AssumeRoleWithSAML")
