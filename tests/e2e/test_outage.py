"""No domain controller answers: nobody gets in, and who is in goes on for as long as was configured, visibly.

SPDX-License-Identifier: Apache-2.0
"""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from asker import ask, authenticate  # noqa: E402

GET = "awsfed-login credential-process --role "


def test_no_new_login_and_no_grace_by_default(lab, person, bridge, dc):
    """I-60: "try later"; a ticket gives nothing new once its re-check is due."""
    lab.awsfed.configure({"bridge": {"recheck-interval": "1s"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        dc.stop()
        time.sleep(2)  # the re-check must be due
        assert session.run(GET + "dev-readonly").status == 6
        bridge.restart()
        told = session.run("awsfed-login roles")  # read by nobody since the restart: not none, but not known
        assert told.status == 6 and told.out == "" and "cannot connect" in told.err, told
    refused = lab.sshd.login(person.name, person.password, lab.codes.fresh(person.name))
    assert refused.status != 0
    assert "unavailable" in refused.transcript


def test_grace_is_bounded_and_says_so(lab, person, bridge, dc, aws):
    """Within directory-grace a credential is had, tagged and audited; after it none; with the directory back, untagged."""
    lab.awsfed.configure({"bridge": {"recheck-interval": "1s", "directory-grace": "8s"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        checked = time.monotonic()
        dc.stop()
        time.sleep(1.5)  # the re-check must be due
        assert session.run(GET + "dev-readonly").status == 0
        line, = lab.awsfed.audit(event="credential", user=person.name)
        assert line["grace"] is True
        request, = aws.requests("AssumeRoleWithSAML")
        assert request["tags"]["grace"] == "true"
        time.sleep(max(0, checked + 9.5 - time.monotonic()))  # past recheck-interval and grace
        assert session.run(GET + "dev-readonly --duration 30m").status == 6
        dc.start()
        lab.service.wait_for(
            lambda: session.run(GET + "dev-readonly --duration 45m").status == 0, "the directory", 60)
    last = lab.awsfed.audit(event="credential", user=person.name, outcome="granted")[-1]
    assert "grace" not in last


def test_grace_gives_nothing_that_a_reload_took_away(lab, person, bridge, dc):
    """I-60: the role is somebody else's since the reload; that no directory can be asked afterwards does not bring it back."""
    setting = {"bridge": {"recheck-interval": "5m", "directory-grace": "5m"}}
    lab.awsfed.configure(setting)
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert session.run(GET + "dev-readonly --duration 30m").status == 0
        lab.awsfed.write_config({**setting, "role dev-readonly": {"groups": "AWS-Billing"}})
        since = len(bridge.log.read_text())
        os.kill(bridge.leader(), signal.SIGHUP)
        lab.service.wait_for(lambda: "again: 3 role(s)" in bridge.log.read_text()[since:], "the reload")
        dc.stop()
        assert session.run(GET + "dev-readonly --duration 45m").status == 6
    assert not lab.awsfed.audit(event="credential", user=person.name, grace=True)


@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_everybody_is_told_the_same(lab, person, bridge, dc, how):
    """I-35: the directory is silent: known a moment ago or not, right or wrong or nobody at all, the answer is one."""
    lab.awsfed.configure({f"domain {lab.places.DOMAIN}": {"connect-timeout": "1s"}})
    stranger, code = lab.people.take(), lab.codes.fresh(person.name)
    subprocess.run(["awsfed-admin", "explain", person.name], check=True, capture_output=True)
    assert authenticate("nobody-at-all", "wrong", "123456") == "DENIED"
    getattr(dc, how)()
    wrong = lab.codes.wrong(person.name)
    asked = ((person.name, person.password, wrong), (person.name, "wrong", wrong),
                                  ("nobody-at-all", "wrong", "123456"), (stranger.name, stranger.password, "123456"),
                                  ("nobody-else", "wrong", "123456"), ("nobody@example.org", "wrong", "123456"),
                                  (person.name, person.password, code))
    for name, password, typed in asked if how == "stop" else asked[::3]:
        assert authenticate(name, password, typed) == "DIRECTORY", name
        assert ask("ACCOUNT", USER=name, SERVICE="sshd")[0] == "DIRECTORY", name
    assert "else it would have been DENIED" in lab.awsfed.audit(event="login", user=person.name)[0]["reason"]
    getattr(dc, {"stop": "start", "freeze": "thaw"}[how])()
    lab.service.wait_for(lambda: authenticate(person.name, person.password, code) == "OK", "a login afterwards", 60)
