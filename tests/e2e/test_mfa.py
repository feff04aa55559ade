"""The second factor's life: recovery codes, tickets, enrolling by oneself, tokens of every kind, clocks that are off.
oathtool is the other side of every code, and zbar reads the QR code that the terminal shows.

SPDX-License-Identifier: Apache-2.0
"""
import json
import re
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from asker import ask, authenticate  # noqa: E402

CODE = r"[0-9a-hjkmnp-tv-z]{5}"
RECOVERY = re.compile(rf"\b{CODE}-{CODE}\b")
TICKET = re.compile(rf"\b(?:{CODE}-){{3}}{CODE}\b")


def admin(lab, *words, text_in=""):
    return subprocess.run(["awsfed-admin", "mfa", *words], text=True, capture_output=True, input=text_in,
                          env={"PATH": lab.places.PATH})


def oath(seed, when=None, digits=6, period=30, algorithm="SHA1"):
    """The code that oathtool makes for a moment (now, if none is given)."""
    at = int(time.time() if when is None else when)
    done = subprocess.run(["oathtool", f"--totp={algorithm}", "-b", "-d", str(digits), "-s", f"{period}s",
                           "-N", f"@{at}", seed], text=True, capture_output=True, check=True)
    return done.stdout.strip()


def recovery_codes(lab, name):
    done = admin(lab, "recovery-codes", name)
    assert done.returncode == 0, done.stderr
    codes = RECOVERY.findall(done.stdout)
    assert len(codes) == 10
    return codes


def as_person(person, *words):
    return ["/usr/bin/setpriv", f"--reuid={person.uid}", f"--regid={person.uid}", "--clear-groups", "--",
            "awsfed-login", *words]


def begin_enrolment(lab, person, code, term="xterm-256color"):
    """Run `awsfed-login enrol` up to its first question for a code of the new token: the conversation, its text."""
    conversation = lab.terminal.Conversation(as_person(person, "enrol"), environment={"TERM": term})
    assert conversation.next_prompt() == "Password:"
    conversation.answer(person.password)
    assert "code" in conversation.next_prompt()
    conversation.answer(code)
    conversation.next_prompt()
    return conversation, conversation.outcome.transcript


def secret_of(text):
    return re.search(r"by hand:\s+((?:[A-Z2-7]{1,4} ?)+)\s", text).group(1).replace(" ", "").strip()


def finish_enrolment(conversation, first, second):
    conversation.answer(first)
    assert conversation.next_prompt() == "Next code:"
    conversation.answer(second)
    return conversation.finish()


@pytest.fixture
def nobody(lab):
    """A throw-away person who is not enrolled."""
    return lab.people.take()


# ---- Recovery codes ----

def test_recovery_code_opens_once(lab, person):
    """I-30: a recovery code stands for a one-time code, once; what is left is said; the ticket gives roles."""
    code = recovery_codes(lab, person.name)[0]
    session = lab.sshd.Session(person.name, person.password, code.upper())
    with session:
        assert "9 left" in session.greeting
        status = session.run("awsfed-login status --json").out
        assert '"recovery"' in status
        assert "dev-readonly" in session.run("awsfed-login roles").out
    assert authenticate(person.name, person.password, code) == "DENIED"
    assert authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "OK"


def test_a_recovery_code_replaced_while_the_directory_thinks(lab, person, dc):
    """I-30: a code that was right when the login began is worth nothing when new ones have taken its place; they stay unused."""
    old = recovery_codes(lab, person.name)
    assert authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "OK"
    said = []
    dc.freeze()
    login = threading.Thread(target=lambda: said.append(authenticate(person.name, person.password, old[0])))
    login.start()
    try:
        time.sleep(0.3)  # a login that comes too late is refused as well
        new = recovery_codes(lab, person.name)
    finally:
        dc.thaw()
    login.join()
    assert said == ["DENIED"]
    assert authenticate(person.name, person.password, new[0]) == "OK"


def test_recovery_codes_are_stored_hashed(lab, person):
    """I-30: no byte of a code is in the store."""
    codes = recovery_codes(lab, person.name)
    with sqlite3.connect(f"file:{lab.awsfed.STATE}/mfa.db?mode=ro", uri=True) as db:
        records = b"".join(row[0] for row in db.execute("SELECT record FROM person"))
    assert records
    for code in codes:
        assert code.encode() not in records and code.replace("-", "").encode() not in records


def test_a_wrong_recovery_code_costs_no_bind(lab, person):
    """I-36: as for a wrong one-time code, the directory hears nothing."""
    recovery_codes(lab, person.name)
    assert authenticate(person.name, "not the password", "00000-00000") == "DENIED"
    assert lab.directory.bad_password_count(person.name) == 0


def test_one_recovery_code_at_once_from_everywhere(lab, person):
    """I-26, I-30: of parallel presentations of one recovery code exactly one succeeds."""
    code = recovery_codes(lab, person.name)[3]
    answers = []
    tries = [threading.Thread(target=lambda: answers.append(authenticate(person.name, person.password, code)))
             for _ in range(4)]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    assert answers.count("OK") == 1, answers


def test_new_recovery_codes_by_oneself(lab, person):
    """After password and code; the old ones are void, and without the code there are none."""
    old = recovery_codes(lab, person.name)
    refused = lab.terminal.converse(as_person(person, "recovery-codes"),
                                    [person.password, lab.codes.wrong(person.name)] * 3)
    assert refused.status == 3 and not RECOVERY.search(refused.transcript)
    lab_unlock = admin(lab, "unlock", person.name)
    assert lab_unlock.returncode == 0
    done = lab.terminal.converse(as_person(person, "recovery-codes"),
                                 [person.password, lab.codes.fresh(person.name)])
    assert done.status == 0, done.transcript
    new = RECOVERY.findall(done.transcript)
    assert len(new) == 10 and not set(new) & set(old)
    assert authenticate(person.name, person.password, old[0]) == "DENIED"
    assert authenticate(person.name, person.password, new[0]) == "OK"


# ---- Enrolling by oneself ----

def test_first_enrolment_by_ticket(lab, nobody):
    """A ticket, a QR code, two codes: from no second factor to roles; the ticket is good once."""
    done = admin(lab, "enrol", "--ticket", nobody.name)
    assert done.returncode == 0, done.stderr
    ticket = TICKET.search(done.stdout).group()
    assert authenticate(nobody.name, nobody.password, ticket) == "DENIED"  # it enrols, and opens nothing
    conversation, text = begin_enrolment(lab, nobody, ticket)
    seed, now = secret_of(text), time.time()
    assert authenticate(nobody.name, nobody.password, oath(seed)) == "DENIED"  # not before it is proved (I-31)
    outcome = finish_enrolment(conversation, oath(seed, now), oath(seed, now + 30))
    assert outcome.status == 0 and len(RECOVERY.findall(outcome.transcript)) == 10
    assert authenticate(nobody.name, nobody.password, oath(seed, now + 30)) == "DENIED"  # I-24: used
    assert authenticate(nobody.name, nobody.password, RECOVERY.findall(outcome.transcript)[0]) == "OK"
    again, text = begin_enrolment(lab, nobody, ticket)
    assert "by hand" not in text
    again.close()


def test_no_enrolment_without_ticket(lab, nobody):
    """I-29, I-31: a password alone enrols nobody; a wrong ticket costs no bind (I-36)."""
    admin(lab, "enrol", "--ticket", nobody.name)
    for wrong in ("0" * 20, "123456", "00000-00000"):
        assert ask_enrol(nobody, "not the password", wrong) == "DENIED"
    assert lab.directory.bad_password_count(nobody.name) == 0
    ticket = TICKET.search(admin(lab, "enrol", "--ticket", nobody.name).stdout).group()
    assert ask_enrol(nobody, "not the password", ticket) == "DENIED"
    assert lab.directory.bad_password_count(nobody.name) == 1


def ask_enrol(person, password, code):
    """ASK_ENROL_SELF by the command's own way, without a terminal's help: the refusal it ends with."""
    from lab.terminal import converse
    outcome = converse(as_person(person, "enrol"), [password, code])
    assert "by hand" not in outcome.transcript
    return "DENIED" if "authentication failed" in outcome.transcript else outcome.transcript


def test_replacing_keeps_the_old_until_confirmed(lab, person):
    """The old token is good until the new one was proved, and not after."""
    conversation, text = begin_enrolment(lab, person, lab.codes.fresh(person.name))
    seed, now = secret_of(text), time.time()
    assert authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "OK"
    conversation.answer(oath(seed, now))
    conversation.next_prompt()
    conversation.answer(oath(seed, now + 90))  # not the one after it
    conversation.next_prompt()
    assert "not two codes" in conversation.outcome.transcript
    outcome = finish_enrolment(conversation, oath(seed, now), oath(seed, now + 30))
    assert outcome.status == 0, outcome.transcript
    assert authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "DENIED"


def test_lost_phone_on_a_sunday(lab, person):
    """A recovery code enrols the new phone; the lost one is worth nothing any more."""
    code = recovery_codes(lab, person.name)[0]
    conversation, text = begin_enrolment(lab, person, code)
    seed, now = secret_of(text), time.time()
    assert finish_enrolment(conversation, oath(seed, now - 30), oath(seed, now)).status == 0
    assert authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "DENIED"
    assert authenticate(person.name, person.password, oath(seed, now + 30)) == "OK"
    # What is left of the recovery codes stays good.
    assert authenticate(person.name, person.password, recovery_codes(lab, person.name)[1]) == "OK"


def picture_of(text):
    """The half-block picture of a terminal, as the rows of modules: dark is True."""
    rows = []
    for line in re.findall(r"\x1b\[38;5;16;48;5;231m([ ▀▄█]+)\x1b\[0m", text):
        rows.append([cell in "▀█" for cell in line])
        rows.append([cell in "▄█" for cell in line])
    return rows


def test_qr_code_read_by_zbar(lab, person, tmp_path):
    """What the terminal shows is read by a real decoder: the URI with issuer, account, algorithm, digits, period."""
    conversation, text = begin_enrolment(lab, person, lab.codes.fresh(person.name))
    conversation.close()
    rows = picture_of(text)
    assert rows and len(rows) <= 2 * 50
    scale = 6
    bits = "".join("".join(("1" if dark else "0") * scale for dark in row) + "\n" for row in rows for _ in range(scale))
    image = tmp_path / "screen.pbm"
    image.write_text(f"P1\n{len(rows[0]) * scale} {len(rows) * scale}\n{bits}")
    read = subprocess.run(["zbarimg", "-q", "--raw", str(image)], text=True, capture_output=True).stdout.strip()
    assert read.startswith(f"otpauth://totp/Example%20Corp:{person.name}%40corp.example.com?secret={secret_of(text)}&")
    for part in ("issuer=Example%20Corp", "algorithm=SHA1", "digits=6", "period=30"):
        assert part in read


# ---- Tokens ----

@pytest.mark.parametrize("digits, period, algorithm", [(8, 60, "SHA256"), (7, 30, "SHA512"), (6, 60, "SHA1")])
def test_other_algorithms_beside_the_phone(lab, person, digits, period, algorithm):
    """A second token with its own parameters and label; each has its own watermark; one can be removed."""
    done = admin(lab, "enrol", "--add", "--label", "key fob", "--digits", str(digits), "--period", str(period),
                 "--algorithm", algorithm.lower(), "--no-qr", person.name)
    assert done.returncode == 0, done.stderr
    seed = re.search(r"secret  (\S+)", done.stdout).group(1)
    assert f"digits={digits}&period={period}" in done.stdout and f"algorithm={algorithm}" in done.stdout
    code = oath(seed, None, digits, period, algorithm)
    assert authenticate(person.name, person.password, code) == "OK"
    assert authenticate(person.name, person.password, code) == "DENIED"
    assert authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "OK"
    listed = [line for line in admin(lab, "list").stdout.splitlines() if line.startswith(person.name + "@")]
    assert len(listed) == 2
    number = next(line for line in listed if "key fob" in line).split()[-3]
    one = admin(lab, "list", person.name).stdout.splitlines()
    assert sorted(one[1:]) == sorted(listed) and admin(lab, "list", f"CORP\\{person.name.upper()}").stdout.splitlines() == one
    fob = [row for row in json.loads(admin(lab, "list", "--json", person.name).stdout) if row["label"] == "key fob"]
    assert [(row["token"], row["user"], row["last_code"] is None) for row in fob] == [(int(number), f"{person.name}@corp.example.com", False)]
    assert admin(lab, "reset", person.name, "--token", number).returncode == 0
    assert len(admin(lab, "list", person.name).stdout.splitlines()) == 2
    code = oath(seed, time.time() + period, digits, period, algorithm)
    assert authenticate(person.name, person.password, code) == "DENIED"
    assert authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "OK"


def test_the_tokens_of_nobody(lab):
    done = admin(lab, "list", "ivan")
    assert (done.returncode, done.stdout) == (3, "") and "ivan has no second factor enrolled" in done.stderr
    done = admin(lab, "list", "nobody-of-this-name")
    assert done.returncode == 3 and "no such user" in done.stderr


def test_a_label_moves_no_terminal(lab, person):
    """I-58: whoever of the admin-group named a token, it is root who reads the list."""
    assert admin(lab, "enrol", "--add", "--label", "fob\x1b]0;gone\x07\u202e", "--no-qr", person.name).returncode == 0
    listed = admin(lab, "list").stdout
    assert "fob?]0;gone??" in listed and "\x1b" not in listed


def test_guesses_beside_a_token_that_cannot_be_opened(lab, person):
    """I-37: what the other token rejects counts, or whoever has the password could guess at it without end."""
    assert admin(lab, "enrol", "--add", "--label", "key fob", "--no-qr", person.name).returncode == 0
    with sqlite3.connect(f"{lab.awsfed.STATE}/mfa.db") as db:
        who = (person.name + "@%",)
        record = bytearray(db.execute("SELECT record FROM person WHERE name LIKE ?", who).fetchone()[0])
        record[-3] ^= 1  # the end of the last token's blob: then come no recovery codes and no ticket
        db.execute("UPDATE person SET record = ? WHERE name LIKE ?", (bytes(record), *who))
    assert authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "OK"
    for _ in range(5):
        assert authenticate(person.name, person.password, lab.codes.wrong(person.name)) == "DENIED"
    assert authenticate(person.name, person.password, lab.codes.wrong(person.name)) == "LOCKED"
    listed = [line for line in admin(lab, "list").stdout.splitlines() if line.startswith(person.name + "@")]
    number = next(line for line in listed if "key fob" in line).split()[-3]
    assert admin(lab, "reset", "--token", number, person.name).returncode == 0


@pytest.mark.parametrize("off", [-1500, 900])
def test_resync_follows_a_token_that_is_off(lab, person, off):
    """Two codes in a row bring a token back whose clock is far off; one code, or two that are not in a row, do not."""
    seed, now = lab.codes.seed(person.name), time.time()
    early = oath(seed, now + off)
    assert authenticate(person.name, person.password, early) == "DENIED"
    apart = admin(lab, "resync", person.name, text_in=f"{early}\n{oath(seed, now + off + 60)}\n")
    assert apart.returncode == 3 and "one directly after the other" in apart.stderr
    done = admin(lab, "resync", person.name, text_in=f"{early}\n{oath(seed, now + off + 30)}\n")
    assert done.returncode == 0, done.stderr
    assert authenticate(person.name, person.password, oath(seed, now + off + 30)) == "DENIED"  # used by the resync
    assert authenticate(person.name, person.password, oath(seed, now + off + 60)) == "OK"
    assert lab.awsfed.audit(event="token-resync", outcome="granted")


# ---- Imports ----

SECRET = "EBDHDQGPFKXWXJNLEUVLOGDTIY"


def test_import_of_a_folder(lab, tmp_path):
    """A folder of google-authenticator's files at once, homes too, with used codes; a dry run does nothing (I-24)."""
    one, two = lab.people.take(), lab.people.take()
    step = int(time.time()) // 30
    (tmp_path / one.name).write_text(f'{SECRET}\n" RATE_LIMIT 3 30\n" DISALLOW_REUSE {step}\n" TOTP_AUTH\n12345678\n')
    (tmp_path / two.name).mkdir()
    (tmp_path / two.name / ".google_authenticator").write_text(f'{SECRET}\n" TOTP_AUTH\n')
    words = ("import", "--format", "google-authenticator")
    done = admin(lab, *words, "--dry-run", str(tmp_path))
    assert done.returncode == 0 and "2 can be imported" in done.stdout, done.stderr
    assert authenticate(two.name, two.password, oath(SECRET)) == "DENIED"
    done = admin(lab, *words, str(tmp_path))
    assert done.returncode == 0 and "2 imported" in done.stdout and "1 scratch code" in done.stdout, done.stderr
    assert authenticate(one.name, one.password, oath(SECRET, step * 30)) == "DENIED"
    assert authenticate(one.name, one.password, oath(SECRET, step * 30 + 30)) == "OK"
    assert authenticate(two.name, two.password, oath(SECRET)) == "OK"
    again = admin(lab, *words, str(tmp_path))
    assert again.returncode == 1 and "enrolled already" in again.stderr


def test_nothing_is_half_imported(lab, tmp_path):
    """One bad line, or one person whom the directory does not know, and nobody of the file is in; line and reason are told."""
    one = lab.people.take()
    hexadecimal = "3132333435363738393031323334353637383930"
    users = tmp_path / "users.oath"
    for bad, line, reason in ((f"HOTP/T30/6 x 1234 {hexadecimal}", 2, "PIN"),
                              (f"HOTP/T30/6 nobody-at-all - {hexadecimal}", 2, "no such user")):
        users.write_text(f"HOTP/T30/6 {one.name} - {hexadecimal}\n{bad}\n")
        done = admin(lab, "import", "--format", "users.oath", str(users))
        assert done.returncode == 1 and f"users.oath:{line}:" in done.stderr and reason in done.stderr
    assert one.name not in admin(lab, "list").stdout
    users.write_text(f"HOTP/T30/6 {one.name} - {hexadecimal}\n")
    assert admin(lab, "import", "--format", "users.oath", str(users)).returncode == 0
    assert authenticate(one.name, one.password, oath("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")) == "OK"


def test_import_csv(lab, tmp_path):
    """Hardware tokens by CSV, with their own parameters."""
    one = lab.people.take()
    table = tmp_path / "tokens.csv"
    table.write_text(f"user,secret,digits,period,algorithm,label\n{one.name},{SECRET},8,60,sha256,fob 17\n")
    assert admin(lab, "import", "--format", "csv", str(table)).returncode == 0
    assert authenticate(one.name, one.password, oath(SECRET, None, 8, 60, "SHA256")) == "OK"
    assert "fob 17" in admin(lab, "list").stdout


# ---- Policy ----

def test_exempt_network(lab, person, bridge):
    """I-22, I-31: from an exempt network the password lets in without a right code and gives no role; a name earns nothing."""
    def from_there(rhost, code, password=person.password):
        return ask("AUTHENTICATE", USER=person.name, PASSWORD=password.encode(), CODE=code.encode(), FACTORS=3,
                   SERVICE="sshd", RHOST=rhost, TTY="ssh")[0]

    lab.awsfed.configure({"mfa": {"exempt-networks": "192.0.2.0/24, 10.0.0.0/8, 127.0.0.0/8"}})
    wrong = lab.codes.wrong(person.name)
    assert from_there("198.51.100.1", wrong) == "DENIED"
    assert from_there("localhost", wrong) == "DENIED"
    assert from_there("192.0.2.7", wrong, "not the password") == "DENIED"
    assert from_there("::ffff:192.0.2.7", wrong) == "OK"
    assert not lab.awsfed.audit(user=person.name, outcome="granted")[-1]["factors"].count("totp")
    assert from_there("192.0.2.7", lab.codes.fresh(person.name)) == "OK"
    assert "totp" in lab.awsfed.audit(user=person.name, outcome="granted")[-1]["factors"]


def test_guesses_from_an_exempt_network_count(lab, person, bridge):
    """I-37: a right code gives roles there too, so a wrong one is a guess; what could be no code is none, and forgives none."""
    del bridge
    def from_there(code):
        return ask("AUTHENTICATE", USER=person.name, PASSWORD=person.password.encode(), CODE=code.encode(), FACTORS=3,
                   SERVICE="sshd", RHOST="192.0.2.7", TTY="ssh")[0]

    lab.awsfed.configure({"mfa": {"exempt-networks": "192.0.2.0/24"}})
    for _ in range(6):
        assert from_there("none") == "OK"
    for guess in ["aaaaa-aaaaa"] + 3 * [lab.codes.wrong(person.name)]:
        assert from_there(guess) == "OK"
        assert from_there("none") == "OK"
    assert from_there(lab.codes.wrong(person.name)) == "OK"
    assert from_there(lab.codes.fresh(person.name)) == "LOCKED"


def test_reseal_goes_past_who_does_not_open(lab, person, bridge):
    """Sealed with a key that nobody has any more: named with the remedy, and everybody else is done."""
    other, path = lab.people.take(), lab.awsfed.CONFIG / "keys/seal.key"
    lab.codes.enrol(other.name)
    old = path.read_text()
    new = "%064x\n" % (int(old, 16) ^ 2)
    with sqlite3.connect(lab.awsfed.STATE / "mfa.db") as db:
        (record, ), = db.execute("SELECT record FROM person WHERE name LIKE ?", (f"{person.name}@%",)).fetchall()
        at = record.index(b"\x01", 40) + 1  # behind the numbers and the label: the blob; a byte of its key's number
        lost = record[:at] + bytes([record[at] ^ 1]) + record[at + 1:]
        db.execute("UPDATE person SET record = ?, version = version + 1 WHERE name LIKE ?", (lost, f"{person.name}@%"))
    try:
        path.write_text(new + old)
        lab.awsfed.configure()
        done = admin(lab, "reseal")
        assert done.returncode == 1 and f"{person.name}@" in done.stderr and "mfa reset" in done.stderr, done.stderr
        assert int(done.stdout.split()[0]) > 0 and "not needed" not in done.stdout
        path.write_text(new)
        lab.awsfed.configure()
        assert authenticate(other.name, other.password, lab.codes.fresh(other.name)) == "OK"
        assert admin(lab, "reset", person.name).returncode == 0
        done = admin(lab, "reseal")
        assert done.returncode == 0 and done.stdout.startswith("0 sealed anew; "), done.stderr
    finally:
        path.write_text(old + new)
        lab.awsfed.configure()
        assert admin(lab, "reseal").returncode == 0
        path.write_text(old)


def test_the_seal_key_is_changed(lab, person, bridge):
    """A new first line, a restart, reseal, and the old line is not needed: nobody is enrolled anew, no code comes back (I-24)."""
    path = lab.awsfed.CONFIG / "keys/seal.key"
    old = path.read_text()
    new = "%064x\n" % (int(old, 16) ^ 1)
    code = lab.codes.fresh(person.name)
    assert authenticate(person.name, person.password, code) == "OK"
    try:
        path.write_text(new + old)
        lab.awsfed.configure()
        assert authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "OK"
        done = admin(lab, "reseal")
        assert done.returncode == 0 and not done.stdout.startswith("0 "), done.stderr
        assert admin(lab, "reseal").stdout.startswith("0 ")
        path.write_text(new)
        lab.awsfed.configure()
        assert authenticate(person.name, person.password, code) == "DENIED"
        assert authenticate(person.name, person.password, lab.codes.fresh(person.name)) == "OK"
    finally:
        path.write_text(old + new)
        lab.awsfed.configure()
        assert admin(lab, "reseal").returncode == 0
        path.write_text(old)
