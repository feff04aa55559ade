"""The steps of `make demo`, run inside the lab by tests/demo.sh: each is shown, and each is checked.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from lab import awsfed, certificates, cloud, codes, directory, people, places  # noqa: E402
from lab.terminal import Conversation  # noqa: E402

COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ
ALICE, BOB = people.person("alice"), people.person("bob")


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def step(title, text):
    step.number += 1
    print("\n" + paint(f"{step.number}. {title}", "1;36"))
    print(textwrap.fill(" ".join(text.split()), 100) + "\n", flush=True)


step.number = 0


def show(text):
    print(textwrap.indent(text.replace("\r", "").strip("\n"), "    "), flush=True)


def expect(condition, what):
    """What a newcomer should have seen just now. Without it the demo has failed."""
    if not condition:
        print(paint(f"\nNOT AS EXPECTED: {what}", "1;31"), flush=True)
        sys.exit(1)
    print(paint(f"    ✓ {what}", "32"), flush=True)


class Ssh:
    """A person's ssh in a terminal: what comes is shown as it comes, passwords typed are shown as dots."""

    def __init__(self, person, password, code):
        show(paint(f"$ ssh {person.name}@jump", "1"))
        self.prompt = rf"{person.name}@[\w.-]+:~\$ $"
        self.terminal = Conversation(["ssh", "-tt", f"{person.name}@jump"], environment={"TERM": "xterm"})
        self.asked = []
        for answer, shown in ((password, "•" * len(password)), (code, code)):
            prompt = self.terminal.next_prompt()
            if prompt is None:
                break
            self.asked.append(prompt.rpartition(") ")[2])
            show(f"{prompt} {paint(shown, '2')}")
            self.terminal.answer(answer)
        self.said = self._until_prompt()
        self.inside = bool(re.search(self.prompt, self.said))
        if not self.inside:
            show(self.said)

    def _until_prompt(self):
        text = self.terminal.read_until(self.prompt)
        # What colours a prompt and names a window is no part of the text.
        return re.sub(r"\033\[[0-9;?]*[a-zA-Z]|\033\][^\007]*\007", "", text)

    def run(self, command):
        """Type a command; what it printed."""
        show(paint(f"jump$ {command}", "1"))
        self.terminal.answer(command)
        output = re.sub(self.prompt, "", self._until_prompt().replace("\r", "")).partition("\n")[2]
        if output.strip():
            show(output)
        return output

    def leave(self):
        self.terminal.answer("exit")
        self.terminal.finish()


def show_directory():
    step("The directory", """A real Samba Active Directory domain controller, dc1.corp.example.com, knows Alice.
         Nothing about AWS is stored there but groups: who is in them says which role one may take.""")
    groups = {}
    for name in ("alice", "Platform", "bob"):
        found = directory.samdb().search(places.BASE_DN, expression=f"(sAMAccountName={name})", attrs=["memberOf"])
        groups[name] = sorted(re.match(r"CN=([^,]+)", str(dn)).group(1) for dn in found[0]["memberOf"])
        show(f"{name:9} is in {', '.join(groups[name])}")
    expect("Platform" in groups["alice"] and "AWS-Prod-Admins" in groups["Platform"],
           "Alice is in Platform, and Platform is nested in AWS-Prod-Admins")


def show_configuration():
    step("What the administrator wrote", """Two accounts of AWS trust the bridge as a SAML identity provider. No IAM user
         exists, and no AWS key is stored anywhere.""")
    text = (awsfed.CONFIG / "awsfed.conf").read_text()
    show(text[text.index("[role prod-admin]"):text.index("[role billing]")])


def enrol():
    step("The second factor", """An administrator enrols Alice; she scans the picture with any authenticator app. From here
         on the demo makes the codes that her phone would show.""")
    show(paint("# awsfed-admin mfa enrol alice", "1"))
    told = codes.enrol("alice", "--qr", "--replace")
    show(told)
    codes.enrol("bob", "--replace")
    expect("otpauth://totp/" in told and "█" in told, "a QR code and an otpauth address, shown this once")


def log_in():
    step("The login", """Plain ssh to a real sshd. Its PAM stack asks for both factors, pam_awsfed hands them to the
         bridge, and the bridge checks the code and then proves the password against the directory.""")
    code = codes.fresh("alice")
    session = Ssh(ALICE, ALICE.password, code)
    expect(session.inside and session.asked == ["Password:", "One-time code:"],
           "Alice is in, with her AD password and a one-time code")
    return session, code


def reach_aws(session):
    step("The roles", "What her groups give her, the nested one included.")
    roles = session.run("awsfed-login roles")
    expect("prod-admin" in roles and "dev-readonly" in roles and "billing" not in roles,
           "two roles: prod-admin and dev-readonly")

    step("AWS", """The unchanged AWS CLI runs awsfed-login for its credentials. The bridge signs a SAML assertion, the
         stand-in for AWS STS verifies it as AWS would, and gives keys that live an hour.""")
    for key, value in (("credential_process", "'awsfed-login credential-process --role prod-admin'"),
                       ("region", places.REGION), ("ca_bundle", certificates.CA_FILE)):
        session.run(f"aws configure set {key} {value} --profile prod-admin")
    expect("credential_process = awsfed-login" in Path("/home/alice/.aws/config").read_text(),
           "a profile, and no file of keys")
    told = session.run("aws sts get-caller-identity --profile prod-admin")
    expect('"arn:aws:sts::111122223333:assumed-role/Admin/alice"' in told,
           "AWS says: arn:aws:sts::111122223333:assumed-role/Admin/alice")


def show_audit():
    step("The trail", "Each decision is one line of JSON; this one ties Alice's key to AWS's own request id.")
    line = awsfed.audit(event="credential", user="alice")[-1]
    show(json.dumps({key: line[key] for key in ("time", "event", "outcome", "user", "role", "session_name",
                                                "assertion_id", "sts_request_id", "access_key_id")}, indent=1))
    expect(line["sts_request_id"] in {request["request_id"] for request in cloud.requests("AssumeRoleWithSAML")},
           "the request id is the one that AWS has in its log")


def be_refused(code):
    step("The same code again", "Somebody looked over her shoulder, and knows her password too.")
    again = Ssh(ALICE, ALICE.password, code)
    expect(not again.inside and "Permission denied" in again.said, "refused: a code works once")

    step("A wrong password", "The same prompts, the same answer, the same time: it is not told what was wrong.")
    wrong = Ssh(ALICE, "a guess", codes.fresh("alice"))
    expect(not wrong.inside and "Permission denied" in wrong.said, "refused")


def show_bob():
    step("Bob", "He is in the directory and may log in here, but no group of his is mapped to a role.")
    session = Ssh(BOB, BOB.password, codes.fresh("bob"))
    expect(session.inside, "Bob is in")
    told = session.run("awsfed-login roles")
    expect("prod-admin" not in told and "dev-readonly" not in told, "and has no role")
    told = session.run("awsfed-login credential-process --role prod-admin; echo \"exit status $?\"")
    expect("exit status 3" in told and "AccessKeyId" not in told, "nor can he take Alice's")
    session.leave()


def end(session):
    step("The end of the session", "Alice logs out. Her ticket ends with her last session, and so do her credentials.")
    show(paint("jump$ exit", "1"))
    session.leave()
    from lab.service import wait_for
    wait_for(lambda: awsfed.as_user("alice", ["awsfed-login", "status"]).returncode == 4, "the end of the ticket")
    expect(True, "nothing more is given in her name")


def main():
    show_directory()
    show_configuration()
    enrol()
    session, code = log_in()
    reach_aws(session)
    show_audit()
    be_refused(code)
    show_bob()
    end(session)
    if os.environ.get("SHELL_AFTER") == "1":
        step("Your turn", "You are Alice now. `exit` takes the lab down.")
        show("try: awsfed-login status · aws sts get-caller-identity --profile prod-admin · awsfed-login --help")
        yours = Ssh(ALICE, ALICE.password, codes.fresh("alice"))
        yours.terminal.answer("")
        yours.terminal.child.interact()


main()
