"""
The words of awsfed-login in a real session: the role of all shells, commands that renew, profiles, keys and the console,
with the real AWS CLI and boto3 against the stand-in.
SPDX-License-Identifier: Apache-2.0
"""
import json
import subprocess

import pytest

ADMIN = "arn:aws:sts::111122223333:assumed-role/Admin/alice"
READER = "arn:aws:sts::444455556666:assumed-role/ReadOnly/alice"
WHO = "aws sts get-caller-identity --query Arn --output text"


@pytest.fixture(scope="module")
def alice(lab):
    who = lab.people.person("alice")
    with lab.sshd.Session("alice", who.password, lab.codes.fresh("alice")) as session:
        authority = (f"export AWS_CA_BUNDLE={lab.certificates.CA_FILE} AWS_REGION={lab.places.REGION} "
                     "AWS_STS_REGIONAL_ENDPOINTS=regional; ")

        def run(command, **options):
            return session.run(authority + command, **options)
        session.run("rm -rf ~/.aws")
        yield run
        session.run("rm -rf ~/.aws")


def test_use_is_every_shell_s_role(alice):
    """Each session.run is a shell of its own: all of them see the choice."""
    for role in ("prod-admin", "dev-readonly"):
        done = alice(f"awsfed-login use {role}")
        assert done.status == 0 and f"is now {role} in account" in done.out, done.err
        marked, = [one for one in json.loads(alice("awsfed-login roles --json").out) if one["in_use"]]
        assert marked["name"] == role
        assert json.loads(alice("awsfed-login status --json").out)["role"] == role
        alice("awsfed-login credential-process >/dev/null")
    done = alice("awsfed-login use billing")
    assert done.status == 3 and 'no role "billing" for you' in done.err


@pytest.mark.parametrize("role, arn", [("prod-admin", ADMIN), ("dev-readonly", READER)])
def test_exec_is_the_role_for_the_real_cli(alice, role, arn):
    """I-69: stale variables of the caller's do not reach the command."""
    done = alice(f"export AWS_ACCESS_KEY_ID=AKIASTALE AWS_SECRET_ACCESS_KEY=x AWS_PROFILE=none; "
                 f"awsfed-login exec -r {role} -- {WHO}")
    assert (done.status, done.out) == (0, arn + "\n"), done.err


def test_exec_is_the_role_for_boto3(alice):
    done = alice("awsfed-login exec -r prod-admin -- /usr/bin/python3 -c 'import boto3; "
                 "print(boto3.client(\"sts\").get_caller_identity()[\"Arn\"])'")
    assert (done.status, done.out) == (0, ADMIN + "\n"), done.err


def test_another_user_gets_nothing_from_exec(lab, alice, person):
    """The address alone opens nothing, and the token is where only its owner reads: not in /proc of somebody else."""
    alice("nohup awsfed-login exec -r prod-admin -- sh -c 'echo $$ $AWS_CONTAINER_CREDENTIALS_FULL_URI >/tmp/exec-of-alice; "
          "exec sleep 60' >/dev/null 2>&1 & for i in $(seq 100); do [ -s /tmp/exec-of-alice ] && break; sleep 0.05; done")
    pid, uri = alice("cat /tmp/exec-of-alice; rm /tmp/exec-of-alice").out.split()
    try:
        got = lab.awsfed.as_user(person.name, ["curl", "-s", "-w", " %{http_code}", uri])
        assert got.stdout.endswith(" 401") and "AccessKeyId" not in got.stdout
        got = lab.awsfed.as_user(person.name, ["cat", f"/proc/{pid}/environ"])
        assert got.returncode != 0 and got.stdout == ""
        assert "200" in alice(f"curl -s -o /dev/null -w '%{{http_code}}' -H \"Authorization: $(tr '\\0' '\\n' "
                              f"</proc/{pid}/environ | sed -n s/AWS_CONTAINER_AUTHORIZATION_TOKEN=//p)\" {uri}").out
    finally:
        alice(f"kill {pid}")


def test_exec_need_knows_the_ticket(alice):
    assert alice("awsfed-login exec -r prod-admin --need 13h -- true").status == 4
    assert alice("awsfed-login exec -r prod-admin --need 1h -- true").status == 0


def test_the_status_of_exec_over_ssh(alice):
    assert alice("awsfed-login exec -r prod-admin -- sh -c 'exit 9'").status == 9
    assert alice("awsfed-login exec -r prod-admin -- sh -c 'kill -TERM $$'").status == 143


def test_configure_makes_profiles_that_the_cli_uses(alice):
    """I-68"""
    done = alice("mkdir -p ~/.aws; printf '[default]\\nregion = eu-west-1' >~/.aws/config; awsfed-login configure")
    assert done.status == 0, done.err
    assert alice(f"{WHO} --profile prod-admin").out == ADMIN + "\n"
    assert alice(f"{WHO} --profile dev-readonly").out == READER + "\n"
    text = alice("cat ~/.aws/config").out
    assert text.startswith("[default]\nregion = eu-west-1\n") and "# AWS account 111122223333 (production)" in text


def test_write_makes_keys_that_the_cli_uses(alice):
    done = alice("awsfed-login write --profile old-tool -r prod-admin")
    assert done.status == 0, done.err
    assert alice(f"{WHO} --profile old-tool").out == ADMIN + "\n"
    assert alice("stat -c %a ~/.aws/credentials").out == "600\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_env_in_each_shell(alice, shell):
    if alice(f"command -v {shell}").status != 0:
        pytest.skip(f"{shell} is not installed")
    take = ("awsfed-login env -r dev-readonly --shell fish | source" if shell == "fish"
            else f'eval "$(awsfed-login env -r dev-readonly --shell {shell})"')
    done = alice(f"{shell} -c '{take}; {WHO}'")
    assert (done.status, done.out) == (0, READER + "\n"), done.err


def test_console_signs_in(lab, alice, aws):
    """The address works in a browser (curl) that has nothing else, and leads to the page in the role's region."""
    done = alice("awsfed-login console -r prod-admin --service s3 -d 30m")
    assert (done.status, done.err) == (0, "")
    url = done.out.strip()
    assert url.startswith("https://signin.aws.amazon.com/federation?Action=login&Issuer=https%3A%2F%2F")
    page = subprocess.run(["curl", "-s", "--cacert", str(lab.certificates.CA_FILE), "-o", "/dev/null",
                           "-w", "%{http_code} %{redirect_url}", url], capture_output=True, text=True, timeout=60,
                          check=True)
    assert page.stdout == f"302 https://console.aws.amazon.com/s3/home?region={lab.places.REGION}"
    login, = aws.requests("login")
    assert (login["arn"], login["duration"], login["result"]) == (ADMIN, 1800, "ok")
    assert login["issuer"] == f"https://{lab.places.JUMP[1]}/awsfed"
    line = lab.awsfed.audit(event="console", user="alice")[-1]
    assert (line["outcome"], line["role"]) == ("granted", "prod-admin") and line["access_key_id"].startswith("ASIA")
    token = url.rpartition("=")[2]
    assert token not in lab.awsfed.AUDIT.read_text() and token not in lab.awsfed.system_log()


def test_a_console_session_ends_with_the_role_s_time(alice, aws):
    """I-59: twelve hours asked, one hour configured."""
    assert alice("awsfed-login console -r prod-admin -d 12h").status == 0
    request, = aws.requests("getSigninToken")
    assert request["duration"] == 3600


def test_a_sign_in_service_that_fails_gives_nothing(alice, aws):
    for kind, want in (("http", 6), ("garbage", 6), ("cut", 6), ("huge", 6)):
        aws.fail(kind, action="getSigninToken", **({"status": 503} if kind == "http" else {}))
        done = alice("awsfed-login console -r prod-admin")
        assert (done.status, done.out, done.err.count("\n")) == (want, "", 1), kind
    aws.fail("http", action="getSigninToken", status=400)
    done = alice("awsfed-login console -r prod-admin")
    assert done.status == 5 and "refused the credentials (HTTP 400)" in done.err


def test_a_stranger_has_no_console(lab, person):
    """I-53: without a ticket of one's own there is no address, whoever else has one."""
    done = lab.awsfed.as_user(person.name, ["awsfed-login", "console", "-r", "prod-admin"])
    assert done.returncode == 4 and done.stdout == ""


def test_from_a_laptop(lab, alice, tmp_path):  # pylint: disable=unused-argument
    """ssh -T jump awsfed-login credential-process, by key, beside an open session: the SDK contract over the wire."""
    key = lab.sshd.authorize_key("alice")
    config = tmp_path / "config"
    config.write_text(f"[profile admin]\nregion = {lab.places.REGION}\ncredential_process = ssh -T -i {key} "
                      "-o PreferredAuthentications=publickey alice@jump "
                      "awsfed-login credential-process --role prod-admin\n")
    done = subprocess.run(["aws", *WHO.split()[1:], "--profile", "admin"], capture_output=True, text=True, timeout=60,
                          check=False, env={"PATH": lab.places.PATH, "AWS_CONFIG_FILE": str(config), "HOME": "/root",
                                            "AWS_CA_BUNDLE": str(lab.certificates.CA_FILE)})
    assert done.stdout == ADMIN + "\n", done.stderr
