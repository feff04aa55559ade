"""A configuration that must not be taken: wrong keys and values, wrong owners and modes, of its own files and of the keys'.

SPDX-License-Identifier: Apache-2.0
"""
import os
import subprocess

import pytest


@pytest.fixture
def check(lab, tmp_path):
    """Judge a configuration that differs from the lab's: (status, text of `awsfed-bridge --check`)."""
    tmp_path.chmod(0o755)

    def judge(changed=None, mode=0o644, uid=0):
        lab.awsfed.write_config(changed, tmp_path)
        (tmp_path / "awsfed.conf").chmod(mode)
        os.chown(tmp_path / "awsfed.conf", uid, 0)
        done = subprocess.run(["/usr/local/sbin/awsfed-bridge", "-c", tmp_path, "--check"],
                              text=True, capture_output=True)
        return done.returncode, done.stdout + done.stderr
    return judge


def test_the_lab_s_own_configuration_is_good(check):
    assert check()[0] == 0


@pytest.mark.parametrize("changed, what", [
    ({"bridge": {"wrokers": "8"}}, "wrokers"),
    ({"bridge": {"workers": "many"}}, "workers"),
    ({"bridge": {"ticket-lifetime": "soon"}}, "ticket-lifetime"),
    ({"brigde": {"workers": "8"}}, "brigde"),
    ({"role prod-admin": {"arn": "arn:aws:iam::1:role/Admin"}}, "arn"),
    ({"mfa": {"window": "3"}}, "window"),
    ({"saml": {"key": None}}, "key"),
    ({"role-pattern p": {"provider": "arn:aws:iam::{account}:saml-provider/x", "groups": "A"}}, "groups that match"),
])
def test_wrong_key_or_value(check, changed, what):
    """I-66: the error names the file, the line and the key."""
    status, text = check(changed)
    assert status != 0
    assert "awsfed.conf:" in text and what in text, text
    line = text.partition("awsfed.conf:")[2].partition(":")[0]
    assert line.isdigit() and int(line) > 0


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o646])
def test_configuration_writable_by_others(check, mode):
    """I-66: a configuration that others may write stops start-up."""
    status, text = check(mode=mode)
    assert status != 0 and "awsfed.conf" in text


def test_configuration_of_another_owner(check):
    """I-66: a configuration that is not root's stops start-up."""
    status, text = check(uid=2001)
    assert status != 0 and "awsfed.conf" in text


@pytest.mark.parametrize("file", ["seal.key", "saml.key", "service.password"])
@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620])
def test_key_files_open_to_others(lab, bridge, file, mode):
    """I-66: a key that others may read or write stops start-up, with its name."""
    path = lab.awsfed.CONFIG / "keys" / file
    bridge.stop()
    path.chmod(mode)
    try:
        with pytest.raises(lab.places.LabError) as failed:
            bridge.start()
        assert str(path) in str(failed.value)
    finally:
        path.chmod(0o600)
