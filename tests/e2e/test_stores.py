"""The store of a fleet: two bridges that share one PostgreSQL, which is gone, killed or hangs.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_mfa import RECOVERY  # noqa: E402
from two_hosts import SECOND_STATE, at_once, authenticate, first_logins, two_bridges  # noqa: E402


@pytest.fixture(scope="module")
def fleet(lab):
    """Two hosts on one PostgreSQL."""
    lab.postgres.start()
    yield from two_bridges(lab, {"store": lab.postgres.URI, "enrol-at-login": "yes"})
    lab.postgres.remove()


@pytest.fixture
def member(lab, fleet):
    """A throw-away person, enrolled in the fleet's store."""
    taken = lab.people.take()
    lab.codes.enrol(taken.name)
    return taken


@pytest.fixture
def server(lab, fleet):
    """The server; running, with its right certificate, afterwards, and known to both hosts to be."""
    yield lab.postgres.SERVER
    lab.postgres.SERVER.thaw()
    lab.postgres.use_certificate("db")
    if lab.postgres.SERVER.leader():
        lab.postgres.SERVER.stop()
    lab.postgres.SERVER.start()
    time.sleep(1.1)  # a server that was away is asked again after a second


def test_a_code_used_on_one_host_is_refused_on_the_other(lab, fleet, member):
    """I-24, I-26 over hosts: one watermark."""
    code = lab.codes.fresh(member.name)
    assert authenticate(fleet[0], member, member.password, code) == "OK"
    assert authenticate(fleet[1], member, member.password, code) == "DENIED"
    assert authenticate(fleet[1], member, member.password, lab.codes.fresh(member.name)) == "OK"


def test_one_code_on_two_hosts_at_the_same_instant(lab, fleet, member):
    """I-26 over hosts: parallel presentations on both give exactly one success."""
    answers = at_once(fleet, 8, member, lab.codes.fresh(member.name))
    assert answers.count("OK") == 1, answers
    assert set(answers) <= {"OK", "DENIED", "LOCKED"}, answers


def test_first_logins_on_two_hosts(lab, fleet):
    """I-26 over hosts: of two first logins of one person one enrols, and what it made is good on the other host."""
    newcomer = lab.people.take()
    host, notice = first_logins(fleet, newcomer)
    other = fleet[1] if host == fleet[0] else fleet[0]
    assert authenticate(other, newcomer, newcomer.password, RECOVERY.findall(notice)[0]) == "OK"


def test_failures_count_together(lab, fleet, member):
    """I-37 over hosts: failures on one host lock the source out on the other as well."""
    for host in (*fleet, *fleet, fleet[0]):
        assert authenticate(host, member, member.password, lab.codes.wrong(member.name)) == "DENIED"
    assert authenticate(fleet[1], member, member.password, lab.codes.fresh(member.name)) == "LOCKED"


def test_parallel_guesses_on_two_hosts(lab, fleet, member):
    """I-37 over hosts: twenty guesses at once, spread over both, are no more than the limit's five."""
    lab.postgres.sql("DELETE FROM awsfed.failure")
    answers = at_once(fleet, 20, member, lab.codes.wrong(member.name), "198.51.100.1")
    assert set(answers) <= {"DENIED", "LOCKED"}, answers
    assert 1 <= int(lab.postgres.sql("SELECT sum(tries) FROM awsfed.failure")) <= 5
    assert lab.postgres.sql("SELECT count(*) FROM awsfed.attempt") == "0"


def test_the_password_is_nowhere(lab, fleet):
    """I-57: the database's password is in no log, argument or environment of the bridge."""
    for pid, line in lab.awsfed.processes().items():
        assert lab.postgres.PASSWORD not in line
        if lab.awsfed.may_be_looked_into():
            assert lab.postgres.PASSWORD.encode() not in Path(f"/proc/{pid}/environ").read_bytes()
    assert lab.postgres.PASSWORD not in lab.awsfed.BRIDGE.log.read_text(errors="replace")


def test_seeds_are_sealed_in_the_database(lab, fleet, member):
    """I-34: what the database's administrator sees of a seed is sealed."""
    seed = lab.codes.seed(member.name)
    raw = base64.b32decode(seed + "=" * (-len(seed) % 8)).hex()
    records = lab.postgres.sql("SELECT encode(record, 'hex') FROM awsfed.person")
    assert len(records) > 100 and raw not in records


def test_a_server_that_is_gone(lab, server, fleet, member):
    """I-29: without the server nobody is "not enrolled", nobody gets in, and nobody is counted as failed."""
    code = lab.codes.fresh(member.name)
    lab.postgres.crash()
    for host in fleet:
        assert authenticate(host, member, member.password, code) == "STORE"
    lab.postgres.SERVER.start()
    time.sleep(1.1)
    assert authenticate(fleet[1], member, member.password, code) == "OK"


def test_a_server_that_hangs(lab, server, fleet, member):
    """A frozen server is unavailable, within seconds, for all who wait together."""
    code = lab.codes.fresh(member.name)
    server.freeze()
    begin = time.monotonic()
    assert set(at_once(fleet, 12, member, code)) == {"STORE"}
    assert time.monotonic() - begin < 12
    server.thaw()
    time.sleep(1.1)
    answer = authenticate(fleet[0], member, member.password, lab.codes.fresh(member.name))
    assert answer == "OK"


def test_a_restart_costs_no_login(lab, server, fleet, member):
    """Connections that were warm when the server was restarted are replaced without anybody's noticing."""
    assert authenticate(fleet[0], member, member.password, lab.codes.fresh(member.name)) == "OK"
    server.restart()
    assert authenticate(fleet[0], member, member.password, lab.codes.fresh(member.name)) == "OK"


def test_killed_in_mid_write(lab, server, fleet):
    """I-25, I-33: killed under load and recovered, no code that opened a session opens another."""
    people = [lab.people.take() for _ in range(4)]
    for person in people:
        lab.codes.enrol(person.name)
    codes = {person.name: lab.codes.fresh(person.name) for person in people}
    with ThreadPoolExecutor(8) as pool:
        tries = [(person, host, pool.submit(authenticate, host, person, person.password, codes[person.name]))
                 for person in people for host in fleet]
        time.sleep(0.05)
        lab.postgres.crash()
        answers = [(person.name, future.result()) for person, _, future in tries]
    lab.postgres.SERVER.start()
    time.sleep(1.1)
    for person in people:
        before = [answer for name, answer in answers if name == person.name]
        assert before.count("OK") <= 1, answers
        after = authenticate(fleet[1], person, person.password, codes[person.name])
        if "OK" in before:
            assert after == "DENIED", (person.name, before, after)
        else:
            assert after in ("OK", "DENIED")
        assert lab.postgres.sql("SELECT count(*) FROM awsfed.person") != "0"


def test_a_server_of_another_authority(lab, server, fleet, member):
    """A server whose certificate is not of the named authority is not asked for anything."""
    server.stop()
    lab.postgres.use_certificate("db-other-ca")
    server.start()
    time.sleep(1.1)
    assert authenticate(fleet[0], member, member.password, lab.codes.fresh(member.name)) == "STORE"
    assert "certificate verify failed" in lab.awsfed.BRIDGE.log.read_text(errors="replace")


@pytest.mark.parametrize("store, says", [
    ("postgresql://awsfed:secret@db.corp.example.com/awsfed", "passfile="),
    ("postgresql://awsfed@db.corp.example.com/awsfed?sslmode=require", "verify-full"),
    ("postgresql://awsfed@db.corp.example.com/awsfed?passfile=/etc/passwd", "0600"),
    ("postgresql://awsfed@db.corp.example.com/awsfed?options=-cfsync%3Doff", "leave it out")])
def test_addresses_that_stop_the_start(lab, store, says):
    """I-66: a store that cannot be trusted stops the start with the remedy, and the password is not repeated."""
    folder = Path("/etc/awsfed-refused")
    lab.changes.directory(folder)
    lab.awsfed.write_config({
        "mfa": {"store": store},
        "bridge": {"socket": "/run/awsfed/refused.sock", "state-dir": str(SECOND_STATE)}}, folder)
    done = subprocess.run(["/usr/local/sbin/awsfed-bridge", "-c", folder, "-f"], text=True,
                          capture_output=True, timeout=30, env={"PATH": lab.places.PATH})
    assert done.returncode != 0
    assert says in done.stderr
    assert "secret" not in done.stderr
