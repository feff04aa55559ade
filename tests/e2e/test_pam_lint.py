"""awsfed-admin pam-lint: in the stacks with which the lab's people log in nothing is dangerous; in a mangled one it is.

SPDX-License-Identifier: Apache-2.0
"""
import json
import subprocess

import pytest


def lint(*words):
    return subprocess.run(["awsfed-admin", "pam-lint", *map(str, words)], text=True, capture_output=True)


@pytest.mark.parametrize("service", ["sshd", "login", "su", "sudo"])
def test_where_people_log_in_nothing_is_dangerous(lab, service):
    """The lab's stacks are strict: no other account of the host gets in. The samples have not even a warning."""
    sshd = ("--sshd-config", lab.places.REPO / "conf/sshd/awsfed.conf")
    told = json.loads(lint("--json", *sshd, service).stdout)
    assert {finding["state"] for finding in told["findings"]} == {"warn"}, told["findings"]
    done = lint("--dir", lab.places.REPO / "conf/pam.d", *sshd, service)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "pam_awsfed.so" in done.stdout and done.stdout.endswith("\nok    nothing is wrong with it\n")


def test_a_mangled_stack_is_told_with_line_and_remedy(lab, tmp_path):
    """The line that opens the door is named; hostile bytes do not reach the terminal (I-58)."""
    good = (lab.places.REPO / "conf/pam.d/sudo").read_text().replace("default=die", "default=ignore", 1)
    (tmp_path / "sudo").write_text(good + "auth required pam_x.so \x1b[31m\n")
    done = lint("--dir", tmp_path, "sudo")
    number = next(n for n, line in enumerate(good.splitlines(), 1) if "default=ignore" in line)
    assert done.returncode == 1
    assert f"FAIL  {tmp_path}/sudo:{number}: auth: pam_unix is asked after pam_awsfed said auth_err" in done.stdout
    assert "      -> " in done.stdout and "\x1b" not in done.stdout
    told = json.loads(lint("--dir", tmp_path, "--json", "sudo").stdout)
    assert told["findings"][0]["state"] == "FAIL" and told["findings"][0]["where"] == f"{tmp_path}/sudo:{number}"
    assert {"phase": "auth", "module": "pam_deny.so"}.items() <= told["stack"][2].items()


def test_what_cannot_be_read_is_told_to_machines_too(tmp_path):
    (tmp_path / "folder").mkdir()
    done = lint("--dir", tmp_path, "--json", "folder")
    told = json.loads(done.stdout)
    assert done.returncode == 1 and told["stack"] == [] and "regular file" in told["findings"][0]["what"]
    assert "regular file" in lint("--dir", tmp_path, "folder").stdout


def test_usage():
    assert lint("no-such-service").returncode == 1
    for words in ((), ("a", "b"), ("../sshd",), ("--what", "sshd")):
        assert lint(*words).returncode == 2
