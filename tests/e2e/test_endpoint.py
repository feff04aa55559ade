"""The session endpoint: credentials in a fresh login with no set-up, and nothing for anybody else.

SPDX-License-Identifier: Apache-2.0
"""
import concurrent.futures
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from asker import run_as  # noqa: E402

ARN = "arn:aws:sts::444455556666:assumed-role/ReadOnly/{}"
WHO = "aws sts get-caller-identity --query Arn --output text"

BOTO = """\
import boto3, json, sys
clients = [boto3.Session().client("sts") for _ in range(int(sys.argv[1]))]
print(json.dumps([c.get_caller_identity()["Arn"] for c in clients]))
"""


@pytest.fixture(scope="module")
def place(lab):
    return lab.cloud.HERE


@pytest.fixture(scope="module")
def u(lab):
    """Somebody with a session open through all tests of this file that do not end it."""
    who = lab.people.take()
    lab.codes.enrol(who.name)
    with lab.sshd.Session(who.name, who.password, lab.codes.fresh(who.name)) as session:
        yield session


def address(session):
    """(port, token) of a session's endpoint, None when it has none."""
    lines = dict(line.partition("=")[::2] for line in session.run("env").out.splitlines() if "=" in line)
    uri = lines.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if not uri:
        return None
    assert uri.startswith("http://127.0.0.1:") and uri.endswith("/credentials")
    return int(uri.split(":")[2].split("/")[0]), lines["AWS_CONTAINER_AUTHORIZATION_TOKEN"]


def talk(port, text):
    """Send bytes; (status, body), status 0 when the connection was closed without a word."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
        try:
            peer.sendall(text.encode())
            reply = b"".join(iter(lambda: peer.recv(65536), b""))
        except OSError:
            reply = b""
    head, _, body = reply.decode().partition("\r\n\r\n")
    return (int(head.split()[1]) if head else 0), body


def request(port, token, method="GET", path="/credentials", host=None, more=""):
    host = f"Host: {host if host is not None else f'127.0.0.1:{port}'}\r\n"
    authorization = f"Authorization: {token}\r\n" if token is not None else ""
    return f"{method} {path} HTTP/1.1\r\n{host}{authorization}{more}\r\n"


def ask(port, token, **how):
    """As root, who may ask with anybody's token."""
    return talk(port, request(port, token, **how))


def ask_as(lab, user, port, token):
    """curl's answer for another user: (status, body)."""
    ran = lab.awsfed.as_user(user, ["curl", "-s", "-m", "5", "-w", "\n%{http_code}", "-H", f"Authorization: {token}",
                                    f"http://127.0.0.1:{port}/credentials"])
    body, _, status = ran.stdout.rpartition("\n")
    return int(status or 0), body


def use(lab, user, role):
    """ASK_USE at the socket, as the user."""
    return run_as(lab.people.person(user).uid, f"print(ask('USE', ROLE_NAME={role!r})[0])")[0]


# ---- What it is for ----

def test_the_real_cli_works_in_a_fresh_login(u, place):
    """No profile, no key, no command: `aws sts get-caller-identity` answers."""
    assert u.run("test -e ~/.aws").status == 1
    ran = u.run(place + WHO)
    assert (ran.status, ran.out.strip()) == (0, ARN.format(u.user)), ran.err


def test_boto3_works_in_a_fresh_login(u, place):
    ran = u.run(place + "/usr/bin/python3 - 1", text_in=BOTO)
    assert ran.status == 0, ran.err
    assert json.loads(ran.out) == [ARN.format(u.user)]


def test_curl_signs_with_what_it_gives(lab, u, place):
    """A third client: the credential as curl's own SigV4 uses it."""
    given = json.loads(u.run('curl -s -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" '
                             "$AWS_CONTAINER_CREDENTIALS_FULL_URI").out)
    assert sorted(given) == ["AccessKeyId", "AccountId", "Expiration", "SecretAccessKey", "Token"]
    region = lab.places.REGION
    done = subprocess.run(
        ["curl", "-s", "--cacert", lab.certificates.CA_FILE, "--aws-sigv4", f"aws:amz:{region}:sts",
         "-K", "-", f"https://sts.{region}.amazonaws.com/", "-d", "Action=GetCallerIdentity&Version=2011-06-15"],
        text=True, capture_output=True,
        input=f'user = "{given["AccessKeyId"]}:{given["SecretAccessKey"]}"\n'
              f'header = "X-Amz-Security-Token: {given["Token"]}"\n')
    assert ARN.format(u.user) in done.stdout, done.stdout


@pytest.mark.parametrize("source", ["chain", "http", "profile"])
def test_the_javascript_sdk_works_in_a_fresh_login(lab, u, place, source):
    """With no set-up; with the endpoint named; and by credential_process. `make deps` installs it where npm is."""
    if not (lab.places.BUILD / "js/installed").exists():
        pytest.skip("the AWS SDK for JavaScript is not in build/js: no node and npm here")
    folder = u.run("mktemp -d").out.strip()
    u.run(f"printf '[profile p]\\ncredential_process = awsfed-login credential-process -r dev-readonly\\n' >{folder}/config")
    ran = u.run(place + f"AWS_CONFIG_FILE={folder}/config NODE_EXTRA_CA_CERTS=$AWS_CA_BUNDLE AWS_REGION=$AWS_DEFAULT_REGION "
                f"JUDGES={lab.places.BUILD}/js node {lab.places.REPO}/tests/js/who.mjs {source}")
    assert (ran.status, ran.out.strip()) == (0, ARN.format(u.user)), ran.err


def test_it_never_overrides_what_a_person_has_set_up(u, place):
    """Keys in the environment come first for every SDK: the stand-in does not know these."""
    ran = u.run(place + "AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=x AWS_SESSION_TOKEN=y " + WHO)
    assert ran.status != 0 and ARN.format(u.user) not in ran.out


def test_fifty_at_once_cost_one_call(lab, person, place, aws):
    """I-63: ten CLI processes and forty boto3 clients, first of their session, make one STS call, without an error."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        session.run("cat >many.py", text_in=BOTO)
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            runs = [pool.submit(session.run, place + (WHO if n < 8 else "/usr/bin/python3 many.py 21"), timeout=120)
                    for n in range(10)]
            done = [run.result() for run in runs]
    assert [ran.status for ran in done] == [0] * 10, [ran.err for ran in done]
    assert all(ARN.format(person.name) in ran.out for ran in done)
    assert sum(ran.out.count(ARN.format(person.name)) for ran in done) == 50
    assert len(aws.requests("AssumeRoleWithSAML")) == 1


def test_two_hundred_requests_at_once_cost_one_call(lab, person, aws):
    """I-63, I-55: a burst of bare requests, more than the workers and more than one uid may have running."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        port, token = address(session)
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            answers = [one.result() for one in [pool.submit(ask, port, token) for _ in range(200)]]
    assert [status for status, _ in answers] == [200] * 200
    assert len({json.loads(body)["AccessKeyId"] for _, body in answers}) == 1
    assert len(aws.requests("AssumeRoleWithSAML")) == 1


def test_use_switches_every_shell_at_once(lab, place):
    """`use` is of the sign-in, not of a shell; a role that is not the person's changes nothing."""
    who = lab.people.person("alice")
    key = lab.sshd.authorize_key("alice")
    with lab.sshd.Session("alice", who.password, lab.codes.fresh("alice")) as one, \
            lab.sshd.Session("alice", options=("-i", str(key), "-o", "PreferredAuthentications=publickey")) as two:
        several = json.loads(one.run('curl -s -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" '
                                     "$AWS_CONTAINER_CREDENTIALS_FULL_URI").out)
        assert several["code"] == "RoleNotChosen"
        assert "awsfed-login use" in several["message"] and "prod-admin" in several["message"]
        for role, arn in (("prod-admin", "arn:aws:sts::111122223333:assumed-role/Admin/alice"),
                          ("dev-readonly", ARN.format("alice"))):
            assert use(lab, "alice", role) == "OK"
            assert one.run(place + WHO).out.strip() == arn
            assert two.run(place + WHO).out.strip() == arn
        assert use(lab, "alice", "billing") == use(lab, "alice", "nobody's") == "ROLE"
        assert "endpoint gives role dev-readonly" in two.run("awsfed-login status").out
        listed = subprocess.run(["awsfed-admin", "sessions"], text=True, capture_output=True).stdout
        assert any(line.startswith("alice ") and "dev-readonly" in line for line in listed.splitlines()), listed
        rows = json.loads(subprocess.run(["awsfed-admin", "sessions", "--json"], text=True, capture_output=True).stdout)
        assert [(row["role"], row["sessions"], row["rhost"]) for row in rows if row["user"] == "alice"] == \
            [("dev-readonly", 2, "127.0.0.1")], rows
        assert one.run(place + WHO).out.strip() == ARN.format("alice")


# ---- What it refuses ----

@pytest.mark.parametrize("how, status", [
    ({"host": "evil.example.com"}, 403), ({"host": "evil.example.com:{port}"}, 403), ({"host": "127.0.0.1"}, 403),
    ({"host": ""}, 403), ({"more": "Origin: http://127.0.0.1:{port}\r\n"}, 403), ({"more": "Origin: null\r\n"}, 403),
    ({"more": "Host: 127.0.0.1:{port}\r\n"}, 403), ({"more": "Authorization: x\r\n"}, 403),
    ({"method": "POST"}, 405), ({"method": "OPTIONS"}, 405), ({"method": "HEAD"}, 405), ({"method": "DELETE"}, 405),
    ({"path": "/"}, 404), ({"path": "/credentials/x"}, 404), ({"path": "//credentials"}, 404),
    ({"more": "Content-Length: 5\r\n"}, 413), ({"more": "Transfer-Encoding: chunked\r\n"}, 413)])
def test_what_no_sdk_sends_is_refused(u, how, status):
    """Rebinding, cross-site requests, other methods: refused even with the right token."""
    port, token = address(u)
    how = {key: value.replace("{port}", str(port)) for key, value in how.items()}
    got, body = ask(port, token, **how)
    assert got in (status, 400) and "AKIA" not in body and "ASIA" not in body
    assert ask(port, token)[0] == 200


def test_an_overlong_request_ends_its_connection_alone(u):
    port, token = address(u)
    for more in ("X: " + "x" * 100000 + "\r\n", "X: y\r\n" * 20000):
        assert ask(port, token, more=more)[0] in (0, 400, 413, 431)
    assert ask(port, token, path="/" + "x" * 100000)[0] in (0, 400, 414, 431)
    assert talk(port, "\x16\x03\x01 not HTTP\r\n\r\n")[0] in (0, 400)
    assert ask(port, token)[0] == 200


@pytest.mark.parametrize("change", [
    lambda token: None, lambda token: "", lambda token: token[:-1], lambda token: token + "0",
    lambda token: "0" * len(token), lambda token: f"Bearer {token}", lambda token: token.upper() + "x"])
def test_a_wrong_token_is_refused(u, change):
    port, token = address(u)
    status, body = ask(port, change(token))
    assert status == 403 and json.loads(body)["code"] == "Forbidden"


def test_another_uid_gets_nothing_even_with_the_token(lab, u, person):
    """I-53: the peer's uid is the kernel's word; the right token read somewhere does not help."""
    port, token = address(u)
    assert ask_as(lab, u.user, port, token)[0] == 200
    right, wrong = ask_as(lab, person.name, port, token), ask_as(lab, person.name, port, "0" * 32)
    assert right == wrong and right[0] == 403
    line = lab.awsfed.audit(event="endpoint", outcome="denied", asked_by_uid=person.uid)[0]
    assert line["reason"] == "the token of another uid's session"


def test_refusals_do_not_fill_the_audit_trail(lab, u):
    """A thousand wrong tokens are a few lines."""
    port, _ = address(u)
    for _ in range(50):
        assert ask(port, "0" * 32)[0] == 403
    assert len(lab.awsfed.audit(event="endpoint", outcome="denied", asked_by_uid=0)) < 20


def test_the_first_hand_out_is_in_the_audit_trail(lab, person):
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        port, token = address(session)
        for _ in range(3):
            assert ask_as(lab, person.name, port, token)[0] == 200
    line, = lab.awsfed.audit(event="endpoint", outcome="granted", user=person.name)
    assert (line["role"], line["asked_by_uid"]) == ("dev-readonly", person.uid)


def test_the_token_is_nowhere_else(lab, u, person):
    """I-57: not in logs, the audit trail or the state folder; /proc keeps the environment from other users."""
    _, token = address(u)
    for text in (lab.awsfed.BRIDGE.log.read_text(errors="replace"), lab.awsfed.system_log(),
                 lab.awsfed.AUDIT.read_text()):
        assert token not in text
    for path in Path(lab.awsfed.STATE).rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes()
    read = """
import glob, sys
token, seen = sys.stdin.read().encode(), 0
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
    try:
        seen += token in open(path, "rb").read()
    except OSError:
        pass
print(seen)
"""
    assert lab.awsfed.as_user(person.name, ["/usr/bin/python3", "-c", read], input=token).stdout == "0\n"
    assert int(lab.awsfed.as_user(u.user, ["/usr/bin/python3", "-c", read], input=token).stdout) > 0


def test_it_listens_on_loopback_alone(lab, u):
    port, _ = address(u)
    listening = subprocess.run(["ss", "-Hltn", f"sport = {port}"], text=True, capture_output=True).stdout.split()
    assert f"127.0.0.1:{port}" in listening and port < 1024
    uid = lab.people.person(u.user).uid
    squat = subprocess.run(["setpriv", f"--reuid={uid}", "--clear-groups", "/usr/bin/python3", "-c",
                            f"import socket; socket.create_server(('127.0.0.2', {port}))"], capture_output=True)
    assert squat.returncode != 0


# ---- When it ends ----

def test_logout_ends_it_and_signing_in_brings_it_back(lab, person):
    """I-59: signed out, the same session's endpoint says so and what to run; signed in again, it gives again."""
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        port, token = address(session)
        assert ask(port, token)[0] == 200
        assert session.run("awsfed-login logout").status == 0
        status, body = ask(port, token)
        assert (status, json.loads(body)["code"]) == (401, "SignInNeeded")
        assert "awsfed-login" in json.loads(body)["message"]
        assert session.terminal("awsfed-login", person.password, lab.codes.fresh(person.name)).status == 0
        assert ask(port, token)[0] == 200


def test_closing_a_session_ends_its_token_and_no_other(lab, person):
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as first:
        with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as second:
            port, one = address(first)
            _, two = address(second)
            assert one != two
        lab.service.wait_for(lambda: ask(port, two)[0] == 403, "the end of the second session")
        assert ask(port, one)[0] == 200


def test_a_session_without_a_ticket_has_no_endpoint(lab, person):
    """I-46: whoever came by public key has the environment of before."""
    key = lab.sshd.authorize_key(person.name)
    with lab.sshd.Session(person.name, options=("-i", str(key), "-o", "PreferredAuthentications=publickey")) as session:
        assert address(session) is None


def test_it_can_be_switched_off(lab, person, bridge):
    lab.awsfed.configure({"bridge": {"session-endpoint": "no"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        assert address(session) is None
        assert session.run("awsfed-login credential-process").status == 0


def test_tickets_linger_where_the_administrator_says_so(lab, person, bridge):
    """linger-sessions = keep: what is left running goes on until the ticket ends; logout ends it."""
    lab.awsfed.configure({"bridge": {"linger-sessions": "keep"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        port, token = address(session)
    lab.service.wait_for(lambda: lab.awsfed.audit(event="session-close"), "the end of the session")
    assert ask_as(lab, person.name, port, token)[0] == 200
    assert lab.awsfed.as_user(person.name, ["awsfed-login", "logout"]).returncode == 0
    assert ask_as(lab, person.name, port, token)[0] == 403


def test_what_is_used_is_renewed_ahead_of_time(lab, person, aws):
    """A credential that nears the quarter of an hour is renewed before anybody comes for it, and then simply there."""
    aws.fail("short-life", seconds=1100, times=1)
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        port, token = address(session)
        first = json.loads(ask(port, token)[1])
        lab.service.wait_for(lambda: len(aws.requests("AssumeRoleWithSAML")) == 2, "the renewal", 20)
        lab.service.wait_for(lambda: json.loads(ask(port, token)[1])["AccessKeyId"] != first["AccessKeyId"],
                             "the new credential")
    assert len(aws.requests("AssumeRoleWithSAML")) == 2


def test_the_end_is_told_ten_minutes_ahead(lab, person, bridge):
    """The bridge cannot write to anybody's terminal: who asks is told, with the command that goes on."""
    lab.awsfed.configure({"bridge": {"ticket-lifetime": "9m"}})
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)) as session:
        ran = session.run("awsfed-login status")
        assert ran.status == 0 and "your sign-in ends in 9 min" in ran.err and "awsfed-login" in ran.err
        port, token = address(session)
        status, body = ask(port, token)
        assert status == 401 and "awsfed-login" in json.loads(body)["message"]
