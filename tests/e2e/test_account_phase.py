"""The other ways in: public key, sudo, su, login; and the account phase that judges those alone.

SPDX-License-Identifier: Apache-2.0
"""
import subprocess

import pytest


def as_user(lab, name, *argv):
    """The command line that runs argv as somebody, on whatever terminal there is."""
    uid = str(lab.people.person(name).uid)
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--", *argv]


# ---- Public key: sshd asks PAM for the account and the session alone ----

def test_public_key_opens_a_session_without_a_ticket(lab, person):
    """I-45, I-46: nothing is prompted for, the shell comes, and there is no ticket and no AWS."""
    outcome = lab.sshd.key_login(person.name, "awsfed-login credential-process --role dev-readonly 2>&1; echo $?")
    assert (outcome.status, outcome.prompts) == (0, [])
    assert outcome.output.endswith("4")
    assert "AccessKeyId" not in outcome.output


@pytest.mark.parametrize("name", ["carol", "dave", "frank"])
def test_public_key_of_somebody_out_of_order(lab, name):
    """I-45, I-60: disabled, expired and locked accounts get no session, whatever their key."""
    outcome = lab.sshd.key_login(name, "echo shell-came")
    assert outcome.status != 0
    assert outcome.prompts == []
    assert "shell-came" not in outcome.output


def test_public_key_of_somebody_the_directory_does_not_have(lab, person):
    """I-15, I-60: deleted in AD, still in /etc/passwd: no session."""
    assert lab.sshd.key_login(person.name).status == 0
    samdb = lab.directory.samdb()
    samdb.delete(person.dn)

    def refused():
        return lab.sshd.key_login(person.name).status != 0
    lab.service.wait_for(refused, "the deletion to be noticed", 90)


def test_public_key_with_no_domain_controller(lab, person, dc):
    """I-43: no answer is no session: an error never becomes PAM_IGNORE."""
    dc.stop()
    outcome = lab.sshd.key_login(person.name, "echo shell-came")
    assert outcome.status != 0
    assert "shell-came" not in outcome.output


def test_public_key_with_no_bridge(lab, person, bridge):
    """I-43: the same with the bridge down."""
    bridge.kill()
    assert lab.sshd.key_login(person.name, "echo shell-came").status != 0


# ---- sudo and su ----

def test_sudo_asks_for_both_factors(lab, person):
    """sudo as a person of the directory: password and code, through PAM."""
    outcome = lab.terminal.converse(as_user(lab, person.name, "sudo", "id", "-un"),
                                    [person.password, lab.codes.fresh(person.name)])
    assert (outcome.status, outcome.output) == (0, "root"), outcome.transcript
    assert len(outcome.prompts) == 2


def test_sudo_refuses_a_used_code(lab, person):
    """I-24: what opened the ssh session does not open sudo a second time."""
    code = lab.codes.fresh(person.name)
    assert lab.sshd.login(person.name, person.password, code).status == 0
    outcome = lab.terminal.converse(as_user(lab, person.name, "sudo", "id", "-un"), [person.password, code])
    assert outcome.status == 1, outcome.transcript
    assert "root" not in outcome.output.split()


def test_sudo_without_password_asks_the_account_phase(lab):
    """I-45: with NOPASSWD nothing is prompted for; Bob may, Carol, who is disabled, may not."""
    good = lab.terminal.converse(as_user(lab, "bob", "sudo", "id", "-un"))
    assert (good.status, good.prompts, good.output) == (0, [], "root"), good.transcript
    bad = lab.terminal.converse(as_user(lab, "carol", "sudo", "id", "-un"))
    assert bad.status != 0 and bad.prompts == [], bad.transcript


def test_su_from_somebody_else(lab, person):
    """su to a person of the directory asks for that person's factors; and refuses a wrong code."""
    outcome = lab.terminal.converse(as_user(lab, "bob", "su", person.name, "-c", "id -un"),
                                    [person.password, lab.codes.fresh(person.name)])
    assert (outcome.status, outcome.output) == (0, person.name), outcome.transcript
    outcome = lab.terminal.converse(as_user(lab, "bob", "su", person.name, "-c", "id -un"),
                                    [person.password, lab.codes.wrong(person.name)])
    assert outcome.status == 1, outcome.transcript


def test_su_from_root_asks_nothing_and_gives_no_ticket(lab, person):
    """I-42, I-46: pam_rootok lets root be anybody, but AWS is not root's to give."""
    outcome = lab.terminal.converse(
        ["su", person.name, "-c", "awsfed-login credential-process --role dev-readonly 2>&1; echo $?"])
    assert (outcome.status, outcome.prompts) == (0, []), outcome.transcript
    assert outcome.output.endswith("4")


def test_su_to_root_is_unharmed_without_a_bridge(lab, bridge):
    """I-23: with the bridge down root's own path asks for root's own password and nobody else's."""
    bridge.kill()
    outcome = lab.terminal.converse(as_user(lab, "bob", "su", "-c", "id -un"), ["not root's password"])
    assert outcome.status == 1
    assert outcome.prompts == ["Password:"]


# ---- login ----

def test_login_on_a_console(lab, person):
    """I-17: the real login(1): both prompts, a shell, a ticket with the terminal in it."""
    with lab.terminal.Conversation(["login", person.name]) as console:
        assert console.next_prompt() == "Password:"
        console.answer(person.password)
        assert console.next_prompt() == "One-time code:"
        console.answer(lab.codes.fresh(person.name))
        console.read_until(r"\$ $")
        console.answer("awsfed-login credential-process --role dev-readonly | grep -c AccessKeyId")
        assert "1" in console.read_until(r"\$ $").split()
        console.answer("exit")
        console.finish()
    line = lab.awsfed.audit(event="login", user=person.name)[-1]
    assert (line["service"], line["outcome"]) == ("login", "granted")


def test_login_of_the_local_user(lab, bridge):
    """I-23: the break-glass account on the console with the bridge down."""
    bridge.kill()
    with lab.terminal.Conversation(["login", lab.people.BREAKGLASS]) as console:
        assert console.next_prompt() == "Password:"
        console.answer(lab.people.BREAKGLASS_PASSWORD)
        console.read_until(r"\$ $")
        console.answer("id -un")
        assert lab.people.BREAKGLASS in console.read_until(r"\$ $").split()


# ---- The module's own options, through a real program ----

@pytest.mark.parametrize("options", ["factors=passwort", "nonsense", "socket=relative"])
def test_a_wrong_module_option_denies(lab, person, options):
    """I-50: and the log says which word."""
    lab.pam.write("su", options)
    try:
        outcome = lab.terminal.converse(as_user(lab, "bob", "su", person.name, "-c", "id -un"),
                                        [person.password, lab.codes.fresh(person.name)])
        assert outcome.status != 0
        assert options.split("=")[0] in lab.awsfed.system_log()
        root = subprocess.run(["su", "root", "-c", "id -un"], text=True, capture_output=True)
        assert root.stdout == "root\n"
    finally:
        lab.pam.write("su")
