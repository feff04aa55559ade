"""
awsfed-login configure and write: ~/.aws under every misfortune, and nobody's lines lost (I-68).
SPDX-License-Identifier: Apache-2.0
"""
import configparser
import json
import os
import pathlib
import resource
import stat
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake_bridge import Refusal  # noqa: E402
from login_tools import (ACCESS, CREDENTIALS, LOGIN, SECRET, TOKEN, bridge, environment,  # noqa: E402, F401
                         one_line, roles, run, status)

BEGIN, END = "# BEGIN awsfed-login", "# END awsfed-login"


def two_roles(_=None):
    reply = roles()
    reply["ROLE"][1] = {**reply["ROLE"][1], "ROLE_NAME": "dev-readonly", "ALIAS": "dev\n[default]\x1b"}
    return reply


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def at_home(bridge, home):
    bridge.on("ROLES", two_roles)
    bridge.on("CREDENTIALS", lambda _: {**CREDENTIALS, "EXPIRES": int(time.time()) + 3600})

    def go(*args, env=None, **options):
        return run(bridge, *args, env={"HOME": str(home), **(env or {})}, **options)
    return go


def text_of(path):
    return path.read_bytes().decode()


def no_litter(folder):
    assert sorted(p.name for p in folder.iterdir() if p.name.startswith(".awsfed")) in ([], [".awsfed-login.lock"])


# ---- configure ----

def test_configure_makes_the_file(at_home, home):
    done = at_home("configure")
    assert (done.returncode, done.stderr) == (0, "")
    config = home / ".aws/config"
    assert done.stdout == f"{config} has 2 profiles of your roles: Admin, dev-readonly\n"
    assert stat.S_IMODE((home / ".aws").stat().st_mode) == 0o700 and stat.S_IMODE(config.stat().st_mode) == 0o600
    assert text_of(config) == (
        f'{BEGIN}: by "awsfed-login configure", which writes these lines anew\n'
        "# AWS account 111122223333 (prod)\n[profile Admin]\n"
        "credential_process = awsfed-login credential-process --role Admin\nregion = eu-central-1\n"
        "# AWS account 444455556666 (dev?[default]?)\n[profile dev-readonly]\n"
        "credential_process = awsfed-login credential-process --role dev-readonly\n"
        f"{END}\n")
    no_litter(home / ".aws")
    before = config.stat()
    assert at_home("configure", "-q").stdout == ""
    assert (config.stat().st_ino, config.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns), \
        "unchanged content is not written"


FOREIGN = [b"", b"\n", b"# a comment\n\n[default]\nregion = x", b"[default]\r\noutput=json\r\n",
           b"[profile a]\ns3 =\n  max_concurrent_requests = 2\n\n[profile a]\nx=1\n",
           b"\xff\xfe\x00 odd bytes [\n[broken\n= y\n"]


@pytest.mark.parametrize("foreign", FOREIGN)
def test_foreign_lines_survive_byte_for_byte(at_home, home, foreign):
    """I-68: first, in the middle, and when the block changes; duplicates and no final newline too."""
    config = home / ".aws/config"
    config.parent.mkdir()
    config.write_bytes(foreign)
    config.chmod(0o640)
    assert at_home("configure").returncode == 0
    got = config.read_bytes()
    assert got.startswith(foreign) and got[len(foreign):].lstrip(b"\n").startswith(BEGIN.encode())
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    config.write_bytes(got + b"[profile later]\nregion = y")
    assert at_home("configure", "--prefix", "corp-").returncode == 0
    got = config.read_bytes()
    assert got.startswith(foreign) and got.endswith(END.encode() + b"\n[profile later]\nregion = y")
    assert b"[profile corp-Admin]" in got and b"[profile Admin]" not in got
    assert got.count(BEGIN.encode()) == 1
    no_litter(config.parent)


def test_a_profile_of_the_users_own_is_left_alone(at_home, home):
    config = home / ".aws/config"
    config.parent.mkdir()
    config.write_text('[profile "Admin"]\nregion = mine\n')
    done = at_home("configure")
    assert done.returncode == 0 and text_of(config).count("Admin") == 1
    assert "left alone: Admin; with --prefix" in one_line(done.stderr)
    configparser.RawConfigParser().read_string(text_of(config))


def test_a_name_that_sdks_would_misread_is_left_out(at_home, bridge, home):
    reply = two_roles()
    reply["ROLE"][0]["ROLE_NAME"] = "x; touch BROKEN #"
    bridge.on("ROLES", reply)
    done = at_home("configure")
    assert done.returncode == 0 and "cannot take these names" in one_line(done.stderr)
    assert "touch" not in text_of(home / ".aws/config")


def test_roles_that_are_gone_take_their_profiles_along(at_home, bridge, home):
    at_home("configure")
    bridge.on("ROLES", {**two_roles(), "ROLE": []})
    assert at_home("configure").returncode == 0
    assert text_of(home / ".aws/config") == ""


@pytest.mark.parametrize("marks", [f"{BEGIN}\n", f"{END}\n", f"{BEGIN}\n{BEGIN}\n{END}\n"])
def test_torn_marks_are_refused(at_home, home, marks):
    config = home / ".aws/config"
    config.parent.mkdir()
    config.write_text(f"a=1\n{marks}")
    done = at_home("configure")
    assert done.returncode == 1 and done.stdout == ""
    assert f"{config}:{3 if marks.count(BEGIN) == 2 else 2}: the marks" in one_line(done.stderr)
    assert "nothing was changed" in done.stderr and text_of(config) == f"a=1\n{marks}"


def test_diff_changes_nothing_and_patch_takes_it(at_home, home, tmp_path):
    config = home / ".aws/config"
    config.parent.mkdir()
    config.write_text("[default]\nregion = x")
    done = at_home("configure", "--diff")
    assert done.returncode == 0 and text_of(config) == "[default]\nregion = x"
    copy = tmp_path / "copy"
    copy.write_text(text_of(config))
    patched = subprocess.run(["patch", "-s", str(copy)], input=done.stdout, text=True, capture_output=True,
                             timeout=60, check=False)
    assert patched.returncode == 0, patched.stdout + patched.stderr
    at_home("configure")
    assert text_of(copy) == text_of(config)
    done = at_home("configure", "--diff")
    assert done.stdout == "" and "would not change" in done.stderr


def test_symlinks_are_followed(at_home, home, tmp_path):
    """I-68: a file kept elsewhere stays there; a link whose end is not there yet is its end's making."""
    real = tmp_path / "dotfiles"
    real.mkdir()
    (real / "config").write_text("# mine\n")
    (home / ".aws").mkdir()
    (home / ".aws/config").symlink_to("../../dotfiles/config")
    (home / ".aws/credentials").symlink_to(real / "later")
    assert at_home("configure").returncode == 0
    assert at_home("write", "--profile", "p").returncode == 0
    assert (home / ".aws/config").is_symlink() and (home / ".aws/credentials").is_symlink()
    assert text_of(real / "config").startswith("# mine\n\n" + BEGIN) and "[p]" in text_of(real / "later")
    no_litter(real)
    (home / ".aws/config").unlink()
    (home / ".aws/config").symlink_to("config")
    assert at_home("configure").returncode == 1


def test_the_variables_name_the_files(at_home, home, tmp_path):
    env = {"AWS_CONFIG_FILE": str(tmp_path / "c"), "AWS_SHARED_CREDENTIALS_FILE": "~/k"}
    assert at_home("configure", env=env).returncode == 0 and BEGIN in text_of(tmp_path / "c")
    assert at_home("write", "--profile", "p", env=env).returncode == 0 and "[p]" in text_of(home / "k")
    assert not (home / ".aws").exists()


@pytest.mark.skipif(os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"), reason="needs another user")
def test_what_cannot_be_written_says_so(bridge, tmp_path):
    """Read-only folder, read-only file, something else than a file: nothing changes and the remedy is told."""
    bridge.on("ROLES", two_roles)
    os.chmod(bridge.path, 0o777)
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    config = home / ".aws/config"
    config.write_text("# mine\n")
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    for path in [tmp_path, *tmp_path.parents]:
        if not os.stat(path).st_mode & stat.S_IXOTH and os.geteuid() == 0 and str(path) != "/":
            os.chmod(path, 0o755)

    def go():
        done = subprocess.run([*user, LOGIN, "configure"], capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL,
                              env=environment(AWSFED_SOCKET=bridge.path, HOME=str(home)))
        assert done.returncode == 1 and done.stdout == "" and text_of(config) == "# mine\n"
        return one_line(done.stderr)

    (home / ".aws").chmod(0o555)
    assert "Permission denied; nothing was changed" in go()
    if user:
        os.chown(home / ".aws", 65534, 65534)
        os.chown(config, 65534, 65534)
    (home / ".aws").chmod(0o755)
    config.chmod(0o444)
    assert "Permission denied; nothing was changed" in go()


def test_no_regular_file_is_refused(at_home, home):
    (home / ".aws/config").mkdir(parents=True)
    assert "not a regular file" in one_line(at_home("configure").stderr)
    (home / ".aws/config").rmdir()
    os.mkfifo(home / ".aws/config")
    assert "not a regular file" in one_line(at_home("configure").stderr)


def test_no_home(bridge):
    bridge.on("ROLES", two_roles)
    for value in ("", "relative"):
        done = run(bridge, "configure", env={"HOME": value})
        assert done.returncode == 1 and "HOME" in one_line(done.stderr)


def test_a_full_disk_leaves_the_file_as_it_was(at_home, home):
    """I-68: a write that fails in the middle."""
    config = home / ".aws/config"
    config.parent.mkdir()
    old = "# mine\n" * 100
    config.write_text(old)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (720, 720))
    done = at_home("configure", preexec_fn=limit)
    assert done.returncode == 1 and "nothing was changed" in one_line(done.stderr)
    assert text_of(config) == old
    no_litter(config.parent)


def test_a_full_file_system(bridge, tmp_path):
    """The same on a file system without room; where nothing may be mounted, on one that finds out when it writes it down."""
    script = ('mkdir "$1/.aws" && echo "# mine" >"$1/.aws/config" && dd if=/dev/zero of="$1/fill" bs=4k count=64 2>/dev/null; '
              'where=$1; shift; HOME=$where "$@" configure; echo "rc=$?"; cat "$where/.aws/config"')
    bridge.on("ROLES", two_roles)
    folder = tmp_path / "m"
    folder.mkdir()
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0:
        argv = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o size=16k none "$1" && {script}', "sh", folder, LOGIN]
    else:
        argv = ["sh", "-c", script, "sh", folder, "strace", "-o/dev/null", "-einject=fsync:error=ENOSPC", LOGIN]
    done = subprocess.run(argv, text=True, capture_output=True, timeout=60, check=False,
                          env=environment(AWSFED_SOCKET=bridge.path, ASAN_OPTIONS="detect_leaks=0"))
    assert done.stdout == "rc=1\n# mine\n" and "make room" in done.stderr


def test_twenty_writers_at_once(at_home, bridge, home):
    """I-68: ours wait for each other, and a stranger who holds no lock loses nothing either."""
    config, credentials = home / ".aws/config", home / ".aws/credentials"
    config.parent.mkdir()
    config.write_text("# mine\n")
    credentials.write_text("[mine]\naws_access_key_id = AKIAMINE\n")
    env = environment(AWSFED_SOCKET=bridge.path, HOME=str(home))
    children = []
    for i in range(20):
        children.append(subprocess.Popen([LOGIN, "write", "-q", "--profile", f"p{i}"], env=env))
        if i % 4 == 0:
            children.append(subprocess.Popen([LOGIN, "configure", "-q", "--prefix", f"x{i}-"], env=env))
    assert [child.wait(60) for child in children] == [0] * len(children)
    parsed = configparser.RawConfigParser()
    parsed.read(credentials)
    assert set(parsed.sections()) == {"mine", *(f"p{i}" for i in range(20))}
    assert all(parsed[f"p{i}"]["aws_session_token"] == TOKEN for i in range(20))
    assert text_of(config).count(BEGIN) == 1 and text_of(config).startswith("# mine\n")
    no_litter(config.parent)


# ---- write ----

def test_write_makes_a_profile(at_home, home):
    done = at_home("write", "--profile", "tool", "-r", "Admin")
    path = home / ".aws/credentials"
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith(f"Profile tool in {path} is role Admin")
    assert SECRET not in done.stdout and stat.S_IMODE(path.stat().st_mode) == 0o600
    parsed = configparser.RawConfigParser()
    parsed.read(path)
    assert dict(parsed["tool"]) == {"aws_access_key_id": ACCESS, "aws_secret_access_key": SECRET,
                                    "aws_session_token": TOKEN}


def test_write_replaces_keys_and_nothing_else(at_home, home):
    """I-68: in the same section, before it and behind it."""
    path = home / ".aws/credentials"
    path.parent.mkdir()
    path.write_text("# top\n[a]\naws_access_key_id=AKIAMINE\n[p]\n# note\nregion = r\naws_access_key_id = ASIAOLD\n"
                    "AWS_SECRET_ACCESS_KEY = old\naws_session_token = old\n  more\naws_security_token = old\n"
                    "# awsfed-login: old\nother = 1\n\n[z]\nk = v")
    for _ in range(2):
        assert at_home("write", "--profile", "p").returncode == 0
        lines = text_of(path).splitlines()
        assert lines[:4] == ["# top", "[a]", "aws_access_key_id=AKIAMINE", "[p]"]
        assert lines[4].startswith("# awsfed-login: role Admin, until 20")
        assert lines[5:] == [f"aws_access_key_id = {ACCESS}", f"aws_secret_access_key = {SECRET}",
                             f"aws_session_token = {TOKEN}", "# note", "region = r", "other = 1", "", "[z]", "k = v"]
        assert not text_of(path).endswith("\n")


@pytest.mark.parametrize("text, what", [("[p]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", "long-term key"),
                                        ("[p]\nx = 1\n[q]\n[p]\n", "is in line 1 already")])
def test_write_refuses_what_is_not_ours_to_touch(at_home, home, text, what):
    path = home / ".aws/credentials"
    path.parent.mkdir()
    path.write_text(text)
    done = at_home("write", "--profile", "p")
    assert done.returncode == 1 and what in one_line(done.stderr) and text_of(path) == text


def test_write_warns_of_a_file_that_others_can_read(at_home, home):
    path = home / ".aws/credentials"
    path.parent.mkdir()
    path.touch()
    path.chmod(0o644)
    done = at_home("write", "--profile", "p")
    assert done.returncode == 0 and "chmod 600" in one_line(done.stderr)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_write_wants_a_profile_and_a_credential(at_home, bridge, home):
    assert at_home("write").returncode == 2
    bridge.on("CREDENTIALS", {**CREDENTIALS, "SESSION_TOKEN": "a\n[default]\nx=1"})
    assert at_home("write", "--profile", "p").returncode == 1
    bridge.on("CREDENTIALS", Refusal("ROLE"))
    assert at_home("write", "--profile", "p").returncode == 3
    assert not (home / ".aws").exists()


# ---- for machines ----

def told(done):
    """The one object on standard output; nothing is said beside it."""
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


def test_use_json(at_home, bridge, home):
    bridge.on("USE", Refusal("ROLE"))
    done = at_home("use", "--json", "Admin")
    assert done.returncode == 3 and done.stdout == "" and one_line(done.stderr)
    bridge.on("USE", {"ROLE_NAME": "Admin", "ROLE_ARN": "arn:aws:iam::111122223333:role/Admin", "ALIAS": "a\"\n\x1b",
                      "ACCOUNT": "111122223333", "EXPIRES": 1795300800})
    want = {"role": "Admin", "arn": "arn:aws:iam::111122223333:role/Admin", "account": "111122223333",
            "alias": "a\"\n\x1b", "region": None, "expires": "2026-11-21T22:40:00Z"}
    assert told(at_home("use", "Admin", "--json")) == want == told(at_home("use", "Admin", "--json", "-q"))
    (home / ".aws").mkdir()
    (home / ".aws/credentials").write_text("[default]\naws_access_key_id = AKIA\n")
    stale = told(at_home("use", "--json", "Admin"))
    assert "profile \"default\" has keys" in stale.pop("warnings")[0] and stale == want


def test_configure_json(at_home, bridge, home):
    """The same edit as without it, and what it did; --diff does none."""
    bridge.on("ROLES", lambda _: {"ROLE": [*two_roles()["ROLE"], {"ROLE_NAME": "a b", "CODE_NEEDED": 0}]})
    config = home / ".aws/config"
    config.parent.mkdir()
    config.write_text("[profile Admin]\nregion = x\n")
    lists = {"path": str(config), "profiles": ["dev-readonly"], "left_alone": ["Admin"], "unfit": ["a b"]}
    plain = at_home("configure", "--diff")
    assert told(at_home("configure", "--json", "--diff")) == {**lists, "changed": True, "diff": plain.stdout}
    assert text_of(config) == "[profile Admin]\nregion = x\n"
    assert told(at_home("configure", "--json")) == {**lists, "changed": True} and "[profile dev-" in text_of(config)
    assert told(at_home("configure", "--json", "-q")) == {**lists, "changed": False}
    assert told(at_home("configure", "--json", "--diff")) == {**lists, "changed": False, "diff": ""}
    got = told(at_home("configure", "--json", "--prefix", "p-"))
    assert (got["profiles"], got["left_alone"], got["changed"]) == (["p-Admin", "p-dev-readonly"], [], True)
    (home / ".aws/credentials").write_text("[p-Admin]\naws_access_key_id = AKIA\n")
    assert len(told(at_home("configure", "--json", "--prefix", "p-"))["warnings"]) == 1
    config.write_text(f"{END}\n")
    done = at_home("configure", "--json")
    assert done.returncode != 0 and done.stdout == "" and "the marks" in one_line(done.stderr)


def test_write_json(at_home, home):
    """It has what a machine needs to find the keys, and no key."""
    path = home / ".aws/credentials"
    done = at_home("write", "--json", "--profile", "tool", "-r", "Admin")
    got = told(done)
    assert got.pop("expires") in text_of(path)
    assert got == {"path": str(path), "profile": "tool", "role": "Admin", "account": "111122223333"}
    assert not any(key in done.stdout for key in (ACCESS, SECRET, TOKEN))
    path.chmod(0o640)
    assert "can be read by others" in told(at_home("write", "--json", "--profile", "tool"))["warnings"][0]
    path.write_text("[tool]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n")
    done = at_home("write", "--json", "--profile", "tool")
    assert done.returncode == 1 and done.stdout == "" and "long-term key" in one_line(done.stderr)


# ---- keys that would win over us ----

def test_stale_keys_are_named(at_home, bridge, home):
    bridge.on("STATUS_OF", status)
    assert at_home("status").stderr == ""
    line = one_line(at_home("status", env={"AWS_ACCESS_KEY_ID": "AKIA"}).stderr)
    assert "AWS_ACCESS_KEY_ID is set" in line and "env --unset" in line
    line = one_line(at_home("status", env={"AWS_ACCESS_KEY_ID": "ASIA", "AWS_CREDENTIAL_EXPIRATION":
                                           "2020-01-01T00:00:00Z"}).stderr)
    assert "ended 2020-01-01T00:00:00Z" in line
    assert at_home("status", env={"AWS_ACCESS_KEY_ID": "ASIA",
                                  "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00Z"}).stderr == ""
    (home / ".aws").mkdir()
    (home / ".aws/credentials").write_text("[x]\n[default]\naws_access_key_id = AKIA\n")
    line = one_line(at_home("status").stderr)
    assert f'{home}/.aws/credentials:3: profile "default" has keys' in line
    assert at_home("status", env={"AWS_PROFILE": "x"}).stderr == "" and at_home("status", "-q").stderr == ""
    assert len(json.loads(at_home("status", "--json").stdout)["warnings"]) == 1
    (home / ".aws/credentials").unlink()
    assert at_home("write", "--profile", "default", "-q").returncode == 0
    assert at_home("status").stderr == "", "keys that `write` put there are meant"
    (home / ".aws/credentials").write_text("[Admin]\naws_access_key_id = AKIA\n")
    assert 'profile "Admin" has keys' in one_line(at_home("configure").stderr)


def test_the_sdk_reads_what_configure_wrote(at_home, bridge, home):
    botocore = pytest.importorskip("botocore.session")
    at_home("configure")
    keep = dict(os.environ)
    try:
        for name in [n for n in os.environ if n.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(HOME=str(home), PATH=f"{os.path.dirname(LOGIN)}:{keep['PATH']}",
                          AWSFED_SOCKET=bridge.path, AWS_EC2_METADATA_DISABLED="true")
        session = botocore.Session(profile="dev-readonly")
        assert session.get_credentials().get_frozen_credentials().secret_key == SECRET
        assert bridge.asked[-1] == ("CREDENTIALS", {"ROLE_NAME": "dev-readonly"})
        assert botocore.Session(profile="Admin").get_config_variable("region") == "eu-central-1"
    finally:
        os.environ.clear()
        os.environ.update(keep)
