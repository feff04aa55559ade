"""prompt=append: password and code as one answer, for clients that have a single field.

SPDX-License-Identifier: Apache-2.0
"""
from functools import partial
from pathlib import Path
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from asker import ask, at_once, authenticate  # noqa: E402
from test_mfa import oath, recovery_codes  # noqa: E402

PROMPT = "Password and one-time code:"


@pytest.fixture(scope="module")
def one_prompt(lab):
    """sshd's stack asks for both at once."""
    lab.pam.write("sshd", "prompt=append")
    yield
    lab.pam.write("sshd")


def answer(name, text, **more):
    """What the module asks: the name of the error, and how long the code was."""
    said, got = ask("AUTHENTICATE", USER=name, PASSWORD=text.encode(), FACTORS=3, SERVICE="sshd",
                    RHOST="192.0.2.9", APPENDED=1, **more)
    return said, got.get("CODE_LENGTH")


def test_what_is_refused_costs_no_bind(lab, person):
    """I-36, I-35: a wrong code, none, a half, the code alone, too much: refused alike, and AD hears nothing of it."""
    before = lab.directory.attribute(person.name, "badPasswordTime")
    wrong, right = lab.codes.wrong(person.name), lab.codes.fresh(person.name)
    password = (person.password + right).encode()
    guesses = [f"not the password{wrong}", person.password, right, right[:3]]
    # And what is no answer of this kind, and so no guess either.
    others = [{"PASSWORD": password, "CODE": right.encode(), "FACTORS": 3}, {"PASSWORD": password, "FACTORS": 1},
              {"FACTORS": 3}, {"PASSWORD": b"x" * 512, "FACTORS": 3}]
    said = at_once(*(
        partial(ask, "AUTHENTICATE", USER=person.name, SERVICE="sshd", RHOST="192.0.2.9", APPENDED=1, **fields)
        for fields in [{"PASSWORD": guess.encode(), "FACTORS": 3} for guess in guesses] + others))
    assert [error for error, _ in said] == ["DENIED"] * 7 + ["HUNG UP"]
    assert lab.directory.attribute(person.name, "badPasswordTime") == before
    assert answer(person.name, person.password + right) == ("OK", 6)


def test_one_bind_for_a_wrong_password(lab, person):
    """I-6: with a right code one password goes to AD, however the answer might be split; the code stays unused."""
    code = lab.codes.fresh(person.name)
    assert answer(person.name, f"{person.password}1{code}") == ("DENIED", None)
    assert lab.directory.bad_password_count(person.name) == 1
    assert answer(person.name, person.password + code) == ("OK", 6)
    assert lab.directory.bad_password_count(person.name) == 0
    # I-24; and I-48: what one prompt takes is refused where it answers both.
    both = person.password + lab.codes.fresh(person.name)
    said = at_once(lambda: answer(person.name, person.password + code)[0], lambda: authenticate(person.name, both, both))
    assert said == ["DENIED", "DENIED"]
    assert answer(person.name, both) == ("OK", 6)


def test_password_that_ends_in_digits_and_two_tokens(lab, person):
    """The person's tokens say where the code begins: of six digits and of eight, after digits of the password's own."""
    password = "Ends in 87654321"
    lab.directory.samdb().setpassword(f"(sAMAccountName={person.name})", password)
    done = subprocess.run(["awsfed-admin", "mfa", "enrol", "--add", "--digits", "8", "--no-qr", person.name],
                          text=True, capture_output=True, env={"PATH": lab.places.PATH})
    assert done.returncode == 0, done.stderr
    eight = oath(re.search(r"secret  (\S+)", done.stdout).group(1), digits=8)
    assert answer(person.name, password + lab.codes.fresh(person.name)) == ("OK", 6)
    assert answer(person.name, password + eight) == ("OK", 8)
    assert answer(person.name, password + recovery_codes(lab, person.name)[0].upper()) == ("OK", 11)


@pytest.mark.parametrize("method", ["keyboard-interactive", "password"])
def test_login_with_one_answer(lab, person, one_prompt, method):
    """By either method of ssh: one prompt, the shell, and the roles, since both were proved."""
    host = lab.places.JUMP_PASSWORD if method == "password" else "jump"
    outcome = lab.sshd.login(person.name, person.password + lab.codes.fresh(person.name), command="awsfed-login roles",
                             host=host, options=("-o", f"PreferredAuthentications={method}"))
    assert outcome.status == 0, outcome.transcript
    assert len(outcome.prompts) == 1
    assert method == "password" or outcome.prompts[0].endswith(PROMPT)
    assert "dev-readonly" in outcome.output
