"""enrol-at-login: a first login sets up the second factor, through the PAM conversation itself.

SPDX-License-Identifier: Apache-2.0
"""
from pathlib import Path
import json
import re
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from asker import ask, at_once, authenticate, run_as  # noqa: E402
from refused import BOTH_PROMPTS, prompts  # noqa: E402
from test_mfa import RECOVERY, oath  # noqa: E402

CONFIG = {"mfa": {"enrol-at-login": "yes", "exempt-networks": "198.51.100.0/24"},
          "mfa-rule free": {"services": "free", "required": "no"},
          "mfa-rule soft": {"services": "soft", "required": "enrolled"}}
OPTIONAL = {"mfa": {"enrol-at-login": "yes", "required": "enrolled"}}


@pytest.fixture(scope="module")
def first_logins(lab):
    """Who has no second factor sets one up at login."""
    lab.awsfed.configure(CONFIG)
    yield
    lab.awsfed.configure()


@pytest.fixture(scope="module")
def optional(lab, first_logins):
    """The same where nobody has to have one: for the tests at the end, since it stays so."""
    lab.awsfed.configure(OPTIONAL)


@pytest.fixture
def newcomer(lab):
    """A throw-away person with a role, who is not enrolled."""
    return lab.people.take()


def begin(person, password=None, code="", **more):
    """What the module asks first: the name of the error, and the answer."""
    fields = {"SERVICE": "sshd", "RHOST": "192.0.2.9", "TTY": "ssh", **({"CODE": code.encode()} if code else {}), **more}
    return ask("AUTHENTICATE", USER=person.name, PASSWORD=(password or person.password).encode(), FACTORS=3, **fields)


def offer(person, **more):
    """An enrolment begun: its name, and the seed that it shows."""
    said, got = begin(person, **more)
    assert said == "NOT_ENROLLED", said
    return got["PENDING"], seed_of(got["NOTICE"])


def confirm(person, pending, *pair, user=None):
    codes = dict(zip(("CODE", "CODE2"), (code.encode() for code in pair)))
    return ask("ENROL_AT_LOGIN", USER=user or person.name, PENDING=pending, SERVICE="sshd", RHOST="192.0.2.9",
               TTY="ssh", **codes)


def pair_of(seed, later=0):
    now = time.time() + later
    return oath(seed, now), oath(seed, now + 30)


def seed_of(text):
    return re.search(r"secret  ([A-Z2-7]+)\s", text).group(1)


def is_enrolled(lab, person):
    done = subprocess.run(["awsfed-admin", "explain", person.name], text=True, capture_output=True,
                          env={"PATH": lab.places.PATH})
    return "second factor: enrolled" in done.stdout


def read_picture(text, folder):
    """What zbar reads from the QR code of a terminal without colours, where ink is light."""
    lines = re.findall(r"(?m)^([ ▀▄█]{29,})\r?$", text)
    rows = []
    for line in lines:
        rows.append([cell not in "▀█" for cell in line])
        rows.append([cell not in "▄█" for cell in line])
    assert rows and len({len(row) for row in rows}) == 1, text
    scale = 6
    bits = "".join("".join(("1" if dark else "0") * scale for dark in row) + "\n" for row in rows for _ in range(scale))
    image = folder / "screen.pbm"
    image.write_text(f"P1\n{len(rows[0]) * scale} {len(rows) * scale}\n{bits}")
    return subprocess.run(["zbarimg", "-q", "--raw", str(image)], text=True, capture_output=True).stdout.strip()


# ---- What is refused ----

def test_a_stranger_learns_nothing(lab, first_logins, newcomer, person):
    """I-35, I-12: without the password, who is new, enrolled or unknown is told alike, at the same time, and shown nothing."""
    def asked(name, code):
        began = time.monotonic()
        said = ask("AUTHENTICATE", USER=name, PASSWORD=b"not the password", CODE=code, FACTORS=3, SERVICE="sshd")
        return said, time.monotonic() - began
    *said, outcome = at_once(*(lambda name=name, code=code: asked(name, code)
                               for name in (newcomer.name, person.name, "no-such") for code in (b"123456", b"x")),
                             lambda: lab.sshd.login(newcomer.name, "not the password", ""))
    assert [answer for answer, _ in said] == [("DENIED", {"STATUS": said[0][0][1]["STATUS"]})] * 6
    assert all(took >= 0.99 for _, took in said), said
    assert outcome.status == 255 and prompts(outcome) == BOTH_PROMPTS
    assert "secret" not in outcome.transcript and "█" not in outcome.transcript
    assert not is_enrolled(lab, newcomer)


def test_locks_tell_nobody_apart(lab, first_logins, newcomer, person):
    """I-35, I-37, I-39: past the wrong passwords that AD allows, all of a newcomer's addresses are answered as an enrolled person's
    and nobody's; and one address is locked out of each at the same try. No limit is the weaker for it."""
    def guess(name, n, **more):
        return ask("AUTHENTICATE", USER=name, PASSWORD=f"guess {n}".encode(), FACTORS=3, SERVICE="sshd", **more)[0]
    names = newcomer.name, person.name, "no-such"
    far = at_once(*(lambda name=name, n=n: guess(name, n, RHOST=f"203.0.113.{n}", **({"CODE": b"123456"} if n % 2 else {}))
                    for name in names for n in range(12)))
    far += at_once(*(lambda name=name, n=n: guess(name, n, RHOST=f"203.0.113.{n}") for name in names for n in range(12, 15)))
    assert set(far) == {"DENIED"}, far
    assert 5 <= lab.directory.bad_password_count(newcomer.name) <= 9  # LIMIT of the lab's domain is 10
    assert lab.directory.bad_password_count(person.name) == 0
    # One after the other: of those under way together one that ends counts twice for a moment, and another is told to wait.
    near = at_once(*(lambda name=name: [guess(name, n, RHOST="198.18.0.1") for n in range(20, 25)] for name in names))
    assert near == [["DENIED"] * 5] * 3, near
    assert set(at_once(*(lambda name=name: guess(name, 30, RHOST="198.18.0.1") for name in names))) == {"LOCKED"}
    # The right password is not sent either; and who proves a code is told to wait.
    assert begin(newcomer)[0] == "DENIED"
    assert lab.directory.bad_password_count(newcomer.name) >= 5  # a good bind would have set it to zero


def test_codes_that_prove_nothing(lab, first_logins, newcomer):
    """I-37: one code twice, two that do not follow each other, those of another: three tries, each counted, then it is over."""
    (pending, seed), (other, other_seed) = offer(newcomer), offer(newcomer)
    first, second = pair_of(seed)

    def refused(name, *pairs):
        for pair in pairs:
            said, got = confirm(newcomer, name, *pair)
            assert said == "DENIED" and "not two codes" in got["MESSAGE"] and "RECEIPT" not in got
    at_once(lambda: refused(pending, (first, first), (second, first), (first, oath(seed, time.time() + 90))),
            lambda: refused(other, pair_of(seed), ("", "")))
    # Five failures, and the source is locked out: with the right password and the right codes.
    said = at_once(lambda: confirm(newcomer, pending, first, second)[0],
                   lambda: confirm(newcomer, other, *pair_of(other_seed))[0], lambda: begin(newcomer)[0])
    assert said == ["NOT_FOUND", "LOCKED", "LOCKED"]
    assert not is_enrolled(lab, newcomer)


def test_whose_enrolment_it_is(lab, first_logins, newcomer, person):
    """I-53: an enrolment is its person's, by its name, once; and root's programs' alone."""
    pending, seed = offer(newcomer)
    other = lab.people.take()
    theirs, _ = offer(other)
    pair = pair_of(seed)
    said = at_once(lambda: confirm(newcomer, theirs, *pair), lambda: confirm(other, pending, *pair),
                   lambda: confirm(newcomer, "0" * 32, *pair))
    assert [name for name, _ in said] == ["NOT_FOUND"] * 3
    assert confirm(newcomer, pending, *pair)[0] == "OK"
    script = (f"print(ask('AUTHENTICATE', USER='{other.name}', PASSWORD={other.password.encode()!r}, CODE=b'1', FACTORS=3,"
              f" SERVICE='xlock')[0])\nprint(ask('ENROL_AT_LOGIN', USER='{other.name}', PENDING='{theirs}', SERVICE='xlock')[0])")
    done, again = at_once(
        lambda: run_as(other.uid, script),
        lambda: confirm(newcomer, pending, *pair_of(seed, 30))[0])
    assert done == ["DENIED", "PERMISSION"]
    assert again == "NOT_FOUND"
    assert not is_enrolled(lab, other)


def test_two_logins_at_once(lab, first_logins, newcomer):
    """I-26: of parallel enrolments of one person one wins; the others are told, and their tokens are nothing."""
    offers = [offer(newcomer) for _ in range(3)]
    said = at_once(*(lambda p=pending, s=seed: confirm(newcomer, p, *pair_of(s)) for pending, seed in offers))
    names = [name for name, _ in said]
    assert sorted(names) == ["EXISTS"] * 2 + ["OK"], said
    assert all("set up elsewhere" in got["MESSAGE"] for name, got in said if name == "EXISTS")
    good = offers[names.index("OK")][1]
    bad = offers[names.index("EXISTS")][1]
    # The winner's second code is used (I-24), and an empty one is worth nothing now (I-29).
    said = at_once(*(lambda code=code: begin(newcomer, code=code)[0]
                     for code in (pair_of(bad)[1], "", *pair_of(good))))
    assert set(said[:3]) == {"DENIED"}, said


def test_revoked_or_disabled_meanwhile(lab, first_logins, newcomer):
    """I-60: what AD and the administrator say while the person looks for their telephone counts."""
    other = lab.people.take()
    (pending, seed), (theirs, their_seed) = offer(newcomer), offer(other)
    subprocess.run(["awsfed-admin", "revoke", newcomer.name], check=True, capture_output=True,
                   env={"PATH": lab.places.PATH})
    lab.directory.samdb().disable_account(f"(sAMAccountName={other.name})")
    said = at_once(lambda: confirm(newcomer, pending, *pair_of(seed))[0],
                   lambda: confirm(other, theirs, *pair_of(their_seed))[0])
    assert said == ["NOT_FOUND", "DISABLED"]
    assert not is_enrolled(lab, newcomer) and not is_enrolled(lab, other)


def test_where_nothing_can_be_asked(lab, first_logins, newcomer):
    """I-49: who is let in by an earlier module's answer is told what to do, once the password is right; code alone enrols nobody."""
    told, wrong, code = at_once(
        lambda: begin(newcomer, NO_DIALOGUE=1), lambda: begin(newcomer, "not the password", NO_DIALOGUE=1),
        lambda: ask("AUTHENTICATE", USER=newcomer.name, CODE=b"123456", FACTORS=2, SERVICE="sshd"))
    assert {told[0], wrong[0], code[0]} == {"DENIED"}
    assert "PENDING" not in told[1] and "no second factor yet" in told[1]["MESSAGE"]
    assert "MESSAGE" not in wrong[1] and "PENDING" not in code[1]
    # An account of AD alone, which this host does not know, has no session to enrol for.
    assert begin(lab.people.person("zoe"))[0] == "DENIED"
    said, got = ask("AUTHENTICATE", USER=newcomer.name, PASSWORD=newcomer.password.encode(), FACTORS=1, SERVICE="sshd")
    assert said == "OK" and "PENDING" not in got


def test_the_connection_drops(lab, first_logins, newcomer):
    """I-33: cut between the picture and the codes: not enrolled, nothing in the store, and the next login begins anew."""
    conversation = lab.sshd.Conversation(lab.sshd._ssh(newcomer.name), 30)
    for text in (newcomer.password, ""):
        conversation.next_prompt()
        conversation.answer(text)
    assert conversation.next_prompt().endswith("Code:")
    seed = seed_of(conversation.outcome.transcript)
    conversation.close()
    assert not is_enrolled(lab, newcomer)
    assert newcomer.name not in subprocess.run(["awsfed-admin", "mfa", "list"], text=True, capture_output=True,
                                               env={"PATH": lab.places.PATH}).stdout
    assert offer(newcomer)[1] != seed


# ---- What it is for ----

def test_first_login_reaches_aws(lab, first_logins, newcomer, tmp_path):
    """I-44, I-59: picture and secret, two codes, recovery codes: the very session has its roles, and the seed is in no log."""
    conversation = lab.sshd.Conversation(
        lab.sshd._ssh(newcomer.name) + ["awsfed-login credential-process --role dev-readonly; env; exit 0"], 30)
    with conversation:
        for text in (newcomer.password, ""):
            conversation.next_prompt()
            conversation.answer(text)
        conversation.next_prompt()
        text = conversation.outcome.transcript
        seed = seed_of(text)
        uri = read_picture(text, tmp_path)
        assert uri.startswith(f"otpauth://totp/Example%20Corp:{newcomer.name}%40corp.example.com?secret={seed}&")
        assert uri in text
        first, second = pair_of(seed)
        conversation.answer(first)
        assert conversation.next_prompt().endswith("Next code:")
        conversation.answer(first)  # a slip: not the one after it
        assert conversation.next_prompt().endswith("Code:")
        assert "not two codes" in conversation.outcome.transcript
        conversation.answer(first)
        conversation.next_prompt()
        conversation.answer(second)
        assert conversation.next_prompt().endswith("Press Enter to go on:")
        codes = RECOVERY.findall(conversation.outcome.transcript)
        assert len(codes) == 10
        conversation.answer("")
        outcome = conversation.finish()
    assert outcome.status == 0, outcome.transcript
    credential = json.loads(re.search(r"\{.*?\}", outcome.output, re.S).group())
    assert credential["AccessKeyId"] and "AWSFED_RECEIPT" not in outcome.output
    assert seed not in outcome.output and codes[0] not in outcome.output
    for log in (lab.awsfed.AUDIT.read_text(), *(log.read_text(errors="replace") for log in lab.places.SYSTEM_LOG.parent.iterdir())):
        assert seed not in log and codes[0] not in log and first not in log.replace(".", " ").split()
    events = [line["event"] for line in lab.awsfed.audit(user=newcomer.name) if line["event"] != "session-close"]
    assert [event for event in events if event.startswith("enrol")] == ["enrol-begin", "enrol-confirm", "enrol-confirm"]
    assert lab.awsfed.audit(user=newcomer.name, event="login")[-1]["factors"] == "password,totp"
    # I-24: the codes are used; the recovery codes are theirs.
    assert at_once(lambda: authenticate(newcomer.name, newcomer.password, second),
                   lambda: authenticate(newcomer.name, newcomer.password, codes[0].upper())) == ["DENIED", "OK"]


def test_first_login_at_a_console(lab, first_logins, newcomer):
    """The same by login(1), whose terminal shows the text as it is."""
    conversation = lab.terminal.Conversation(["login", "-p", newcomer.name], timeout=30)
    with conversation:
        for text in (newcomer.password, "whatever"):
            conversation.next_prompt()
            conversation.answer(text)
        assert conversation.next_prompt() == "Code:"
        first, second = pair_of(seed_of(conversation.outcome.transcript))
        for text in (first, second, ""):
            conversation.answer(text)
            if text != "":
                conversation.next_prompt()
        conversation.read_until(r"\$ ")
        conversation.answer("awsfed-login roles; exit")
        assert "dev-readonly" in conversation.read_until(r"dev-readonly")
    assert is_enrolled(lab, newcomer)


def test_password_to_be_changed_at_the_first_login(lab, first_logins, newcomer):
    """I-13: first the second factor, then the new password, then the session, with its roles."""
    lab.directory.samdb().force_password_change_at_next_login(f"(sAMAccountName={newcomer.name})")
    conversation = lab.sshd.Conversation(lab.sshd._ssh(newcomer.name) + ["awsfed-login roles"], 30)
    with conversation:
        for text in (newcomer.password, ""):
            conversation.next_prompt()
            conversation.answer(text)
        conversation.next_prompt()
        new = "Brand-new secret 77"
        for text in (*pair_of(seed_of(conversation.outcome.transcript)), "", newcomer.password, new, new):
            conversation.answer(text)
            if text is not new or conversation.outcome.prompts[-1].endswith("New password:"):
                conversation.next_prompt()
        outcome = conversation.finish() if conversation.child.isalive() else conversation.outcome
    assert "dev-readonly" in outcome.transcript, outcome.transcript
    assert lab.directory.try_password(newcomer.name, new) == ""


def test_one_field_at_the_first_login(lab, first_logins, newcomer):
    """prompt=append: who has no code types the password alone; a wrong end of it is a wrong password."""
    said, got = ask("AUTHENTICATE", USER=newcomer.name, PASSWORD=newcomer.password.encode(), FACTORS=3, SERVICE="sshd",
                    RHOST="192.0.2.9", APPENDED=1)
    assert said == "NOT_ENROLLED"
    seed = seed_of(got["NOTICE"])
    said, confirmed = confirm(newcomer, got["PENDING"], *pair_of(seed))
    assert (said, confirmed["CODE_LENGTH"]) == ("OK", 0)
    assert ask("AUTHENTICATE", USER=newcomer.name, PASSWORD=newcomer.password.encode(), FACTORS=3, SERVICE="sshd",
               APPENDED=1)[0] == "DENIED"


def test_what_a_rule_says(lab, first_logins, newcomer):
    """I-31: whom a rule or an address spares the code is not asked to enrol, and has no role; a rule may also let them choose."""
    for where in ({"SERVICE": "free"}, {"RHOST": "198.51.100.7"}):
        for code in ("", "x"):
            said, got = begin(newcomer, code=code, **where)
            assert said == "OK" and "PENDING" not in got, where
    said, got = begin(newcomer, SERVICE="soft", NO_DIALOGUE=1)
    assert said == "OK" and "PENDING" not in got
    said, got = begin(newcomer, SERVICE="soft")
    assert said == "NOT_ENROLLED" and "press Enter" in got["NOTICE"]
    said, got = confirm(newcomer, got["PENDING"])
    assert said == "OK" and "secret above opens nothing" in got["MESSAGE"]
    assert "press Enter" not in begin(newcomer)[1]["NOTICE"]
    said = at_once(lambda: confirm(newcomer, offer(newcomer)[0]), lambda: begin(newcomer, "wrong", SERVICE="free"),
                   lambda: confirm(newcomer, offer(newcomer)[0], "123456"))
    assert [name for name, _ in said] == ["DENIED"] * 3
    assert "nobody gets in" in said[0][1]["MESSAGE"]
    assert not is_enrolled(lab, newcomer)


# ---- Where nobody has to ----

def test_skipped_where_it_may_be(lab, optional, newcomer):
    """I-31: required = enrolled and an empty answer: in, with neither factor nor role; and asked again next time."""
    outcome = lab.sshd.login(newcomer.name, newcomer.password, "", "", command="awsfed-login roles 2>&1; echo in")
    assert outcome.status == 0, outcome.transcript
    assert prompts(outcome) == [*BOTH_PROMPTS, "Code:"]
    assert "press Enter" in outcome.transcript
    assert outcome.output.endswith("in") and "dev-readonly" not in outcome.output
    assert not is_enrolled(lab, newcomer)
    said, got = begin(newcomer, NO_DIALOGUE=1)
    assert said == "OK" and "PENDING" not in got
    pending, seed = offer(newcomer)
    assert confirm(newcomer, pending, *pair_of(seed))[0] == "OK"
    assert is_enrolled(lab, newcomer)
