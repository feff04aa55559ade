"""Moving everybody from one store to another: SQLite, PostgreSQL, the directory, and back.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import os
import re
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from asker import ask, authenticate, connect  # noqa: E402
from fake_bridge import TYPES, encode  # noqa: E402
from test_mfa import RECOVERY  # noqa: E402

ATTRIBUTE = "thumbnailLogo"  # see test_store_directory.py


def admin(lab, *words, text_in=None, **options):
    return subprocess.run(["awsfed-admin", "mfa", *words], capture_output=True, input=text_in,
                          env={"PATH": lab.places.PATH}, text=not isinstance(text_in, bytes), **options)


def login(person, code):
    return authenticate(person.name, person.password, code)


def denied_all(person, codes):
    """Is each of these codes refused? All at once, since a denial takes its time."""
    with ThreadPoolExecutor(len(codes)) as pool:
        return set(pool.map(lambda code: login(person, code), codes)) == {"DENIED"}


@pytest.fixture(scope="module")
def stores(lab):
    """The three kinds of store, by what [mfa] says of them; the first as the lab has it."""
    lab.postgres.start()
    lab.directory.DC1.grant_write(lab.people.SERVICE_NAME, ATTRIBUTE)
    yield {"sqlite": {}, "postgresql": {"store": lab.postgres.URI}, "directory": {"store": f"directory:{ATTRIBUTE}"}}
    lab.postgres.remove()
    found = lab.directory.samdb().search(lab.places.BASE_DN, expression=f"({ATTRIBUTE}=*)", attrs=["dn"])
    for entry in found:
        lab.directory.DC1.set(str(entry.dn), **{ATTRIBUTE: None})


@pytest.fixture
def parcel(lab, person, tmp_path):
    """An export of the lab's store, with the person in it."""
    del person
    path = tmp_path / "parcel"
    done = admin(lab, "export", str(path))
    assert done.returncode == 0, done.stderr
    return path


def test_from_store_to_store_and_back(lab, person, bridge, stores, tmp_path):
    """I-24, I-30, I-34: log in, move, log in; what was used stays used in every store, and no seed is ever in the clear."""
    codes = RECOVERY.findall(admin(lab, "recovery-codes", person.name).stdout)
    used = [lab.codes.fresh(person.name), codes.pop()]
    for code in used:
        assert login(person, code) == "OK"
    seed = lab.codes.seed(person.name)
    raw = base64.b32decode(seed + "=" * (-len(seed) % 8))
    for number, to in enumerate(("postgresql", "directory", "sqlite")):
        path = tmp_path / f"parcel{number}"
        done = admin(lab, "export", str(path))
        assert done.returncode == 0, done.stderr
        text = path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
        for line in text.splitlines()[1:]:
            assert raw not in base64.b64decode(line.split()[1])
        assert seed.encode() not in text and f"{person.name}@".encode() not in text
        lab.awsfed.configure({"mfa": stores[to]})
        if to != "sqlite":
            dry = admin(lab, "import", "--format", "sealed", "--dry-run", "--skip-unknown", str(path))
            assert dry.returncode == 0 and dry.stdout.startswith("would be: "), dry.stderr
            assert person.name not in admin(lab, "list").stdout
        done = admin(lab, "import", "--format", "sealed", "--skip-unknown", str(path))
        assert done.returncode == 0, done.stderr
        assert denied_all(person, used), to
        admin(lab, "unlock", person.name)
        code = codes.pop()  # fresh one-time codes come one in half a minute
        assert login(person, code) == "OK", to
        used.append(code)
        again = admin(lab, "import", "--format", "sealed", "--skip-unknown", str(path))
        assert again.returncode == 0 and again.stdout.startswith("0 new, "), again.stderr
    assert denied_all(person, used)
    admin(lab, "unlock", person.name)
    assert login(person, lab.codes.fresh(person.name)) == "OK"
    assert lab.awsfed.audit(event="mfa-export", outcome="granted") and lab.awsfed.audit(event="mfa-import", outcome="granted")


def test_reseal_in_the_directory(lab, bridge, stores):
    """There a row is sealed as a whole: one without a token, a ticket alone, is sealed anew as well."""
    one, path = lab.people.take(), lab.awsfed.CONFIG / "keys/seal.key"
    old = path.read_text()
    new = "%064x\n" % (int(old, 16) ^ 4)
    lab.awsfed.configure({"mfa": stores["directory"]})
    assert admin(lab, "enrol", "--ticket", one.name).returncode == 0
    before = lab.directory.attribute(one.name, ATTRIBUTE)
    try:
        path.write_text(new + old)
        lab.awsfed.configure({"mfa": stores["directory"]})
        done = admin(lab, "reseal")
        assert done.returncode == 0 and not done.stdout.startswith("0 "), done.stderr
        assert lab.directory.attribute(one.name, ATTRIBUTE) != before
        assert admin(lab, "reseal").stdout.startswith("0 ")
        path.write_text(new)
        lab.awsfed.configure({"mfa": stores["directory"]})
        assert login(one, "123456") == "DENIED"  # and not STORE: it opens
    finally:
        path.write_text(old)


def test_what_is_no_whole_parcel_is_refused(lab, parcel, tmp_path):
    """Cut, changed, of another parcel, of nothing: refused with the line, and nothing is imported."""
    lines = parcel.read_bytes().splitlines(keepends=True)
    assert admin(lab, "export", str(parcel)).returncode == 1  # not over an older one
    cut = [b"".join(lines[:-1]), b"".join(lines)[:-1], b"".join(lines)[:-30], lines[0], b"", b"hello\n"]
    changed = b"".join([lines[0][:-2] + bytes([lines[0][-2] ^ 1]) + b"\n", *lines[1:]])
    reordered = b"".join([lines[0], lines[-1], *lines[1:-1]])
    more = b"".join([*lines, lines[-1]])
    for bad in (*cut, changed, reordered, more):
        path = tmp_path / "bad"
        path.write_bytes(bad)
        done = admin(lab, "import", "--format", "sealed", str(path))
        assert done.returncode == 1 and done.stdout == "", (bad[:80], done.stderr)
    done = admin(lab, "import", "--format", "sealed", "-", text_in=b"".join(lines))
    assert done.returncode == 0 and done.stdout.startswith(b"0 new, 0 brought up to date, "), done.stderr


def test_other_tokens_here(lab, person, parcel):
    """Somebody who has other tokens meanwhile stops the whole import, by name and line; --replace puts the old ones back."""
    admin(lab, "enrol", "--replace", person.name)
    done = admin(lab, "import", "--format", "sealed", str(parcel))
    assert done.returncode == 1 and re.search(rf"{parcel}:\d+: {person.name}@.*--replace", done.stderr), done.stderr
    assert login(person, lab.codes.fresh(person.name)) == "DENIED"
    assert admin(lab, "import", "--format", "sealed", "--replace", str(parcel)).returncode == 0
    assert login(person, lab.codes.fresh(person.name)) == "OK"


def test_who_was_reset_since_is_named(lab, person, parcel):
    """A token that was taken away stays away; and whom the file enrols again, of whom nothing is remembered, is named first."""
    assert admin(lab, "reset", "--token", "1", person.name).returncode == 0
    done = admin(lab, "import", "--format", "sealed", str(parcel))
    assert done.returncode == 1 and re.search(rf"{person.name}@.*: their token was removed here: --replace", done.stderr), done.stderr
    assert login(person, lab.codes.fresh(person.name)) == "DENIED"
    other = lab.people.take()
    lab.codes.enrol(other.name)
    everybody = parcel.with_name("everybody")
    assert admin(lab, "export", str(everybody)).returncode == 0
    assert admin(lab, "reset", other.name).returncode == 0
    dry = admin(lab, "import", "--format", "sealed", "--dry-run", str(everybody))
    assert dry.returncode == 0 and f"{other.name}@corp.example.com: would be enrolled by this import" in dry.stderr, dry.stderr
    assert "reset here since the export would have the old token again" in dry.stderr and f"{person.name}@" not in dry.stderr
    assert f"{other.name}@" not in admin(lab, "list").stdout
    done = admin(lab, "import", "--format", "sealed", str(everybody))
    assert done.returncode == 0 and f"{other.name}@corp.example.com: enrolled by this import" in done.stderr, done.stderr
    again = admin(lab, "import", "--format", "sealed", str(everybody))
    assert again.returncode == 0 and again.stderr == ""
    # A ticket, as whoever is reset gets one, is no second factor.
    assert admin(lab, "reset", other.name).returncode == 0 and admin(lab, "enrol", "--ticket", other.name).returncode == 0
    dry = admin(lab, "import", "--format", "sealed", "--dry-run", str(everybody))
    assert dry.returncode == 0 and f"{other.name}@corp.example.com: would be enrolled by this import" in dry.stderr, dry.stderr
    assert admin(lab, "import", "--format", "sealed", "--replace", str(parcel)).returncode == 0  # as was said


def test_nothing_moves_without_a_line(lab, person, bridge):
    """No export goes on that never began; into a parcel's arrival comes nobody who was not in the parcel."""
    del bridge
    head = f"awsfed-parcel 1 {'0' * 32} 1"

    def export(**fields):
        with connect() as client:
            client.send(encode(TYPES["EXPORT"], 1, fields))
            return re.search(rb"awsfed-parcel 1 [0-9a-f]{32} \d+", client.recv(200000))

    lines = len(lab.awsfed.audit(event="mfa-export", reason="begun"))
    assert ask("EXPORT", PARCEL_HEAD=head, PARCEL_NUMBER=1)[0] == "NOT_FOUND"
    begun = export()
    assert begun and len(lab.awsfed.audit(event="mfa-export", reason="begun")) == lines + 1
    assert export(PARCEL_HEAD=begun[0].decode(), PARCEL_NUMBER=1)
    arrival = ask("ARRIVAL_BEGIN", PARCEL_HEAD=head)[1]["ARRIVAL"]
    seed = base64.b32encode(b"12345678901234567890").decode()
    newcomer = lab.people.take()
    one = {"USER": newcomer.name, "SEED": seed, "PARCEL_NUMBER": 1}
    assert ask("IMPORT", ARRIVAL=arrival, **one)[0] == "INVALID"
    arrival = ask("ARRIVAL_BEGIN")[1]["ARRIVAL"]
    assert ask("IMPORT", ARRIVAL=arrival, **one)[0] == "OK"
    assert ask("ARRIVAL_END", ARRIVAL=arrival)[0] == "OK"
    assert lab.awsfed.audit(event="enrol-import", user=f"{newcomer.name}@corp.example.com")


def test_only_an_administrator_moves_anybody(lab, person):
    """I-53: neither way for anybody else."""
    for words in (["export", "-"], ["import", "--format", "sealed", "/dev/null"], ["import", "--format", "sealed", "-"]):
        done = subprocess.run(["setpriv", f"--reuid={person.uid}", f"--regid={person.uid}", "--clear-groups", "--",
                               "awsfed-admin", "mfa", *words], capture_output=True, text=True,
                              input=f"awsfed-parcel 1 {'0' * 32} 1\n", env={"PATH": lab.places.PATH})
        assert done.returncode in (1, 3) and done.stdout == "", words
        assert done.returncode == 3 or words[-1] == "/dev/null"


def test_a_seed_that_does_not_open(lab, person, bridge):
    """A parcel that could not be imported is not made: who is at fault is told, and no file stays."""
    del bridge
    with sqlite3.connect(lab.awsfed.STATE / "mfa.db") as db:
        (record,), = db.execute("SELECT record FROM person WHERE name LIKE ?", (f"{person.name}@%",)).fetchall()
        broken = record[:70] + bytes([record[70] ^ 1]) + record[71:]
        db.execute("UPDATE person SET record = ?, version = version + 1 WHERE name LIKE ?", (broken, f"{person.name}@%"))
    path = Path(f"/tmp/parcel-{os.getpid()}")
    done = admin(lab, "export", str(path))
    assert done.returncode == 1 and person.name in done.stderr and "mfa reset" in done.stderr, done.stderr
    assert not path.exists()
    assert admin(lab, "reset", person.name).returncode == 0
