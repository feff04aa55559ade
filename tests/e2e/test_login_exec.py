"""
awsfed-login exec: what the command gets and what it does not (I-69), who may ask its endpoint, signals and statuses.
SPDX-License-Identifier: Apache-2.0
"""
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pexpect
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake_bridge import Refusal  # noqa: E402
from login_tools import (ACCESS, CREDENTIALS, LOGIN, SECRET, TOKEN, bridge, environment, one_line,  # noqa: E402, F401
                         run, spawn, status)

URI, AUTH = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"


@pytest.fixture
def ready(bridge):
    bridge.on("CREDENTIALS", lambda _: {**CREDENTIALS, "EXPIRES": int(time.time()) + 3600})
    bridge.on("STATUS_OF", status)
    return bridge


class Running:
    """A command under exec that waits for its standard input to close; .env is what it sees."""

    def __init__(self, bridge, *options, env=None, code=None):
        code = code or "import os, sys, json; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.read()"
        self.child = subprocess.Popen([LOGIN, "exec", *options, "--", sys.executable, "-c", code], text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      env=environment(AWSFED_SOCKET=bridge.path, **(env or {})))
        self.first = self.child.stdout.readline()

    def __enter__(self):
        self.env = json.loads(self.first)
        return self

    def __exit__(self, *_):
        self.child.communicate(timeout=30)
        assert self.child.returncode == 0

    def get(self, method="GET", path="/credentials", **headers):
        address = self.env[URI].split("/")[2]
        http_ = http.client.HTTPConnection(address, timeout=10)
        http_.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in {"Authorization": self.env[AUTH], **headers}.items():
            if value is not None:
                http_.putheader(name, value)
        http_.endheaders()
        answer = http_.getresponse()
        return answer.status, json.loads(answer.read())


def test_the_command_gets_an_endpoint_and_no_key(ready):
    """I-69"""
    stale = {name: "stale" for name in (
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CREDENTIAL_EXPIRATION",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", AUTH, URI)}
    with Running(ready, "-r", "Admin", env={**stale, "AWS_PAGER": "cat", "KEEP": "me"}) as one:
        aws = {name: value for name, value in one.env.items() if name.startswith("AWS_")}
        assert set(aws) == {URI, AUTH, "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PAGER"}
        assert aws[URI].startswith("http://127.0.0.1:") and len(aws[AUTH]) == 64
        assert aws["AWS_REGION"] == aws["AWS_DEFAULT_REGION"] == "eu-central-1" and one.env["KEEP"] == "me"
        code, got = one.get()
        assert code == 200 and got.pop("Expiration").endswith("Z")
        assert got == {"AccessKeyId": ACCESS, "SecretAccessKey": SECRET, "Token": TOKEN,
                       "AccountId": "111122223333"}
        assert ready.asked[-1] == ("CREDENTIALS", {"ROLE_NAME": "Admin"})
    with Running(ready, "-r", "Admin") as two:
        assert two.env[AUTH] != one.env[AUTH]


def test_credentials_renew_and_their_end_is_told(ready):
    """The bridge is asked each time; when the ticket is gone the SDK hears why."""
    with Running(ready, "-r", "Admin", "-d", "90m") as one:
        ready.on("CREDENTIALS", {**CREDENTIALS, "ACCESS_KEY": "ASIASECOND"})
        assert one.get()[1]["AccessKeyId"] == "ASIASECOND"
        assert ready.asked[-1] == ("CREDENTIALS", {"ROLE_NAME": "Admin", "DURATION": 5400})
        ready.on("CREDENTIALS", Refusal("NO_TICKET"))
        assert one.get() == (403, {"code": "NO_TICKET", "message": "you are not signed in; run awsfed-login"})
        ready.on("CREDENTIALS", Refusal("BUSY", MESSAGE=["busy\n\x1b[2J"]))
        assert one.get()[0] == 503
        ready.on("CREDENTIALS", {k: v for k, v in CREDENTIALS.items() if k != "SECRET_KEY"})
        assert one.get()[0] == 403


def test_the_role_is_fixed_at_the_start(ready):
    """What `use` changes later is not meant for a command that runs already."""
    with Running(ready) as one:
        one.get()
        assert [f.get("ROLE_NAME") for kind, f in ready.asked if kind == "CREDENTIALS"] == [None, "Admin"]


def test_strangers_get_nothing(ready):
    """No token, a wrong one, a forged Host or Origin, other methods and paths: no credential, and no question asked."""
    with Running(ready, "-r", "Admin") as one:
        asked = len(ready.types())
        right = one.env[AUTH]
        for want, asks in ((401, {"Authorization": None}), (401, {"Authorization": right[:-1]}),
                           (401, {"Authorization": right + "x"}), (401, {"Authorization": "0" * 64}),
                           (401, {"Authorization": "Bearer " + right}),
                           (403, {"Host": "evil.example:80"}), (403, {"Host": "localhost"}),
                           (403, {"Host": "127.0.0.1"}), (403, {"Origin": "https://evil.example"}),
                           (403, {"Origin": "null"}), (403, {"Referer": "http://evil.example/"}),
                           (405, {"method": "POST"}), (405, {"method": "HEAD"}), (404, {"path": "/"}),
                           (404, {"path": "/credentials?"}), (404, {"path": "/credentials/.."}),
                           (400, {"Content-Length": "5"}), (400, {"Transfer-Encoding": "chunked"})):
            if asks.get("method") == "HEAD":
                continue
            code, got = one.get(**asks)
            assert code == want and set(got) == {"code", "message"}, asks
            assert right not in json.dumps(got)
        assert len(ready.types()) == asked


def test_a_silent_client_holds_up_nobody(ready):
    with Running(ready, "-r", "Admin") as one:
        host, port = one.env[URI].split("/")[2].split(":")
        silent = [socket.create_connection((host, int(port))) for _ in range(20)]
        silent[0].sendall(b"GET /cred")
        results = []
        threads = [threading.Thread(target=lambda: results.append(one.get()[0])) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert results == [200] * 50
        for sock in silent:
            sock.close()


def test_another_uid_cannot_take_all_places(ready):
    """I-55: 300 silent connections of somebody else, who opens another for each that is closed."""
    hog = """if True:
        import os, select, socket, sys
        os.setgroups([]); os.setuid(65534)
        address, all_ = ("127.0.0.1", int(sys.argv[1])), {}
        poll = select.poll()
        def add():
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(address)
            all_[s.fileno()] = s
            poll.register(s, select.POLLRDHUP | select.POLLHUP)
        for _ in range(300):
            add()
        print("on it", flush=True)
        while True:
            for fd, _ in poll.poll():
                poll.unregister(fd)
                all_.pop(fd).close()
                add()
    """
    with Running(ready, "-r", "Admin") as one:
        port = one.env[URI].split("/")[2].split(":")[1]
        with subprocess.Popen([sys.executable, "-c", hog, port], text=True, stdout=subprocess.PIPE) as other:
            try:
                assert other.stdout.readline() == "on it\n"
                for _ in range(5):
                    began = time.monotonic()
                    assert one.get()[0] == 200
                    assert time.monotonic() - began < 4
            finally:
                other.kill()


def test_the_endpoint_is_gone_with_the_command(ready):
    with Running(ready, "-r", "Admin") as one:
        pass
    with pytest.raises(OSError):
        one.get()


def test_the_token_is_in_no_argument(ready):
    """I-57: neither in ours nor in the endpoint's command line."""
    with Running(ready, "-r", "Admin") as one:
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                assert one.env[AUTH].encode() not in path.read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                pass


@pytest.mark.parametrize("script, want", [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -TERM $$", 143),
                                          ("kill -KILL $$", 137), ("kill -INT $$", 130)])
def test_the_status_is_the_commands(ready, script, want):
    assert run(ready, "exec", "-r", "Admin", "--", "sh", "-c", script).returncode == want


def test_what_cannot_be_run(ready, tmp_path):
    done = run(ready, "exec", "-r", "Admin", "--", "no-such-command")
    assert done.returncode == 127 and 'cannot run "no-such-command"' in one_line(done.stderr)
    assert run(ready, "exec", "-r", "Admin", "--", str(tmp_path)).returncode == 126
    assert run(ready, "exec", "-r", "Admin").returncode == 2


def test_nothing_is_started_without_credentials(ready, tmp_path):
    for error, want in (("NO_TICKET", 4), ("ROLE", 3), ("FRESH_CODE", 4), ("AWS_REFUSED", 5), ("BUSY", 6)):
        ready.on("CREDENTIALS", Refusal(error))
        done = run(ready, "exec", "-r", "Admin", "--", "touch", str(tmp_path / "started"))
        assert done.returncode == want and not (tmp_path / "started").exists()
        one_line(done.stderr)


def test_need_refuses_at_once(ready, tmp_path):
    ready.on("STATUS_OF", lambda _: status(EXPIRES=int(time.time()) + 7190, STARTED=int(time.time()) + 7190 - 36000))
    touch = ["touch", str(tmp_path / "started")]
    done = run(ready, "exec", "--need", "11h", "-r", "Admin", "--", *touch)
    assert done.returncode == 4 and "a sign-in lasts 10 h 0 min here" in one_line(done.stderr), "another would not help"
    done = run(ready, "exec", "--need", "3h", "-r", "Admin", "--", *touch)
    assert done.returncode == 4 and "your sign-in ends in 1 h 59 min, and --need asks for 3 h 0 min" in one_line(done.stderr)
    assert not (tmp_path / "started").exists() and ready.types() == ["STATUS_OF"] * 2
    assert run(ready, "exec", "--need", "1h", "-r", "Admin", "--", *touch).returncode == 0
    assert (tmp_path / "started").exists()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGWINCH"])
def test_signals_are_passed_on(ready, name):
    code = ("import os, signal, sys\n"
            f"signal.signal(signal.{name}, lambda *_: (os.write(1, b'got\\n'), sys.exit(0)))\n"
            "print('ready', flush=True)\nsignal.pause()")
    one = Running(ready, "-r", "Admin", code=code)
    assert one.first == "ready\n"
    one.child.send_signal(getattr(signal, name))
    out, _ = one.child.communicate(timeout=30)
    assert (out, one.child.returncode) == ("got\n", 0)


def test_dispositions_are_inherited(ready):
    """What the caller ignores, or does not, is no business of exec's."""
    code = ("import signal; print([signal.getsignal(s).name for s in (signal.SIGCHLD, signal.SIGHUP)]); "
            "print(open('/proc/self/status').read())")
    done = run(ready, "exec", "-r", "Admin", "--", sys.executable, "-c", code,
               preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    assert done.stdout.startswith("['SIG_DFL', 'SIG_IGN']")
    assert "SigBlk:\t0000000000000000" in done.stdout
    done = run(ready, "exec", "-r", "Admin", "--", "sh", "-c", "grep SigIgn /proc/self/status")
    assert int(done.stdout.split()[1], 16) & (1 << (signal.SIGPIPE - 1)) == 0


def test_ctrl_c_reaches_the_command_once(ready):
    child = spawn(ready, "exec", "-r", "Admin", "--", sys.executable, "-c",
                  "import signal, time\nn = []\nsignal.signal(signal.SIGINT, lambda *_: n.append(1))\n"
                  "print('ready', flush=True)\nwhile not n: time.sleep(0.01)\ntime.sleep(0.3)\nprint('count', len(n))")
    child.expect_exact("ready")
    child.sendintr()
    child.expect_exact("count 1")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_the_end_of_the_sign_in_is_told_once_on_the_terminal(ready):
    """Ahead of it, with the command that renews; not into a log, and not with --quiet."""
    ends = int(time.time()) + 602
    ready.on("STATUS_OF", lambda _: status(EXPIRES=ends))
    child = spawn(ready, "exec", "-r", "Admin", "--", "sleep", "5")
    child.expect_exact("your sign-in ends in ")
    child.expect_exact("run awsfed-login logout, then awsfed-login")
    child.expect(pexpect.EOF)
    assert "ends in" not in child.before
    child.close()
    assert child.exitstatus == 0
    ready.on("STATUS_OF", lambda _: status(EXPIRES=int(time.time()) + 60))
    assert run(ready, "exec", "-r", "Admin", "--", "true").stderr == ""
    child = spawn(ready, "exec", "-q", "-r", "Admin", "--", "true")
    child.expect(pexpect.EOF)
    assert child.before == ""


def test_job_control(ready):
    """Ctrl-Z stops the job for the shell that runs it; fg goes on; the endpoint still answers."""
    shell = pexpect.spawn("bash", ["--norc", "--noediting", "-i"], timeout=20, encoding="utf-8", echo=False,
                          env=environment(AWSFED_SOCKET=ready.path, TERM="dumb", PS1="PROMPT> "))
    shell.expect_exact("PROMPT> ")
    shell.sendline(f"{LOGIN} exec -r Admin -- bash -c 'echo ready; read x; curl -s -o /dev/null -w \"%{{http_code}}\\n\" "
                   f"-H \"Authorization: ${AUTH}\" ${URI}; echo got $x'")
    shell.expect_exact("ready")
    shell.sendcontrol("z")
    shell.expect("Stopped")
    shell.expect_exact("PROMPT> ")
    shell.sendline("fg")
    shell.expect("exec")
    shell.sendline("word")
    shell.expect_exact("200")
    shell.expect_exact("got word")
    shell.expect_exact("PROMPT> ")
    shell.sendline("echo status $?")
    shell.expect_exact("status 0")
    shell.close(force=True)


def test_an_endpoint_that_is_killed_comes_back(ready):
    """A long job does not lose its credentials because memory ran out once."""
    with Running(ready, "-r", "Admin") as one:
        assert one.get()[0] == 200
        for _ in range(3):
            children = pathlib.Path(f"/proc/{one.child.pid}/task/{one.child.pid}/children").read_text().split()
            endpoint, = [pid for pid in children if b"awsfed-login" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]
            os.kill(int(endpoint), signal.SIGKILL)
            assert one.get()[0] == 200


def test_a_killed_parent_leaves_no_endpoint(ready):
    one = Running(ready, "-r", "Admin")
    one.env = json.loads(one.first)
    assert one.get()[0] == 200
    one.child.kill()
    one.child.wait()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            one.get()
        except OSError:
            return
        time.sleep(0.02)
    pytest.fail("the endpoint outlives its command")


def test_default_profiles_do_not_win(ready, tmp_path):
    """I-69: keys or processes of a default profile, which SDKs would take before any endpoint."""
    botocore = pytest.importorskip("botocore")
    assert botocore
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text(
        "[default]\naws_access_key_id = AKIASTALE\naws_secret_access_key = x\n")
    (tmp_path / ".aws/config").write_text("[default]\nregion = us-west-2\ncredential_process = false\n")
    code = ("import botocore.session; c = botocore.session.Session().get_credentials(); "
            "print(c.access_key, c.method)")
    done = run(ready, "exec", "-r", "Admin", "--", "/usr/bin/python3", "-c", code, env={"HOME": str(tmp_path)})
    assert done.stdout == f"{ACCESS} container-role\n", done.stderr
    assert "has credentials of its own" in one_line(done.stderr)


@pytest.mark.skipif(not shutil.which("aws", path="/usr/bin"), reason="needs the aws CLI")
def test_the_aws_cli_takes_it(ready, tmp_path):
    done = run(ready, "exec", "-r", "Admin", "--", "/usr/bin/aws", "configure", "list", env={"HOME": str(tmp_path)})
    assert "container-role" in done.stdout and ACCESS[-4:] in done.stdout
