"""A day at a real terminal: tmux shows what a person sees of the picker, of exec and of an enrolment.

SPDX-License-Identifier: Apache-2.0
"""
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from screen import Screen  # noqa: E402

# Says how often it was interrupted, and ends with its input.
COUNTS = """\
import os, signal, sys
signal.signal(signal.SIGCONT, lambda *_: os.write(1, b"goes on\\n"))
signal.signal(signal.SIGINT, lambda *_: os.write(1, b"interrupts: %d\\n" % (sys.argv.append(1) or len(sys.argv) - 1)))
print("ready", flush=True)
for line in sys.stdin:
    print("read", line.strip(), flush=True)
"""
PLAIN = {"bash": "exec bash --norc -i", "zsh": "exec zsh -f -i"}


def test_picker_and_exec(lab):
    """The list is drawn below the prompt and leaves nothing behind; exec is as if it were not there."""
    who = lab.people.person("alice")
    with Screen(["ssh", "-o", "PreferredAuthentications=keyboard-interactive", "-l", who.name, "jump"]) as screen:
        screen.wait("Password:")
        screen.line(who.password)
        screen.wait("One-time code:")
        code = lab.codes.fresh(who.name)
        screen.line(code)
        screen.wait("$")
        screen.line(f"export PS1='here> ' AWS_CA_BUNDLE={lab.certificates.CA_FILE} AWS_DEFAULT_REGION={lab.places.REGION}; clear")
        screen.wait("here>", gone=["AWS_CA_BUNDLE", who.password, code])

        screen.line("awsfed-login use")
        shown = screen.wait("Which role?", "prod-admin", "dev-readonly")
        assert re.search(r"^Which role\?\n> \S.*\n  \S", shown, re.M), shown
        screen.type("dev")
        screen.wait("Which role? dev", "> dev-readonly", gone=["prod-admin"])
        screen.key("C-u", "Down", "Up")
        screen.type("PROD adm")
        screen.wait("> prod-admin", gone=["dev-readonly"])
        screen.key("Enter")
        shown = screen.wait("Every shell of this session is now prod-admin in account 111122223333")
        assert "Which role" not in shown and "> prod-admin" not in shown, shown
        screen.line("awsfed-login use")
        screen.wait("Which role?", "dev-readonly")
        screen.key("C-c")
        assert "Which role" not in screen.wait("here>", gone=["Which role", "dev-readonly"])

        screen.line("clear; awsfed-login exec -- aws sts get-caller-identity --query Arn")
        screen.wait('"arn:aws:sts::111122223333:assumed-role/Admin/alice"')
        Path("/home/alice/counts.py").write_text(COUNTS)
        screen.line("clear; awsfed-login exec -- python3 counts.py")
        screen.wait("ready")
        screen.key("C-c")
        screen.wait("interrupts: 1")
        screen.line("more")
        screen.wait("read more", gone=["interrupts: 2"])
        screen.key("C-z")
        screen.wait("Stopped", "here>")
        screen.line("fg")
        screen.wait("goes on")  # what is typed before is the shell's
        screen.line("still there")
        screen.wait("read still there")
        screen.key("C-d")
        screen.wait("here>", gone=["interrupts: 2"])
        screen.line("rm -f counts.py; logout")
        screen.wait("ended: 0")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_end_is_told_at_the_prompt(lab, bridge, person, shell):
    """Unasked, where the sample for shells is in place; once for each prompt, whose status stays as it was."""
    sample = lab.places.REPO / "conf/profile.d/awsfed.sh"
    lab.awsfed.configure({"bridge": {"ticket-lifetime": "9m"}})
    with Screen(["ssh", "-t", "-o", "PreferredAuthentications=keyboard-interactive", "-l", person.name, "jump",
                 PLAIN[shell]]) as screen:
        screen.wait("Password:")
        screen.line(person.password)
        screen.wait("One-time code:")
        screen.line(lab.codes.fresh(person.name))
        screen.line(f"PS1='here> '; . {sample}; . {sample}; clear")
        shown = screen.wait("here>", "your sign-in ends in 9 min", "awsfed-login")
        screen.line("clear")
        shown = screen.wait("your sign-in ends in 9 min", "here>", gone=["clear"])
        assert shown.count("sign-in ends") == 1, shown
        screen.line("clear; (exit 7)")
        screen.wait("here>", gone=["exit"])
        screen.line("echo status $?")
        screen.wait("status 7")


def test_enrol(lab):
    """The code to scan and the secret fit the screen; what was typed blind is not on it."""
    who = lab.people.take()
    ticket = subprocess.run(["awsfed-admin", "mfa", "enrol", "--ticket", who.name], text=True, capture_output=True, check=True,
                            env={"PATH": lab.places.PATH}).stdout
    ticket = re.search(r"\b(?:\w{5}-){3}\w{5}\b", ticket).group()
    with Screen(["/usr/bin/setpriv", f"--reuid={who.uid}", f"--regid={who.uid}", "--clear-groups", "awsfed-login", "enrol"],
                lines=60) as screen:
        screen.wait("Password:")
        screen.line(who.password)
        screen.wait("Ticket, recovery code or one-time code:")
        screen.line(ticket)
        shown = screen.wait("by hand:", "Code:")
        assert sum("█" in line or "▄" in line for line in shown.splitlines()) >= 10, shown
        assert who.password not in shown and ticket not in shown
        seed = re.search(r"by hand:\s+((?:[A-Z2-7]{1,4} ?)+)", shown).group(1).replace(" ", "").strip()
        step = int(time.time()) // lab.codes.PERIOD
        screen.line(lab.codes.code_at(seed, step))
        screen.wait("Next code:")
        screen.line(lab.codes.code_at(seed, step + 1))
        shown = screen.wait("Enrolled.", "Recovery codes", "ended: 0")
        assert len(re.findall(r"^  \w{5}-\w{5}$", shown, re.M)) == 10, shown
