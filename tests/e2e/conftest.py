"""What end-to-end tests stand on. They run inside the lab, as root:

    tests/lab/lab run /usr/bin/python3 -m pytest tests/e2e

A test that hurts a server asks for its fixture, which heals it afterwards: `dc`, `bridge`, `aws`.
SPDX-License-Identifier: Apache-2.0
"""
import importlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


@pytest.fixture(scope="session")
def lab():
    """The lab's modules as attributes: lab.sshd, lab.codes, lab.people, …"""
    package = importlib.import_module("lab")
    places = importlib.import_module("lab.places")
    if not places.inside():
        pytest.fail("not in the lab: tests/lab/lab run /usr/bin/python3 -m pytest tests/e2e", pytrace=False)
    for name in ("accounts", "awsfed", "certificates", "cloud", "codes", "directory", "pam", "people", "service",
                 "sshd", "terminal", "world"):
        importlib.import_module(f"lab.{name}")
    return package


@pytest.fixture
def person(lab):
    """A throw-away person with a role (dev-readonly), enrolled, whom no other test touches."""
    taken = lab.people.take()
    lab.codes.enrol(taken.name)
    return taken


@pytest.fixture
def dc(lab):
    """The domain controller; running, with its right certificate, afterwards."""
    yield lab.directory.DC
    lab.directory.use_certificate("dc1")
    lab.directory.DC.restart()


@pytest.fixture
def bridge(lab):
    """The bridge; running with the lab's first configuration afterwards. lab.awsfed.configure() changes it."""
    yield lab.awsfed.BRIDGE
    lab.awsfed.configure()


@pytest.fixture
def aws(lab):
    """The AWS stand-in with an empty log; without faults afterwards."""
    lab.cloud.reset()
    yield lab.cloud
    lab.cloud.reset()
