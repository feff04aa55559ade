"""Two hosts that share a second-factor store: the lab's bridge, and another beside it.

SPDX-License-Identifier: Apache-2.0
"""
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from asker import SOCKET, ask
from lab.codes import code_at, step_now

SECOND = Path("/run/awsfed/second.sock")
SECOND_CONFIG = Path("/etc/awsfed-second")
SECOND_STATE = Path("/var/lib/awsfed-second")
SECOND_AUDIT = Path("/var/log/awsfed/second.jsonl")


def _ask(host, kind, **fields):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.settimeout(30)
    client.connect(str(host))
    return ask(kind, client, SERVICE="sshd", TTY="ssh", **fields)


def authenticate(host, person, password, code, source="192.0.2.9"):
    """What a host's PAM module asks; the name of the error, OK for none."""
    return _ask(host, "AUTHENTICATE", USER=person.name, PASSWORD=password.encode(), CODE=code.encode(),
                FACTORS=3, RHOST=source)[0]


def first_logins(hosts, person):
    """A first login of one person on each host at once: the winner's host and notice with recovery codes; the others are told."""
    def begin(host):
        said, got = _ask(host, "AUTHENTICATE", USER=person.name, PASSWORD=person.password.encode(), FACTORS=3)
        assert said == "NOT_ENROLLED", said
        return got["PENDING"], re.search(r"secret  (\S+)", got["NOTICE"]).group(1)

    def confirm(host, pending, seed):
        step = step_now()
        return _ask(host, "ENROL_AT_LOGIN", USER=person.name, PENDING=pending, CODE=code_at(seed, step).encode(),
                    CODE2=code_at(seed, step + 1).encode())
    offers = [(host, *begin(host)) for host in hosts]
    with ThreadPoolExecutor(len(hosts)) as pool:
        answers = list(pool.map(lambda offer: confirm(*offer), offers))
    assert sorted(said for said, _ in answers) == ["EXISTS"] * (len(hosts) - 1) + ["OK"], answers
    winner = [said for said, _ in answers].index("OK")
    return hosts[winner], answers[winner][1]["NOTICE"]


def second_bridge(lab):
    return lab.service.Service(
        "bridge2", ["/usr/local/sbin/awsfed-bridge", "-c", SECOND_CONFIG, "-f"],
        ready=lambda: SECOND.exists() and _accepts(SECOND))


def _accepts(path):
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(str(path))
            return True
    except OSError:
        return False


def two_bridges(lab, mfa):
    """Two hosts with one [mfa] section: the sockets of their bridges. Then as it was."""
    lab.awsfed.configure({"mfa": mfa})
    uid = lab.accounts.BRIDGE_USER[1]
    lab.changes.directory(SECOND_CONFIG)
    lab.changes.directory(SECOND_STATE, 0o700, (uid, uid))
    lab.awsfed.write_config({
        "mfa": mfa,
        "bridge": {"socket": str(SECOND), "state-dir": str(SECOND_STATE), "audit": f"file:{SECOND_AUDIT}"},
    }, SECOND_CONFIG)
    second = second_bridge(lab)
    second.start()
    yield (SOCKET, SECOND)
    second.kill()
    SECOND.unlink(missing_ok=True)
    lab.awsfed.configure()


def at_once(hosts, tries, person, code, source="192.0.2.{}"):
    """The answers to one code, presented to the hosts in turn by parallel requests."""
    with ThreadPoolExecutor(tries) as pool:
        return list(pool.map(lambda n: authenticate(hosts[n % len(hosts)], person, person.password, code,
                                                    source.format(n)), range(tries)))
