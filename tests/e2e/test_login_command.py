"""
awsfed-login, the program, against a bridge that says what each test wants: every word, every exit
status, and a person at a terminal.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import termios
import time

import pexpect
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake_bridge import ERRORS, FakeBridge, Refusal, TYPES, encode  # noqa: E402

from login_tools import (ACCESS, BUILD, CREDENTIALS, LOGIN, NASTY, ROOT, SECRET, TOKEN, answer, bridge,  # noqa: E402, F401
                         clean, echoes, ended, environment, one_line, roles, run, signing_in, spawn, status)


# ---- credential-process -------------------------------------------------------------------------

def test_credential_process_is_exactly_the_contract(bridge):
    """I-67"""
    bridge.on("CREDENTIALS", CREDENTIALS)
    done = run(bridge, "credential-process", "--role", "Admin")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout == (
        f'{{"Version":1,"AccessKeyId":"{ACCESS}","SecretAccessKey":"{SECRET}",'
        f'"SessionToken":"{TOKEN}","Expiration":"2026-11-21T22:40:00Z","AccountId":"111122223333"}}\n')
    assert bridge.asked == [("CREDENTIALS", {"ROLE_NAME": "Admin"})]


def test_credential_process_asks_for_the_duration(bridge):
    bridge.on("CREDENTIALS", CREDENTIALS)
    assert run(bridge, "credential-process", "-d", "90m").returncode == 0
    assert bridge.asked == [("CREDENTIALS", {"DURATION": 5400})]


def test_credential_process_hands_on_a_long_token_whole(bridge):
    token = "x" * 60000 + "=="
    bridge.on("CREDENTIALS", {**CREDENTIALS, "SESSION_TOKEN": token})
    assert json.loads(run(bridge, "credential-process").stdout)["SessionToken"] == token


@pytest.mark.parametrize("value", NASTY)
def test_credential_process_is_json_for_any_value(bridge, value):
    bridge.on("CREDENTIALS", {**CREDENTIALS, "SESSION_TOKEN": value})
    done = run(bridge, "credential-process")
    assert json.loads(done.stdout)["SessionToken"] == value
    assert done.stdout.isascii() and done.stdout.count("\n") == 1


@pytest.mark.parametrize("missing", ["ACCESS_KEY", "SECRET_KEY", "SESSION_TOKEN", "EXPIRES"])
def test_credential_process_refuses_half_a_credential(bridge, missing):
    bridge.on("CREDENTIALS", {k: v for k, v in CREDENTIALS.items() if k != missing})
    done = run(bridge, "credential-process")
    assert done.returncode == 1 and done.stdout == ""
    one_line(done.stderr)


def test_credential_process_refuses_an_empty_key_and_an_impossible_time(bridge):
    for broken in ({"SECRET_KEY": ""}, {"EXPIRES": 253402300800}, {"EXPIRES": 2**64 - 1}):
        bridge.on("CREDENTIALS", {**CREDENTIALS, **broken})
        done = run(bridge, "credential-process")
        assert done.returncode == 1 and done.stdout == ""


@pytest.mark.parametrize("error", sorted(ERRORS))
def test_credential_process_fails_in_one_line(bridge, error):
    """I-67, and the table of exit statuses: every error there is."""
    bridge.on("CREDENTIALS", Refusal(error))
    done = run(bridge, "credential-process")
    number, kind, text = ERRORS[error]
    want = {"DENIED": 3, "UNAVAILABLE": 6, "INPUT": 1, "INTERNAL": 1}[kind]
    want = {"NO_TICKET": 4, "FRESH_CODE": 4, "AWS_REFUSED": 5}.get(error, want)
    assert (done.returncode, done.stdout, one_line(done.stderr)) == (want, "", text)


def test_credential_process_tells_the_bridges_words_cleaned(bridge):
    """I-58, I-67: still one line, without controls."""
    bridge.on("CREDENTIALS", Refusal("AWS_REFUSED", MESSAGE=[
        "trust\npolicy\x1b[2J\u202e\x9b", "", "tell them"]))
    done = run(bridge, "credential-process", "-r", "Admin")
    assert done.returncode == 5
    assert one_line(done.stderr) == "trust?policy?[2J??; tell them"


def test_a_fresh_code_names_the_command_that_asks_for_it(bridge):
    bridge.on("CREDENTIALS", Refusal("FRESH_CODE"))
    done = run(bridge, "credential-process", "--role", "Admin")
    assert done.returncode == 4 and one_line(done.stderr).endswith("run awsfed-login --role Admin")


def test_without_a_bridge(tmp_path):
    for word in (["credential-process"], ["env"], ["roles"], ["status"], ["logout"], []):
        done = run(tmp_path / "nothing", *word)
        assert (done.returncode, done.stdout) == (6, "")
        assert one_line(done.stderr) == "the awsfed bridge is not running"


@pytest.mark.parametrize("reply", [
    b"AF", b"", b"\0" * 16,
    encode(TYPES["CREDENTIALS"] | 0x80, 1, {"STATUS": 0, **CREDENTIALS}),  # another request's
    encode(TYPES["ROLES"] | 0x80, 1, {"STATUS": 0}),
    encode(TYPES["CREDENTIALS"], 1, {})])
def test_a_mangled_reply_gives_nothing(bridge, reply):
    """I-54, from the asking side."""
    bridge.on("CREDENTIALS", reply or None)
    done = run(bridge, "credential-process")
    assert done.returncode in (1, 6) and done.stdout == ""
    one_line(done.stderr)


def test_credential_process_never_prompts_on_a_terminal(bridge):
    """I-67: with a terminal at every descriptor, no ticket is a line and an exit."""
    child = spawn(bridge, "credential-process")
    child.expect(pexpect.EOF)
    assert clean(child.before) == "awsfed-login: you are not signed in; run awsfed-login\n"
    assert ended(child) == 4 and bridge.types() == ["CREDENTIALS"]


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_credential_process_does_nothing_superfluous(bridge, tmp_path):
    """I-67: no file but libc, one socket, one write, no terminal; no locale, time zone or NSS."""
    bridge.on("CREDENTIALS", CREDENTIALS)
    log = tmp_path / "trace"
    done = subprocess.run(["strace", "-f", "-o", str(log), LOGIN, "credential-process"], text=True,
                          env=environment(AWSFED_SOCKET=bridge.path, LANG="de_DE.UTF-8",
                                          ASAN_OPTIONS="detect_leaks=0"),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60, check=True)
    calls = log.read_text()
    opened = re.findall(r'open(?:at)?\([^"]*"([^"]*)"', calls)
    assert "libasan" in calls or [os.path.basename(path) for path in opened] in (
        ["ld.so.cache", "libc.so.6"], ["libc.so.6"]), opened
    assert "/dev/tty" not in calls
    assert len(re.findall(r"\bwrite\(", calls)) == 1 and len(re.findall(r"\bsocket\(", calls)) == 1
    assert "write(1, " in calls and json.loads(done.stdout)["Version"] == 1
    assert not re.search(r"\b(clone3?|v?fork)\(", calls) and "rt_sigaction(SIGPIPE" in calls


def test_botocore_takes_what_credential_process_gives(bridge, tmp_path):
    """I-67: the SDK itself, with a role name that a shell would trip over."""
    botocore = pytest.importorskip("botocore.session")
    bridge.on("CREDENTIALS", {**CREDENTIALS, "EXPIRES": int(time.time()) + 3600})
    config = tmp_path / "config"
    config.write_text("[profile p]\ncredential_process = "
                      f'{LOGIN} credential-process --socket {bridge.path} --role "A $(b)"\n')
    keep = dict(os.environ)
    try:
        for name in [n for n in os.environ if n.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(AWS_CONFIG_FILE=str(config), AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "no"),
                          AWS_EC2_METADATA_DISABLED="true")
        got = botocore.Session(profile="p").get_credentials().get_frozen_credentials()
    finally:
        os.environ.clear()
        os.environ.update(keep)
    assert got[:3] == (ACCESS, SECRET, TOKEN)
    assert bridge.asked[0] == ("CREDENTIALS", {"ROLE_NAME": "A $(b)"})


def test_a_closed_pipe_is_a_failure_not_a_signal(bridge):
    bridge.on("CREDENTIALS", CREDENTIALS)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as end:
        done = subprocess.run([LOGIN, "credential-process"], stdout=end, stderr=subprocess.PIPE,
                              text=True, env=environment(AWSFED_SOCKET=bridge.path), timeout=60)
    assert done.returncode == 1
    assert one_line(done.stderr) == "cannot write to standard output: Broken pipe"


def test_a_full_disk_is_a_failure(bridge):
    bridge.on("CREDENTIALS", CREDENTIALS)
    with open("/dev/full", "w") as full:
        done = subprocess.run([LOGIN, "credential-process"], stdout=full, stderr=subprocess.PIPE,
                              text=True, env=environment(AWSFED_SOCKET=bridge.path), timeout=60)
    assert done.returncode == 1 and "No space left" in one_line(done.stderr)


# ---- env ----------------------------------------------------------------------------------------

SET = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN,
       "AWS_CREDENTIAL_EXPIRATION": "2026-11-21T22:40:00Z", "AWS_REGION": "eu-central-1",
       "AWS_DEFAULT_REGION": "eu-central-1"}
UNSET = ["AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"]


def evaluate(shell, text, folder, before):
    """What the environment is after a shell has evaluated the text, as a person would have it do."""
    done = subprocess.run([shell, "-c", 'eval "$TEXT"; unset TEXT; env -0'], cwd=folder, timeout=60,
                          capture_output=True, env={"PATH": "/usr/bin:/bin", "TEXT": text, **before})
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    assert list(folder.iterdir()) == []
    got = dict(one.split("=", 1) for one in done.stdout.decode().split("\0") if one)
    return {name: value for name, value in got.items() if name.startswith("AWS")}


SHELLS = [s for s in ("bash", "dash", "zsh") if shutil.which(s, path="/usr/bin:/bin")]


@pytest.mark.parametrize("shell", SHELLS)
def test_env_sets_and_clears_what_it_should(bridge, tmp_path, shell):
    (tmp_path / "empty").mkdir()
    bridge.on("CREDENTIALS", CREDENTIALS)
    done = run(bridge, "env", "--role", "Admin", "--shell", "zsh" if shell == "zsh" else "bash")
    assert done.returncode == 0 and done.stderr == ""
    before = {name: "old" for name in UNSET} | {"AWS_REGION": "old", "AWSFED_SOCKET": "kept"}
    after = evaluate(shell, done.stdout, tmp_path / "empty", before)
    assert after == {**SET, "AWSFED_SOCKET": "kept"}


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize("shell", SHELLS)
def test_env_evaluates_to_assignments_for_any_value(bridge, tmp_path, shell, value):
    """I-69"""
    (tmp_path / "empty").mkdir()
    bridge.on("CREDENTIALS", {**CREDENTIALS, "ROLE_NAME": value, "REGION": value,
                              "SESSION_TOKEN": value})
    done = run(bridge, "env", "--role", value)
    after = evaluate(shell, done.stdout, tmp_path / "empty", {})
    assert after == {**SET, "AWS_REGION": value, "AWS_DEFAULT_REGION": value,
                     "AWS_SESSION_TOKEN": value}


def test_env_in_an_unquoted_substitution(bridge, tmp_path):
    """I-69: eval $(...) without the quotes joins the lines; nothing else may come of it."""
    (tmp_path / "empty").mkdir()
    bridge.on("CREDENTIALS", CREDENTIALS)
    text = run(bridge, "env").stdout
    assert evaluate("bash", " ".join(text.split()), tmp_path / "empty", {}) == SET


def test_env_without_a_region_leaves_the_persons_own(bridge, tmp_path):
    (tmp_path / "empty").mkdir()
    bridge.on("CREDENTIALS", {k: v for k, v in CREDENTIALS.items() if k != "REGION"})
    after = evaluate("bash", run(bridge, "env").stdout, tmp_path / "empty", {"AWS_REGION": "mine"})
    assert after["AWS_REGION"] == "mine" and "AWS_DEFAULT_REGION" not in after


def test_env_unset_asks_nobody(tmp_path):
    (tmp_path / "empty").mkdir()
    done = run(tmp_path / "nothing", "env", "--unset")
    assert done.returncode == 0 and done.stderr == ""
    before = {name: "x" for name in [*SET, *UNSET]} | {"AWS_CA_BUNDLE": "kept"}
    assert evaluate("dash", done.stdout, tmp_path / "empty", before) == {"AWS_CA_BUNDLE": "kept"}


def test_env_other_dialects(bridge):
    bridge.on("CREDENTIALS", CREDENTIALS)
    got = {s: run(bridge, "env", "--shell", s).stdout for s in ("fish", "powershell", "dotenv", "json")}
    assert got["fish"].splitlines() == [f"set -e {n};" for n in UNSET] + [
        f"set -gx {n} '{v}';" for n, v in SET.items()]
    assert got["powershell"].splitlines() == [f"$env:{n} = $null;" for n in UNSET] + [
        f"$env:{n} = '{v}';" for n, v in SET.items()]
    assert got["dotenv"].splitlines() == [f"{n}={v}" for n, v in SET.items()]
    assert json.loads(got["json"]) == SET


def test_env_dotenv_refuses_rather_than_guess(bridge):
    """I-69"""
    bridge.on("CREDENTIALS", {**CREDENTIALS, "REGION": "it's $(x)"})
    done = run(bridge, "env", "--shell", "dotenv")
    assert done.returncode == 1 and done.stdout == "" and SECRET not in done.stderr
    assert json.loads(run(bridge, "env", "--shell", "json").stdout)["AWS_REGION"] == "it's $(x)"


@pytest.mark.parametrize("shell, start", [("/usr/bin/fish", "set -e"), ("/bin/bash", "unset"),
                                          ("/bin/unheard-of", "unset"), ("", "unset")])
def test_env_speaks_the_login_shells_dialect(bridge, shell, start):
    bridge.on("CREDENTIALS", CREDENTIALS)
    assert run(bridge, "env", env={"SHELL": shell}).stdout.startswith(start)


def test_env_without_a_ticket_and_a_terminal(bridge):
    done = run(bridge, "env")
    assert done.returncode == 4 and done.stdout == ""
    assert one_line(done.stderr) == "you are not signed in; run awsfed-login"


def test_env_on_a_terminal_hints_and_shows_no_controls(bridge):
    """I-58: what a terminal shows is cleaned; the hint says what the output is for."""
    bridge.on("CREDENTIALS", {**CREDENTIALS, "REGION": "a\x1b]0;b\x07c"})
    child = spawn(bridge, "env")
    child.expect(pexpect.EOF)
    shown = clean(child.before)
    assert 'type: eval "$(awsfed-login env)"' in shown
    assert "a?]0;b?c" in shown and "\x1b" not in shown and "\x07" not in shown
    child = spawn(bridge, "env", "--quiet")
    child.expect(pexpect.EOF)
    assert "type:" not in clean(child.before)


# ---- roles, status, logout ----------------------------------------------------------------------

def test_roles_is_an_aligned_table(bridge):
    bridge.on("ROLES", roles(cached_until=32503679999))
    assert run(bridge, "roles").stdout.splitlines() == [
        "NAME        ACCOUNT              MAX  CODE    CACHED",
        "Admin       111122223333 (prod)  1h   needed  -",
        "Überwacher  444455556666         12h  -       until 2999-12-31 23:59  (default)"]


def test_roles_shows_no_controls(bridge):
    """I-58"""
    bridge.on("ROLES", {"USER": "a", "EXPIRES": 1, "ROLE": [
        {"ROLE_NAME": "x\x1b[2J\ny\u202e", "ALIAS": "\x9b"}]})
    done = run(bridge, "roles")
    assert done.stdout.splitlines()[1].split() == ["x?[2J?y?", "-", "(?)", "-", "-", "-"]


def test_roles_json(bridge):
    bridge.on("ROLES", roles(cached_until=1795300800))
    assert json.loads(run(bridge, "roles", "--json").stdout) == [
        {"name": "Admin", "arn": "arn:aws:iam::111122223333:role/Admin", "account": "111122223333",
         "alias": "prod", "region": "eu-central-1", "max_duration_seconds": 3600, "needs_code": True,
         "cached_until": None, "default": False, "in_use": False},
        {"name": "Überwacher", "arn": "arn:aws:iam::444455556666:role/R", "account": "444455556666",
         "alias": None, "region": None, "max_duration_seconds": 43200, "needs_code": False,
         "cached_until": "2026-11-21T22:40:00Z", "default": True, "in_use": False}]


def test_no_roles_is_not_a_failure(bridge):
    bridge.on("ROLES", {"USER": "bob", "EXPIRES": 1})
    done = run(bridge, "roles")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No AWS roles: none of your groups is mapped to one.\n"
    assert run(bridge, "roles", "--json").stdout == "[]\n"


def test_eight_hundred_roles(bridge):
    bridge.on("ROLES", {"USER": "a", "EXPIRES": 1, "ROLE": [
        {"ROLE_NAME": f"Role-{i:03}", "ROLE_ARN": f"arn:aws:iam::111122223333:role/{i}",
         "ACCOUNT": "111122223333", "ALIAS": f"account-{i}", "DURATION": 3600} for i in range(800)]})
    assert len(run(bridge, "roles").stdout.splitlines()) == 801
    assert [r["name"] for r in json.loads(run(bridge, "roles", "--json").stdout)][799] == "Role-799"


def test_status_in_words(bridge):
    bridge.on("STATUS_OF", status)
    done = run(bridge, "status")
    assert done.returncode == 0
    assert re.fullmatch(
        r"Signed in as alice@corp\.example\.com since [-0-9: ]+ from 192\.0\.2\.7 until "
        r"[-0-9: ]+ \(11 h 59 min left\), code proved 1 min ago\.\n", done.stdout)
    bridge.on("STATUS_OF", {"USER": "a", "EXPIRES": 1, "STARTED": 1, "FACTORS": 1, "ROLE_NAME": "R\x1b"})
    done = run(bridge, "status")
    assert done.stdout.endswith("(0 s left), no code proved.\nThe session endpoint gives role R?.\n")


def test_status_json(bridge):
    bridge.on("STATUS_OF", status)
    got = json.loads(run(bridge, "status", "--json").stdout)
    assert 43000 < got.pop("seconds_left") <= 43190
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", got.pop("started"))
    assert got.pop("expires") > "2" and got.pop("code_time") > "2"
    assert got == {"signed_in": True, "user": "alice@corp.example.com", "sid": "S-1-5-21-1-2-3-1104",
                   "factors": ["password", "code"], "rhost": "192.0.2.7", "role": None}


def test_status_signed_out(bridge):
    done = run(bridge, "status")
    assert (done.returncode, done.stdout) == (4, "")
    assert one_line(done.stderr) == "you are not signed in; run awsfed-login"
    done = run(bridge, "status", "--json")
    assert (done.returncode, done.stdout, done.stderr) == (4, '{"signed_in":false}\n', "")


def test_status_for_a_prompt(bridge, tmp_path):
    bridge.on("STATUS_OF", status)
    assert run(bridge, "status", "--prompt").stdout == "aws:11h59m\n"
    for nothing in (status(EXPIRES=1), Refusal("NO_TICKET"), Refusal("BUSY"), None, b"?"):
        bridge.on("STATUS_OF", nothing)
        done = run(bridge, "status", "--prompt")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = run(tmp_path / "nothing", "status", "--prompt")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_prompt_tells_the_end_ahead_on_the_terminal(bridge):
    bridge.on("STATUS_OF", status(EXPIRES=int(time.time()) + 550, MESSAGE=["your sign-in ends in 9 min; to go on, x"]))
    child = spawn(bridge, "status", "--prompt")
    child.expect(pexpect.EOF)
    assert clean(child.before) == "aws:9m\nawsfed-login: your sign-in ends in 9 min; to go on, x\n"
    done = run(bridge, "status", "--prompt")
    assert (done.stdout, done.stderr) == ("aws:9m\n", "")


@pytest.mark.skipif(b"__asan_init" in pathlib.Path(LOGIN).read_bytes(), reason="sanitizers take their time")
def test_a_prompt_costs_less_than_three_milliseconds(bridge):
    """The whole process, with the answer of a bridge written in Python; the median, since other tests may be at work."""
    bridge.on("STATUS_OF", status)
    environ, quiet = environment(AWSFED_SOCKET=bridge.path), [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    times = []
    for _ in range(51):
        begun = time.perf_counter()
        os.waitpid(os.posix_spawn(LOGIN, [LOGIN, "status", "--prompt"], environ, file_actions=quiet), 0)
        times.append(time.perf_counter() - begun)
    assert sorted(times)[25] < 0.003


def test_a_prompt_does_not_wait_for_a_silent_bridge(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen(1)
        begun = time.monotonic()
        assert run(tmp_path / "s", "status", "--prompt").returncode == 0
        assert time.monotonic() - begun < 5


def test_logout(bridge):
    bridge.on("LOGOUT", {})
    done = run(bridge, "logout")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Signed out.\n", "")
    assert run(bridge, "logout", "-q").stdout == ""
    assert bridge.types() == ["LOGOUT", "LOGOUT"]
    bridge.on("LOGOUT", Refusal("NO_TICKET"))
    assert run(bridge, "logout").returncode == 0
    bridge.on("LOGOUT", Refusal("BUSY"))
    assert run(bridge, "logout").returncode == 6


# ---- usage and help -----------------------------------------------------------------------------

def test_wrong_usage(bridge):
    for args in (["role"], ["roles", "x"], ["--rol", "x"], ["env", "--shell", "csh"], ["-d", "5m"],
                 ["roles", "--prompt"], ["env", "--role"]):
        done = run(bridge, *args)
        assert (done.returncode, done.stdout) == (2, ""), args
        one_line(done.stderr)
    assert 'did you mean "roles"?' in run(bridge, "rolse").stderr
    assert 'did you mean "--duration"?' in run(bridge, "--duraton=1h").stderr
    assert bridge.asked == []
    assert one_line(run(bridge, "\x1b[2J\n").stderr) == 'unknown word "?[2J?"; see awsfed-login --help'


def test_help_fits_a_terminal(bridge):
    for args in (["--help"], ["-h"], *([w, "--help"] for w in
                 ("roles", "use", "credential-process", "env", "exec", "console", "configure", "write", "enrol",
                  "recovery-codes", "status", "logout"))):
        done = run(bridge, *args)
        assert done.returncode == 0 and done.stderr == ""
        assert "Usage:\n" in done.stdout and "Exit status:\n" in done.stdout
        assert done.stdout.startswith("awsfed-login " + args[0] if len(args) > 1 else "awsfed-login:")
        assert max(map(len, done.stdout.splitlines())) <= 80 and done.stdout.isascii()
    assert re.fullmatch(r"awsfed-login \d+\.\d+\.\d+\n", run(bridge, "--version").stdout)


def test_the_man_page_has_every_word_and_option(bridge):
    page = (ROOT / "conf/man/awsfed-login.1").read_text()
    listed = run(bridge, "--help").stdout.split("Words:\n")[1].split("\n\n")[0]
    words = re.findall(r"^  ([a-z-]+) ", listed, re.M)
    assert len(words) >= 12
    for word in words:
        assert re.search(rf"^\.It Cm {word}$", page, re.M), word
    for word in ("", *words):
        text = run(bridge, *filter(None, [word]), "--help").stdout
        for option in re.findall(r"--([a-z]+)", text):
            assert re.search(rf"Fl -{option}\b", page), option


def test_an_option_names_the_socket(bridge, tmp_path):
    bridge.on("LOGOUT", {})
    done = run(tmp_path / "nothing", "logout", "--socket", bridge.path)
    assert done.returncode == 0 and bridge.types() == ["LOGOUT"]


# ---- a person at a terminal ---------------------------------------------------------------------

def test_sign_in_shows_who_until_when_and_the_roles(bridge):
    signing_in(bridge)
    child = spawn(bridge)
    answer(child)
    child.expect(pexpect.EOF)
    assert re.match(r"\s*Signed in as alice@corp\.example\.com until [-0-9: ]+ \(11 h 59 min\)\.\n\n"
                    r"NAME ", clean(child.before))
    assert "Überwacher" in child.before and "s3cret" not in child.before and "123456" not in child.before
    assert ended(child) == 0
    kind, fields = bridge.asked[1]
    assert kind == "SIGN_IN" and fields["TTY"].startswith("/dev/pts/")
    assert bridge.types() == ["STATUS_OF", "SIGN_IN", "ROLES"]


def test_with_a_ticket_nothing_is_asked(bridge):
    bridge.on("STATUS_OF", status)
    bridge.on("ROLES", roles)
    done = run(bridge)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("Signed in as alice@corp.example.com until ")
    assert "Admin" in done.stdout
    assert run(bridge, "-q").stdout == ""


def test_without_a_terminal_it_says_what_to_run(bridge):
    done = run(bridge)
    assert (done.returncode, done.stdout) == (4, "")
    assert one_line(done.stderr) == "sign-in needed, and no terminal to ask on; run awsfed-login in one"
    assert bridge.types() == ["STATUS_OF"]


def test_three_tries(bridge):
    signing_in(bridge)
    child = spawn(bridge)
    for _ in range(2):
        answer(child, code="000000")
        child.expect_exact("authentication failed; try again.")
    answer(child, code="000000")
    child.expect(pexpect.EOF)
    assert clean(child.before).endswith("awsfed-login: authentication failed\n")
    assert ended(child) == 3 and bridge.types().count("SIGN_IN") == 3


def test_a_second_try_may_be_right(bridge):
    signing_in(bridge)
    child = spawn(bridge)
    answer(child, password="wrong")
    child.expect_exact("try again.")
    answer(child)
    child.expect(pexpect.EOF)
    assert "Signed in as" in child.before and ended(child) == 0


def test_a_used_code_is_said_and_tried_again(bridge):
    bridge.on("SIGN_IN", Refusal("REPLAY"))
    child = spawn(bridge)
    answer(child)
    child.expect_exact("this one-time code was used already; try again.")
    child.expect_exact("Password: ")
    child.close(force=True)


@pytest.mark.parametrize("error, exit_status", [("LOCKED", 3), ("DISABLED", 3), ("PASSWORD_EXPIRED", 3),
                                           ("NOT_ENROLLED", 3), ("DIRECTORY", 6), ("STORE", 6)])
def test_what_another_try_cannot_change_ends_at_once(bridge, error, exit_status):
    bridge.on("SIGN_IN", Refusal(error))
    child = spawn(bridge)
    answer(child)
    child.expect(pexpect.EOF)
    assert clean(child.before).endswith(f"awsfed-login: {ERRORS[error][2]}\n")
    assert ended(child) == exit_status and bridge.types().count("SIGN_IN") == 1


def test_empty_and_overlong_answers_go_nowhere(bridge):
    """I-1, I-2, I-29: the bridge never hears of them."""
    child = spawn(bridge)
    child.expect_exact("Password: ")
    child.sendline("")
    child.expect_exact("try again.")
    child.expect_exact("Password: ")
    child.sendline("p" * 512)
    child.expect_exact("try again.")
    child.expect_exact("Password: ")
    child.sendline("p" * 511)
    child.expect_exact("One-time code: ")
    child.sendline("")
    child.expect(pexpect.EOF)
    assert ended(child) == 3 and bridge.types() == ["STATUS_OF"]


def test_the_rest_of_an_overlong_answer_does_not_reach_the_next_prompt(bridge):
    signing_in(bridge)
    child = spawn(bridge)
    child.expect_exact("Password: ")
    child.sendline("p" * 600 + "Q" * 400)
    child.expect_exact("try again.")
    answer(child)
    child.expect(pexpect.EOF)
    assert "Signed in as" in child.before and ended(child) == 0


def test_the_longest_password_and_a_code_with_blanks_arrive_as_typed(bridge):
    signing_in(bridge, password="ä" * 255 + "p", code="123 456")
    child = spawn(bridge)
    answer(child, password="ä" * 255 + "p", code="123 456")
    child.expect(pexpect.EOF)
    assert ended(child) == 0


def test_what_is_typed_ahead_is_no_answer(bridge):
    child = spawn(bridge)
    child.expect_exact("Password: ")
    child.send("typed\rahead\r")  # the second line stands before its prompt does
    child.expect_exact("One-time code: ")
    child.sendline("")
    child.expect_exact("try again.")
    assert "SIGN_IN" not in bridge.types()
    child.close(force=True)


def test_end_of_input_ends_it(bridge):
    child = spawn(bridge)
    child.expect_exact("Password: ")
    child.sendeof()
    child.expect(pexpect.EOF)
    assert clean(child.before).endswith("awsfed-login: not signed in\n") and ended(child) == 4


def test_messages_of_a_sign_in_are_passed_on(bridge):
    bridge.on("ROLES", roles)
    bridge.on("SIGN_IN", status(MESSAGE=["your password expires in 3 days\x1b[5m"]))
    child = spawn(bridge)
    answer(child)
    child.expect(pexpect.EOF)
    assert "awsfed-login: your password expires in 3 days?[5m" in child.before and ended(child) == 0


def test_env_signs_in_where_somebody_sits(bridge):
    def sign_in(fields):
        bridge.on("CREDENTIALS", CREDENTIALS)
        return status()
    bridge.on("SIGN_IN", sign_in)
    bridge.on("CREDENTIALS", Refusal("FRESH_CODE"))
    child = spawn(bridge, "env", "--role", "Admin")
    answer(child)
    child.expect(pexpect.EOF)
    assert f"export AWS_SECRET_ACCESS_KEY='{SECRET}';" in child.before and ended(child) == 0
    assert bridge.types() == ["CREDENTIALS", "SIGN_IN", "CREDENTIALS"]


def test_a_role_that_wants_a_fresh_code_gets_one(bridge):
    bridge.on("STATUS_OF", status)
    bridge.on("ROLES", roles)
    bridge.on("SIGN_IN", status)
    child = spawn(bridge, "--role", "Admin")
    answer(child)
    child.expect(pexpect.EOF)
    assert "Signed in as" in child.before and ended(child) == 0
    assert bridge.types() == ["STATUS_OF", "ROLES", "SIGN_IN", "ROLES"]
    child = spawn(bridge, "--role", "Überwacher")
    child.expect(pexpect.EOF)
    assert "Password" not in child.before and ended(child) == 0


# A shell with job control that tells what became of the terminal, where bash would quietly put it
# right. Only after a stop does it set its own modes, as shells do.
SHELL = """
import os, signal, sys, termios
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
before = termios.tcgetattr(0)
pid = os.fork()
if pid == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    _, status = os.waitpid(pid, os.WUNTRACED)
    after = termios.tcgetattr(0)
    os.tcsetpgrp(0, os.getpgrp())
    same = "restored" if after == before else "CHANGED"
    if not os.WIFSTOPPED(status):
        print(f"ended {os.waitstatus_to_exitcode(status)} {same};", flush=True)
        break
    termios.tcsetattr(0, termios.TCSANOW, before)
    print(f"stopped {os.WSTOPSIG(status)} {same};", flush=True)
    input()
    os.tcsetpgrp(0, pid)
    os.kill(pid, signal.SIGCONT)
"""


class Shell:
    """awsfed-login as the foreground job of that shell, at its first prompt."""

    def __init__(self, bridge):
        self.bridge = bridge
        self.child = pexpect.spawn("/usr/bin/python3", ["-c", SHELL, LOGIN], timeout=20,
                                   encoding="utf-8", env=environment(AWSFED_SOCKET=bridge.path))
        self.prompted()

    def prompted(self):
        self.child.expect_exact("Password: ")
        assert not echoes(self.child)

    def ended(self, status):
        """With that status (negative: a signal's number), and the terminal as it was before."""
        self.child.expect(r"(ended|stopped) (-?\d+) (\w+);")
        assert self.child.match.groups() == ("ended", str(int(status)), "restored")

    def stopped(self, number, terminal):
        self.child.expect(r"(ended|stopped) (-?\d+) (\w+);")
        assert self.child.match.groups() == ("stopped", str(int(number)), terminal)

    def job(self):
        return os.tcgetpgrp(self.child.child_fd)


@pytest.fixture
def shell(bridge):
    it = Shell(bridge)
    yield it
    it.child.close(force=True)


@pytest.mark.parametrize("key, number", [("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT)])
def test_a_key_that_interrupts_restores_the_terminal(shell, key, number):
    shell.child.send("half a pass" + key)
    shell.ended(-number)
    assert shell.bridge.types() == ["STATUS_OF"]


def test_ctrl_c_at_the_second_prompt(shell):
    shell.child.sendline("password")
    shell.child.expect_exact("One-time code: ")
    shell.child.send("12\x03")
    shell.ended(-signal.SIGINT)
    assert "SIGN_IN" not in shell.bridge.types()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_ends_it_restores_the_terminal(shell, number):
    os.kill(shell.job(), number)
    shell.ended(-number)


def test_every_answer_restores_the_terminal(shell):
    shell.child.sendline("wrong")
    shell.child.expect_exact("One-time code: ")
    shell.child.sendline("wrong")
    shell.child.expect_exact("you are not signed in")  # the fake's answer to a SIGN_IN it does not know
    shell.ended(4)


def test_end_of_input_restores_the_terminal(shell):
    shell.child.sendeof()
    shell.ended(4)


def test_ctrl_z_restores_and_coming_back_asks_again(shell):
    shell.child.send("half a pass\x1a")
    shell.stopped(signal.SIGTSTP, "restored")
    signing_in(shell.bridge)
    shell.child.sendline("fg")
    shell.prompted()
    shell.child.sendline("s3cret pässword")
    shell.child.expect_exact("One-time code: ")
    shell.child.sendline("123456")
    shell.child.expect_exact("Signed in as")
    shell.ended(0)


def test_a_stop_that_cannot_be_caught_does_not_leave_the_echo_on(shell):
    """After SIGSTOP the shell has set the terminal as it likes it; the prompt hides it again."""
    os.kill(shell.job(), signal.SIGSTOP)
    shell.stopped(signal.SIGSTOP, "CHANGED")
    shell.child.sendline("fg")
    shell.prompted()
    shell.child.send("\x03")
    shell.ended(-signal.SIGINT)


def test_nobody_is_asked_whose_input_is_not_a_terminal(bridge):
    """There is a terminal to open, but a script's input comes from elsewhere."""
    child = pexpect.spawn("/bin/sh", ["-c", f"{LOGIN} </dev/null; echo status=$?"], timeout=20,
                          encoding="utf-8", env=environment(AWSFED_SOCKET=bridge.path))
    child.expect(pexpect.EOF)
    assert "Password" not in child.before and "status=4" in child.before


def test_an_ignored_signal_stays_ignored(bridge):
    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signing_in(bridge)
    child = spawn(bridge, preexec_fn=ignore)
    child.expect_exact("Password: ")
    os.kill(child.pid, signal.SIGHUP)
    child.sendline("s3cret pässword")
    child.expect_exact("One-time code: ")
    child.sendline("123456")
    child.expect(pexpect.EOF)
    assert ended(child) == 0


def test_it_leaves_no_core_and_lets_no_other_process_in(bridge, tmp_path):
    """I-57: a process that may hold a password is not dumpable; a plain one in its place is."""
    def crash(argv, ready):
        def allow():
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
        child = pexpect.spawn(argv[0], argv[1:], cwd=str(tmp_path), preexec_fn=allow, timeout=20,
                              env=environment(AWSFED_SOCKET=bridge.path))
        child.expect_exact(ready)
        os.kill(child.pid, signal.SIGSEGV)
        child.expect(pexpect.EOF)
        child.close()
        return os.WCOREDUMP(child.status)
    if not crash(["/bin/sh", "-c", "echo up; read x"], "up"):
        pytest.skip("this machine writes no cores at all")
    assert not crash([LOGIN], "Password: ")


def test_secrets_are_in_neither_arguments_nor_environment(bridge):
    """I-57"""
    seen = {}

    def sign_in(fields):
        for name in ("cmdline", "environ"):
            try:
                seen[name] = pathlib.Path(f"/proc/{child.pid}/{name}").read_bytes()
            except PermissionError:  # not dumpable: even its own user may not look
                assert os.geteuid() != 0
        return Refusal("LOCKED")
    bridge.on("SIGN_IN", sign_in)
    child = spawn(bridge)
    answer(child)
    child.expect(pexpect.EOF)
    for text in seen.values():
        assert b"s3cret" not in text and b"123456" not in text
    assert seen["cmdline"] == LOGIN.encode() + b"\0"
