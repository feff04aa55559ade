"""Domain controllers that come and go: two real ones on hosts of their own, of which one is lost.

SPDX-License-Identifier: Apache-2.0
"""
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from asker import authenticate  # noqa: E402

CONNECT_SECONDS = 2  # connect-timeout of lab.pair.CONFIG
ANSWER_SECONDS = 2   # its timeout


def timed_login(lab, person, password=None):
    """(result, seconds) of one login at the bridge."""
    code = lab.codes.fresh(person.name)
    begin = time.monotonic()
    result = authenticate(person.name, password or person.password, code)
    return result, time.monotonic() - begin


def binds(lab, person):
    """What both domain controllers answered to binds of somebody's, in all."""
    return [status for dc in lab.pair.BOTH for status in dc.binds(person.name)]


@pytest.fixture
def warm(lab, pair):
    """The bridge has connections to the one that it prefers, and that one is told."""
    someone = lab.people.take()
    lab.codes.enrol(someone.name)
    assert timed_login(lab, someone)[0] == "OK"
    used = [dc for dc in pair.BOTH if dc.binds(someone.name)]
    assert len(used) == 1
    return used[0]


def lose(dc, how):
    {"cut": dc.cut, "killed": dc.service.kill, "frozen": dc.service.freeze}[how]()


def other(pair, dc):
    return pair.DC2 if dc is pair.DC1 else pair.DC1


@pytest.mark.parametrize("how", ["cut", "killed", "frozen"])
def test_one_is_lost(lab, pair, warm, person, how):
    """I-6: the login that meets the loss costs at most one connect-timeout more, the next nothing; one bind each."""
    lose(warm, how)
    time.sleep(0.3)  # nobody logs in for so long that the bridge asks before it trusts a connection
    result, seconds = timed_login(lab, person)
    assert result == "OK"
    assert seconds < CONNECT_SECONDS + 0.5
    for _ in range(2):
        result, seconds = timed_login(lab, person)
        assert result == "OK"
        assert seconds < 0.5
    pair.heal()
    assert binds(lab, person) == ["NT_STATUS_OK"] * 3


@pytest.mark.parametrize("how", ["cut", "killed", "frozen"])
def test_a_wrong_password_while_one_is_lost(lab, pair, warm, person, how):
    """I-6: a wrong password is counted once over both domain controllers, whatever was tried to get it there."""
    lose(warm, how)
    assert timed_login(lab, person, "not the password")[0] in ("DENIED", "DIRECTORY")
    pair.heal()
    assert binds(lab, person) in ([], ["NT_STATUS_WRONG_PASSWORD"])
    assert timed_login(lab, person, "not the password either")[0] == "DENIED"
    assert pair.bad_password_count(person.name) == len(binds(lab, person)) <= 2


def test_all_are_lost(lab, pair, warm, person):
    """I-40: nobody answers: no login, said so, counted against nobody; and as soon as one is back it serves."""
    for dc in pair.BOTH:
        dc.service.kill()
    code = lab.codes.fresh(person.name)
    for _ in range(2):
        assert authenticate(person.name, person.password, code) == "DIRECTORY"
    outcome = lab.sshd.login(person.name, person.password, code)
    assert outcome.status == 255
    assert "unavailable" in outcome.output
    with lab.terminal.Conversation(["login", lab.people.BREAKGLASS]) as console:
        assert console.next_prompt() == "Password:"
        console.answer(lab.people.BREAKGLASS_PASSWORD)
        console.read_until(r"\$ $")
    pair.heal()
    lab.service.wait_for(lambda: authenticate(person.name, person.password, code) == "OK", "a login after the outage", 60)
    assert binds(lab, person) == ["NT_STATUS_OK"]


def test_another_certificate(lab, pair, warm, person):
    """I-4: one that comes back with a new certificate is used; with one for another name it never sees a password."""
    other(pair, warm).cut()
    warm.service.stop()
    warm.use_certificate(f"{warm.name}-renewed")
    warm.service.start()
    assert timed_login(lab, person)[0] == "OK"
    before = warm.binds(person.name)
    warm.service.stop()
    warm.use_certificate(f"{warm.name}-other-name")
    warm.service.start()
    assert timed_login(lab, person)[0] in ("TLS", "DIRECTORY")
    assert warm.binds(person.name) == before


def test_found_by_dns(lab, pair, person):
    """Without `servers` the bridge finds both by SRV records, prefers its own site's, and does without that one."""
    lab.awsfed.configure({next(iter(lab.pair.CONFIG)): {**pair.CONFIG[next(iter(pair.CONFIG))], "servers": None}})
    assert timed_login(lab, person)[0] == "OK"
    assert pair.DC2.binds(person.name) == ["NT_STATUS_OK"] and pair.DC1.binds(person.name) == []
    pair.DC2.service.kill()
    result, seconds = timed_login(lab, person)
    assert (result, pair.DC1.binds(person.name)) == ("OK", ["NT_STATUS_OK"])
    assert seconds < CONNECT_SECONDS + 0.5


def test_a_change_on_one_is_seen_by_the_other(lab, pair, person):
    """A person disabled on one is refused by the other as soon as AD has replicated."""
    pair.DC1.samdb().disable_account(f"(sAMAccountName={person.name})")
    pair.replicate(pair.DC2, pair.DC1)
    assert pair.DC2.try_password(person.name, person.password) == "533"
    for dc in pair.BOTH:
        other(pair, dc).cut()
        dc.mend()
        assert timed_login(lab, person)[0] == "DISABLED"


def test_doctor_tells_them_apart(lab, pair):
    """Found by DNS alone, each has its own lines; of a lost one the other's stay as they are."""
    lab.awsfed.configure({f"domain {lab.places.DOMAIN}": {"servers": None, "connect-timeout": "2s", "timeout": "2s"}})
    pair.DC1.cut()
    done = subprocess.run(["awsfed-admin", "doctor", "--json"], text=True, capture_output=True)
    told = {line["check"]: line["state"] for line in json.loads(done.stdout)}
    lost, there = (f"{dc.fqdn}:636" for dc in pair.BOTH)
    assert told[f"controller {lost}"] == "FAIL" and f"clock against {lost}" not in told
    assert [told[f"{what} {there}"] for what in ("controller", "clock against", "service identity at")] == ["ok"] * 3
    assert told["bridge"] == told["store"] == "ok"


def test_an_expired_password_is_changed_where_it_was_proved(lab, pair, person, configure_alone):
    """Without a service identity: bind, Kerberos and the login after it all go to one; the other, which may not have heard of the
    change, is not asked."""
    pair.DC1.samdb().force_password_change_at_next_login(f"(sAMAccountName={person.name})")
    pair.replicate(pair.DC2, pair.DC1)
    configure_alone(pair.CONFIG[f"domain {lab.places.DOMAIN}"])
    new = "Brand-new secret 77"
    outcome = lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name), person.password, new, new)
    assert outcome.status == 0, outcome.transcript
    asked, = [dc for dc in pair.BOTH if dc.binds(person.name)]
    assert asked.try_password(person.name, new) == ""
