# The stand-in as a service: Query protocol, SigV4 as real SDKs make it, role chaining, faults, its command line.
# What it thinks of assertions is in test_standin_saml.py and test_standin_signatures.py.
#
# SPDX-License-Identifier: Apache-2.0

import http.client
import json
import os
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import boto3
import botocore.exceptions
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

import forger
from harness import ACCOUNT, BASE_KEY, BASE_SECRET, HERE, role
from forger import aws

REGION = "eu-central-1"
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=5)


def client(lab, region=REGION, **keys):
    keys = keys or {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    return boto3.client("sts", region_name=region, endpoint_url=lab.url, verify=lab.path("ca.pem"), config=ONCE, **keys)


def refusal(call, **parameters):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


# ---- Query protocol and HTTP ----

def test_parameters(lab):
    cases = [
        ({"Version": "2011-06-16"}, "InvalidAction", 400),
        ({"Action": "GetFederationToken"}, "InvalidAction", 400),
        ({"Action": None}, "MissingAction", 400),
        ({"RoleArn": None}, "ValidationError", 400),
        ({"RoleArn": "arn:aws:iam::1:role"}, "ValidationError", 400),
        ({"RoleArn": role("x" * 2048)}, "ValidationError", 400),
        ({"DurationSeconds": "899"}, "ValidationError", 400),
        ({"DurationSeconds": "43201"}, "ValidationError", 400),
        ({"DurationSeconds": "1e3"}, "ValidationError", 400),
        ({"durationSeconds": "900"}, "ValidationError", 400),
        ({"SourceIdentity": "alice"}, "ValidationError", 400),
        ({"PolicyArns.member.2.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, "ValidationError", 400),
    ]
    for changed, code, status in cases:
        answer = lab.saml(**changed)
        assert (answer.code, answer.status) == (code, status), changed


def test_length_is_checked_before_anything_else(lab):
    answer = lab.saml(RoleArn=role("x" * 2048))
    assert "Member must have length between 20 and 2048" in answer["Message"]


def test_duration_texts(lab):
    """A client learns the limits from these words."""
    low = lab.saml(DurationSeconds="600")["Message"]
    assert low == ("1 validation error detected: Value '600' at 'durationSeconds' failed to satisfy constraint: "
                   "Member must have value greater than or equal to 900")
    high = lab.saml(DurationSeconds="43201")["Message"]
    assert high.endswith("Member must have value less than or equal to 43200")
    plain = lab.saml(lab.idp.right(role=role("team/Plain")), RoleArn=role("team/Plain"), DurationSeconds="3601")
    assert plain.code == "ValidationError"
    assert plain["Message"] == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    tells = lab.saml(lab.idp.right(role=role("Tells")), RoleArn=role("Tells"), DurationSeconds="7201")
    assert tells["Message"].endswith("Member must have value less than or equal to 7200")
    assert lab.saml(lab.idp.right(role=role("Tells")), RoleArn=role("Tells"), DurationSeconds="7200").status == 200


def test_session_policies(lab):
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    arns = {f"PolicyArns.member.{n}.arn": f"arn:aws:iam::{ACCOUNT}:policy/p{n}" for n in range(1, 12)}
    ten = dict(list(arns.items())[:10])
    assert int(lab.saml(Policy=policy, **ten)["PackedPolicySize"]) > 0
    assert lab.saml()["PackedPolicySize"] is None
    assert lab.saml(**arns).code == "ValidationError"
    assert lab.saml(Policy="{").code == "MalformedPolicyDocument"
    assert lab.saml(Policy="[]").code == "MalformedPolicyDocument"
    assert lab.saml(Policy="").code == "ValidationError"
    assert lab.saml(Policy=policy + " " * 2048).code == "ValidationError"
    assert lab.saml(Policy=policy.replace("2012", "漢")).code == "ValidationError"
    assert lab.saml(**{"PolicyArns.member.1.arn": "arn:aws:iam::999988887777:policy/p"}).code == "ValidationError"
    noise = [aws(f"PrincipalTag:{n}", os.urandom(128).hex()) for n in range(50)]
    assert lab.saml(lab.idp.right(extra=noise)).code == "PackedPolicyTooLarge"


def test_http(lab):
    form = urlencode({"Action": "GetCallerIdentity", "Version": "2011-06-15"})
    assert lab.post(form, path="/?x=1").status == 404
    assert lab.post(form, {"Content-Type": "text/plain"}).code == "UnsupportedMediaType"
    assert lab.post(form + "&Action=AssumeRole").code == "MalformedQueryString"
    assert lab.post("Action=%ff%fe&Version").code == "MalformedQueryString"
    assert lab.post("a" * 300_000).status == 413
    # What steers the stand-in is not to be had on the port that the world sees.
    for path in ("/_lab/log", "/_lab/reset", "/_lab/fault"):
        assert lab.post(form, path=path).status == 404


def test_reply_shape(lab):
    answer = lab.query("GetCallerIdentity")
    assert answer.status == 403 and answer.code == "MissingAuthenticationToken" and answer["Type"] == "Sender"
    assert answer.headers["x-amzn-RequestId"] == answer["RequestId"]
    assert answer.headers["Content-Type"] == "text/xml"
    assert abs(parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time()) < 5


def test_connections_are_kept_and_counted(lab):
    connection = lab.connect()
    first = [lab.saml(connection=connection).status for _ in range(3)]
    assert lab.query("Nonsense", connection).status == 400  # a refusal does not end the connection
    lab.saml()
    assert first == [200, 200, 200]
    log = lab.log()
    assert len({entry["connection"] for entry in log[:4]}) == 1 and log[4]["connection"] != log[0]["connection"]
    assert [entry["request"] for entry in log] == [1, 2, 3, 4, 1]
    connection.close()


def test_resumption_and_failed_handshakes_are_told(lab):
    with socket.create_connection(("127.0.0.1", lab.port)) as raw:
        with ssl.create_default_context(cafile=lab.path("ca.pem")).wrap_socket(raw, server_hostname="localhost") as tls:
            context = tls.context
            tls.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
            tls.recv(4096)
            session = tls.session
    with socket.create_connection(("127.0.0.1", lab.port)) as raw:
        with context.wrap_socket(raw, server_hostname="localhost", session=session) as tls:
            tls.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
            tls.recv(4096)
    assert [entry["tls_resumed"] for entry in lab.log()] == [False, True]
    with pytest.raises(ssl.SSLCertVerificationError):
        with socket.create_connection(("127.0.0.1", lab.port)) as raw:
            ssl.create_default_context().wrap_socket(raw, server_hostname="localhost")
    deadline = time.monotonic() + 5
    while lab.last()["result"] != "TLS handshake failed" and time.monotonic() < deadline:
        pass
    assert lab.last()["result"] == "TLS handshake failed"


def test_many_at_once(lab):
    results = []
    responses = [lab.idp.right() for _ in range(24)]
    threads = [threading.Thread(target=lambda r=r: results.append(lab.saml(r).status)) for r in responses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [200] * 24
    assert len({entry["access_key"] for entry in lab.log()}) == 24


# ---- SigV4 ----

def test_boto3_whole_journey(lab):
    got = client(lab).assume_role_with_saml(RoleArn=forger.ROLE, PrincipalArn=forger.PROVIDER,
                                            SAMLAssertion=forger.encode(lab.idp.right()), DurationSeconds=900)
    keys = got["Credentials"]
    who = client(lab, aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
                 aws_session_token=keys["SessionToken"]).get_caller_identity()
    assert who["Arn"] == got["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice"
    assert (who["UserId"], who["Account"]) == (got["AssumedRoleUser"]["AssumedRoleId"], ACCOUNT)


def cli(lab, keys, *words):
    env = {"PATH": "/usr/bin:/bin", "HOME": lab.folder, "AWS_CA_BUNDLE": lab.path("ca.pem"), "AWS_MAX_ATTEMPTS": "1",
           "AWS_EC2_METADATA_DISABLED": "true", **{name.upper(): value for name, value in keys.items()}}
    return subprocess.run(["/usr/bin/aws", *words, "--endpoint-url", lab.url, "--region", REGION, "--output", "json"],
                          env=env, capture_output=True, text=True, check=False)


def test_aws_cli(lab):
    done = cli(lab, lab.credential(), "sts", "get-caller-identity")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice"
    forged = lab.credential() | {"aws_secret_access_key": "x" * 40}
    done = cli(lab, forged, "sts", "get-caller-identity")
    assert done.returncode != 0 and "SignatureDoesNotMatch" in done.stderr


def test_curl(lab):
    """libcurl signs with code of its own, as the bridge does."""
    keys = lab.credential()
    done = subprocess.run(
        ["curl", "-sS", "--cacert", lab.path("ca.pem"), "--aws-sigv4", f"aws:amz:{REGION}:sts",
         "--user", f"{keys['aws_access_key_id']}:{keys['aws_secret_access_key']}",
         "-H", f"x-amz-security-token: {keys['aws_session_token']}",
         "--data", "Action=GetCallerIdentity&Version=2011-06-15", lab.url + "/"],
        capture_output=True, text=True, check=True)
    assert "assumed-role/Admin/alice</Arn>" in done.stdout, done.stdout


def test_wrong_keys(lab):
    keys, other = lab.credential(), lab.credential()
    ask = lambda **changed: refusal(client(lab, **(keys | changed)).get_caller_identity)  # noqa: E731
    assert ask(aws_secret_access_key="x" * 40) == "SignatureDoesNotMatch"
    assert ask(aws_secret_access_key=other["aws_secret_access_key"]) == "SignatureDoesNotMatch"
    assert ask(aws_session_token=other["aws_session_token"]) == "InvalidClientTokenId"
    assert ask(aws_session_token=keys["aws_session_token"][:-1]) == "InvalidClientTokenId"
    assert ask(aws_session_token=None) == "InvalidClientTokenId"
    assert ask(aws_access_key_id="ASIA" + "A" * 16) == "InvalidClientTokenId"
    wrong_region = client(lab, region="us-west-2", **keys).get_caller_identity
    assert refusal(wrong_region) == "SignatureDoesNotMatch"
    assert "scoped to a valid region" in lab.last()["why"]


def test_long_term_key(lab):
    who = client(lab, aws_access_key_id=BASE_KEY, aws_secret_access_key=BASE_SECRET).get_caller_identity()
    assert who["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/base"
    with_token = client(lab, aws_access_key_id=BASE_KEY, aws_secret_access_key=BASE_SECRET, aws_session_token="t")
    assert refusal(with_token.get_caller_identity) == "InvalidClientTokenId"


def test_expired_credential(lab):
    lab.fault("expired")
    assert refusal(client(lab, **lab.credential()).get_caller_identity) == "ExpiredToken"


def signed(lab, body=None, at=0, service="sts", leave_out=(), extra=None, host=None):
    """A signed request by hand, to be wrong in ways that SDKs are not. Returns body and headers."""
    keys = lab.credential()
    body = body or urlencode({"Action": "GetCallerIdentity", "Version": "2011-06-15"})
    when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + at))
    host = host or f"localhost:{lab.port}"
    request = AWSRequest("POST", f"https://{host}/", data=body, headers={
        "Host": host, "X-Amz-Date": when, "X-Amz-Security-Token": keys["aws_session_token"], **(extra or {})})
    request.context["timestamp"] = when

    class Signer(SigV4Auth):
        def headers_to_sign(self, request):
            headers = super().headers_to_sign(request)
            for name in leave_out:
                del headers[name]
            return headers

    signer = Signer(Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"]), service, REGION)
    signer._inject_signature_to_request(
        request, signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))
    return body, dict(request.headers)


def test_signature_details(lab):
    code = lambda request: lab.post(*request).code  # noqa: E731
    assert lab.post(*signed(lab)).status == 200
    assert lab.post(*signed(lab, at=-890)).status == lab.post(*signed(lab, at=890)).status == 200
    for request in (signed(lab, at=-910), signed(lab, at=910), signed(lab, service="s3"),
                    signed(lab, leave_out=["x-amz-security-token"]), signed(lab, leave_out=["x-amz-date"]),
                    signed(lab, extra={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})):
        assert code(request) == "SignatureDoesNotMatch"
    body, headers = signed(lab)
    assert code((body + "&", headers)) == "MalformedQueryString"
    assert lab.post(body.replace("GetCallerIdentity", "AssumeRole"), headers).status == 400
    swapped = "&".join(reversed(body.split("&")))
    assert code((swapped, headers)) == "SignatureDoesNotMatch"
    assert code((body, headers | {"X-Amz-Extra": "1"})) == "SignatureDoesNotMatch"
    assert code((body, headers | {"Authorization": headers["Authorization"][:-1] + "0x"})) == "IncompleteSignature"
    assert code((body, headers | {"Authorization": "Bearer x"})) == "IncompleteSignature"
    names = "host;x-amz-date;x-amz-security-token"
    unsorted = headers["Authorization"].replace(names, ";".join(reversed(names.split(";"))))
    assert code((body, headers | {"Authorization": unsorted})) == "IncompleteSignature"
    yesterday = headers["X-Amz-Date"][:8].join(["/", "/"])
    assert code((body, headers | {"Authorization": headers["Authorization"].replace(yesterday, "/20200101/")})) \
        == "SignatureDoesNotMatch"


def test_regional_hosts(lab):
    """The Host header says which region is spoken to; one that is not enabled answers so."""
    host = "sts.eu-central-1.amazonaws.com"
    assert lab.post(*signed(lab, host=host)).status == 200
    assert lab.post(*signed(lab, host="sts.us-east-1.amazonaws.com")).code == "SignatureDoesNotMatch"
    off = lab.saml(headers={"Host": "sts.ap-south-1.amazonaws.com"})
    assert (off.status, off.code) == (403, "RegionDisabledException")


# ---- AssumeRole ----

def test_role_chaining(lab):
    tags = [aws("PrincipalTag:mfa", "totp"), aws("PrincipalTag:team", "a"), aws("TransitiveTagKeys", "mfa"),
            aws("SourceIdentity", "alice")]
    sts = client(lab, **lab.credential(extra=tags))
    ask = {"RoleArn": role("Next"), "RoleSessionName": "alice", "ExternalId": "ext-1"}
    got = sts.assume_role(**ask, DurationSeconds=3600, Tags=[{"Key": "team", "Value": "b"}])
    assert got["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Next/alice"
    assert got["SourceIdentity"] == "alice"  # it goes along
    with open(lab.state, encoding="utf-8") as file:
        issued = {entry["access_key"]: entry for entry in json.load(file)}[got["Credentials"]["AccessKeyId"]]
    assert issued["tags"] == [["team", "b"], ["mfa", "totp"]]
    assert stat.S_IMODE(os.stat(lab.state).st_mode) == 0o600
    assert refusal(sts.assume_role, **ask, DurationSeconds=3601) == "ValidationError"
    assert refusal(sts.assume_role, **ask, Tags=[{"Key": "MFA", "Value": "x"}]) == "ValidationError"
    assert refusal(sts.assume_role, **ask, SourceIdentity="bob") == "AccessDenied"
    assert refusal(sts.assume_role, **(ask | {"ExternalId": "ext-2"})) == "AccessDenied"
    assert refusal(sts.assume_role, RoleArn=role("Next"), RoleSessionName="alice") == "AccessDenied"
    assert refusal(sts.assume_role, **(ask | {"RoleArn": role("Untrusting")})) == "AccessDenied"
    assert refusal(sts.assume_role, **(ask | {"RoleSessionName": "a b"})) == "ValidationError"


def test_long_term_key_is_not_chaining(lab):
    sts = client(lab, aws_access_key_id=BASE_KEY, aws_secret_access_key=BASE_SECRET)
    got = sts.assume_role(RoleArn=role("Next"), RoleSessionName="base", ExternalId="ext-1", DurationSeconds=43200)
    assert got["Credentials"]["Expiration"].timestamp() > time.time() + 43000


# ---- Faults ----

def test_injected_errors(lab):
    lab.fault("error", code="AccessDenied", action="AssumeRoleWithSAML", times=2)
    assert lab.query("GetCallerIdentity").code == "MissingAuthenticationToken"  # another action: untouched
    assert [lab.saml().code for _ in range(3)] == ["AccessDenied", "AccessDenied", None]
    lab.fault("error", code="Throttling")
    assert (lab.saml().status, lab.log()[-1]["fault"]) == (400, "error")
    lab.fault("error", code="InternalFailure")
    broken = lab.saml()
    assert (broken.status, broken["Type"]) == (500, "Receiver")
    lab.fault("http", status=503)
    answer = lab.saml()
    assert answer.status == 503 and answer.body.startswith(b"<html>")
    lab.fault("error", code="AccessDenied", times=0)
    assert {lab.saml().code for _ in range(4)} == {"AccessDenied"}
    lab.control("POST", "/_lab/reset")
    assert lab.saml().status == 200


def test_fault_for_one_region(lab):
    lab.fault("error", code="ServiceUnavailable", host="sts.us-east-1.amazonaws.com", times=0)
    assert lab.saml().status == 200
    assert lab.saml(headers={"Host": "sts.us-east-1.amazonaws.com"}).status == 503


def test_spoilt_replies(lab):
    lab.fault("cut")
    with pytest.raises(http.client.IncompleteRead):
        lab.saml()
    lab.fault("garbage")
    assert b"not XML" in lab.saml().body
    lab.fault("huge")
    assert len(lab.saml().body) == 10 * 1024 * 1024
    lab.fault("dtd")
    assert b"<!DOCTYPE" in lab.saml().body
    lab.fault("missing-field")
    answer = lab.saml()
    assert answer["AccessKeyId"] and answer["SessionToken"] is None
    lab.fault("missing-field", field="Expiration")
    assert lab.saml()["Expiration"] is None
    # The requests behind them were real and right.
    assert {entry["result"] for entry in lab.log()} == {"ok"}


def test_lives(lab):
    lab.fault("expired")
    assert lab.saml()["Expiration"] < forger.stamp(time.time())
    lab.fault("short-life", seconds=60)
    assert lab.saml(DurationSeconds="3600")["Expiration"] <= forger.stamp(time.time() + 60)


def test_skew(lab):
    """The server's clock is off: a small offset shows in Date alone, a large one makes the assertion too old."""
    lab.fault("skew", seconds=120)
    answer = lab.saml()
    assert answer.status == 200
    assert 100 < parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time() < 130
    lab.fault("skew", seconds=600)
    assert lab.saml().code == "ExpiredTokenException"
    lab.fault("skew", seconds=-600)
    assert lab.saml().code == "InvalidIdentityToken"


def test_slow_and_hang(lab):
    lab.fault("slow", seconds=0.7)
    begin = time.monotonic()
    assert lab.saml().status == 200
    assert 0.7 <= time.monotonic() - begin < 5
    lab.fault("hang")
    connection = lab.connect(timeout=0.5)
    with pytest.raises(TimeoutError):
        lab.saml(connection=connection)
    assert lab.last()["result"] == "hanging"
    connection.sock.settimeout(5)
    lab.control("POST", "/_lab/reset")
    assert connection.sock.recv(1) == b""  # let go
    connection.close()


def test_misspelt_faults_are_refused(lab):
    for about in ({"kind": "eror"}, {"kind": "error"}, {"kind": "slow", "seconds": "1"}, {"kind": "cut", "time": 2},
                  [7], "x"):
        status, reply = lab.control("POST", "/_lab/fault", about)
        assert status == 400 and "error" in reply
    assert lab.control("GET", "/_lab/other")[0] == 404
    assert lab.saml().status == 200


# ---- Command line ----

def start(lab, **changed):
    words = {"listen": "127.0.0.1:0", "cert": lab.path("tls.pem"), "key": lab.path("tls.key"),
             "world": lab.path("world.json"), "control": f"unix:{lab.path('second.sock')}"} | changed
    command = [sys.executable, os.path.join(HERE, "standin.py")]
    for name, value in words.items():
        command += [f"--{name}", value]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_refuses_to_start(lab):
    lab.write("bad.json", b'{"regions": ["x"], "accounts": [], "rolls": {}}')
    lab.write("alien.json", json.dumps({"regions": ["x"], "accounts": [], "roles": {role("Admin"): {}}}).encode())
    here = {"regions": ["x"], "accounts": [ACCOUNT]}
    lab.write("long.json", json.dumps(here | {"roles": {role("Admin"): {"max_duration": 43201}}}).encode())
    lab.write("kind.json", json.dumps(here | {"providers": {role("Admin"): "metadata.xml"}}).encode())
    for changed, text in (({"world": lab.path("bad.json")}, "rolls"), ({"world": lab.path("alien.json")}, "accounts"),
                          ({"world": lab.path("long.json")}, "max_duration"),
                          ({"world": lab.path("kind.json")}, "ARN of a SAML provider"),
                          ({"world": "/nonexistent"}, "nonexistent"), ({"control": "0.0.0.0:0"}, "loopback"),
                          ({"cert": lab.path("ca.pem")}, "standin: ")):
        process = start(lab, **changed)
        try:
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()
        assert process.returncode != 0 and out == "" and text in err


def test_control_on_loopback_and_sigterm(lab):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = start(lab, control=f"127.0.0.1:{port}")
    assert process.stdout.readline() == "ready\n"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/_lab/log")
    assert json.loads(connection.getresponse().read()) == []
    process.terminate()
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")
