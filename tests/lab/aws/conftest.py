# One stand-in for the whole run of its own tests, reset before each of them.
# What it is and how to talk to it is in harness.py.
#
# SPDX-License-Identifier: Apache-2.0

import pytest

from harness import Lab


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    lab = Lab(str(tmp_path_factory.mktemp("aws")))
    yield lab
    lab.stop()


@pytest.fixture
def lab(running):
    assert running.control("POST", "/_lab/reset")[0] == 200
    return running
