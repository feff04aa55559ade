"""The clock of the host against the domain controllers' and AWS's (I-27): a relay in front of a real controller tells another
time than it does, and nothing else.

SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from asker import authenticate  # noqa: E402

DOMAIN = "domain corp.example.com"
PORT = 16360
TIME = re.compile(rb"(currentTime.{2,12}?)\d{14}(\.0Z)", re.DOTALL)


class Clock:
    """A domain controller's, which goes wrong by `ahead` seconds on the way."""
    ahead = 0

    def lie(self, data):
        wrong = time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + self.ahead)).encode()
        return TIME.sub(lambda match: match[1] + wrong + match[2], data)


@pytest.fixture
def relay(lab):
    clock = Clock()
    with lab.tap.Tap(lab.directory.DC1, PORT, clock.lie):
        yield clock


def alerts(lab):
    return lab.awsfed.audit(event="clock")


def told(lab, n):
    """The n-th alert, and all of them so far; a reload has the clocks looked at at once."""
    os.kill(lab.awsfed.BRIDGE.leader(), signal.SIGHUP)
    lab.service.wait_for(lambda: len(alerts(lab)) >= n, "word of the clock", 20)
    return alerts(lab)[-1]


def admin_mfa(*words, text_in=""):
    return subprocess.run(["awsfed-admin", "mfa", *words], text=True, capture_output=True, input=text_in)


def test_codes_wait_until_the_clocks_agree(lab, person, relay, bridge):
    """I-27, I-40: off by more than a period codes are refused as unavailable, whoever it is, and count for nobody; I-24: and
    nothing is forgotten meanwhile."""
    used, n = lab.codes.fresh(person.name), len(alerts(lab))
    assert authenticate(person.name, person.password, used) == "OK"
    spare = re.search(r"[0-9a-z]{5}-[0-9a-z]{5}", admin_mfa("recovery-codes", person.name).stdout).group()
    relay.ahead = 90
    lab.awsfed.configure({DOMAIN: {"servers": f"{lab.places.DC1[1]}:{PORT}"}})
    alert = told(lab, n + 1)
    behind = r"is (89|9\d) s behind the domain controllers' of corp"
    assert alert["error"] == "CLOCK" and re.search(behind, alert["reason"])
    good = lab.codes.fresh(person.name)
    for name, password, code in ((person.name, person.password, good),
                                 (person.name, person.password, used), (person.name, "wrong", "123456"),
                                 ("nobody-at-all", "wrong", "123456"), *6 * [(person.name, "wrong", "000000")]):
        assert authenticate(name, password, code) == "CLOCK"
    assert re.search(behind, lab.awsfed.audit(event="login", user=person.name)[-1]["reason"])
    shown = lab.sshd.login(person.name, person.password, good)
    assert shown.status == 255 and "one-time codes cannot be checked" in shown.transcript, shown.transcript
    assert authenticate(person.name, person.password, spare) == "OK"  # it hangs on no clock
    assert re.search(r"clock: this host's is (89|9\d) s behind that of 1 domain controller\n",
                     subprocess.run(["awsfed-admin", "explain", person.name], text=True, capture_output=True).stdout)
    resync = admin_mfa("resync", person.name, text_in="000000\n000001\n")
    assert resync.returncode != 0 and "behind the domain controllers'" in resync.stderr + resync.stdout
    relay.ahead = 0
    assert "error" not in told(lab, n + 2)
    assert authenticate(person.name, person.password, used) == "DENIED"
    assert authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "OK"


def test_one_controller_that_lies_among_two(lab, person, relay, bridge):
    """I-27: the other one agrees, so people get in, and nobody is alarmed."""
    n = len(alerts(lab))
    relay.ahead = 7200
    lab.awsfed.configure({DOMAIN: {"servers": f"{lab.places.DC1[1]}:{PORT}, {lab.places.DC1[1]}"}})
    lab.service.wait_for(
        lambda: authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "OK", "a login", 5)
    time.sleep(0.3)  # a connection that rested is asked again, and lies again
    assert authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "OK"
    assert len(alerts(lab)) == n


def test_the_clock_of_aws(lab, person, aws, bridge):
    """Off AWS's clock by a minute credentials still come; the administrator is told, and codes go on."""
    lab.awsfed.configure()
    n = len(alerts(lab))
    aws.fail("skew", action="AssumeRoleWithSAML", seconds=100, times=0)
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert session.run("awsfed-login credential-process --role dev-readonly").status == 0
        alert = told(lab, n + 1)
        assert alert["error"] == "CLOCK" and re.search(r"is (99|10\d) s behind AWS's", alert["reason"])
    assert authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "OK"
