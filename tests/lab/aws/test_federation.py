# The sign-in service of the stand-in: it takes a real temporary credential and nothing that only looks like one.
#
# SPDX-License-Identifier: Apache-2.0

import json
import time
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest

from credentials import Credentials, new_credential
from federation import Federation
from query import Query
from refusal import Refusal

ROLE = "arn:aws:iam::111122223333:role/Admin"
SESSION = "arn:aws:sts::111122223333:assumed-role/Admin/alice"
PAGE = "https://console.aws.amazon.com/s3/home?region=eu-central-1"


@pytest.fixture
def world():
    credentials = Credentials(SimpleNamespace(key=lambda _: ("secret", "arn:aws:iam::111122223333:user/x")))
    credential = new_credential(SESSION, "AROA:alice", time.time() + 3600, role_arn=ROLE)
    credentials.add(credential)
    return Federation(credentials), credentials, credential


def ask(federation, parts, now=None, **more):
    call = SimpleNamespace(now=now or time.time(), note={})
    body = urlencode({"Session": json.dumps(parts) if isinstance(parts, dict) else parts, **more}).encode()
    return json.loads(federation.get_signin_token(call, Query(body)))["SigninToken"]


def parts_of(credential, **changed):
    return {"sessionId": credential.access_key, "sessionKey": credential.secret, "sessionToken": credential.token,
            **changed}


def test_what_is_no_credential_is_refused(world):
    federation, _, credential = world
    for parts in ("", "{", "[]", {}, parts_of(credential, more="x"), parts_of(credential, sessionKey="x"),
                  parts_of(credential, sessionToken="x"), parts_of(credential, sessionId="ASIANONE"),
                  parts_of(credential, sessionId="AKIALONGTERM", sessionKey="secret")):
        with pytest.raises(Refusal):
            ask(federation, parts)
    with pytest.raises(Refusal):
        ask(federation, parts_of(credential), now=time.time() + 3601)
    for duration in ("899", "43201", "x"):
        with pytest.raises(Refusal):
            ask(federation, parts_of(credential), SessionDuration=duration)


def test_chained_credentials_may_not_say_how_long(world):
    federation, credentials, _ = world
    chained = new_credential(SESSION, "AROA:alice", time.time() + 3600, role_arn=ROLE, chained=True)
    credentials.add(chained)
    assert ask(federation, parts_of(chained))
    with pytest.raises(Refusal):
        ask(federation, parts_of(chained), SessionDuration="900")


def test_a_login_goes_to_the_console_and_nowhere_else(world):
    federation, _, credential = world
    token = ask(federation, parts_of(credential), SessionDuration="1800")

    def login(now=None, **changed):
        asked = {"Action": "login", "Issuer": "https://idp", "Destination": PAGE, "SigninToken": token, **changed}
        return federation.login("/federation?" + urlencode(asked), now or time.time())

    where, about = login()
    assert where == PAGE and about["arn"] == SESSION and about["duration"] == 1800
    for changed in ({"SigninToken": token + "x"}, {"Action": "x"}, {"Destination": "https://evil.example/s3/home"},
                    {"Destination": "https://console.amazonaws.cn/s3/home"}, {"more": "x"},
                    {"now": time.time() + 901}):
        with pytest.raises(Refusal):
            login(**changed)
