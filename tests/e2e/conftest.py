"""What end-to-end tests stand on. They run inside the lab, as root:

    tests/lab/lab run /usr/bin/python3 -m pytest tests/e2e

A test that hurts a server asks for its fixture, which heals it afterwards: `dc`, `bridge`, `aws`, `pair`.
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
    for name in ("accounts", "awsfed", "between", "certificates", "changes", "cloud", "codes", "directory", "hsm", "labs", "machine",
                 "names", "network", "pair", "pam", "people", "places", "postgres", "service", "sshd", "stranger",
                 "tap", "terminal", "world"):
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


@pytest.fixture(scope="session")
def _pair_runs(lab):
    lab.pair.start()
    yield lab.pair
    lab.pair.stop()


@pytest.fixture(scope="module")
def _pair_is_asked(lab, _pair_runs):
    """For a file's tests the jump host's names come from the two, and the bridge asks them."""
    _pair_runs.move_in()
    yield _pair_runs
    _pair_runs.move_out()
    lab.awsfed.configure()


@pytest.fixture
def pair(lab, _pair_is_asked):
    """Two domain controllers on hosts of their own, the bridge fresh and knowing both; healed afterwards."""
    lab.awsfed.configure(lab.pair.CONFIG)
    yield lab.pair
    lab.pair.heal()


@pytest.fixture(scope="session")
def _labs_runs(lab):
    lab.labs.start()
    yield lab.labs
    lab.labs.DC.service.stop()


@pytest.fixture
def labs(lab, _labs_runs, bridge):
    """A second domain, known to a fresh bridge; its domain controller runs afterwards."""
    lab.awsfed.configure(lab.labs.CONFIG)
    yield lab.labs
    if not lab.labs.DC.service.leader():
        lab.labs.DC.service.start()


def pytest_configure(config):
    """
    What goes wrong in a test's threads goes wrong in the test. With several labs at work, the folder for tmp_path is named
    outside of them; each has a /tmp of its own.
    """
    config.addinivalue_line("filterwarnings", "error::pytest.PytestUnhandledThreadExceptionWarning")
    if hasattr(config, "workerinput"):
        Path(config.option.basetemp).parent.mkdir(parents=True, exist_ok=True)


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


@pytest.fixture
def configure_alone(lab, bridge):
    """Give the bridge a domain without a service identity; what is said of the domain, and of other sections, is laid over it."""
    def configure(domain={}, **sections):
        lab.awsfed.configure({
            **sections,
            "domain corp.example.com":
                {"service-bind": "none", "service-dn": None, "service-password-file": None, **domain},
            "role prod-admin": {"groups": lab.directory.sid("AWS-Prod-Admins")},
            "role dev-readonly": {"groups": lab.directory.sid("AWS-Dev-ReadOnly")},
            "role billing": {"groups": lab.directory.sid("AWS-Billing")}})
    return configure


@pytest.fixture
def alone(configure_alone):
    """A domain without a service identity. Who is enrolled there by name alone was so before: ask for `person` first."""
    configure_alone()
