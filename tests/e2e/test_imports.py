"""Tokens that people have already: files written by google-authenticator and pam_oath themselves, and hardware in PSKC.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import hmac
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import pam_direct  # noqa: E402
from asker import authenticate  # noqa: E402

SEED = b"12345678901234567890"
NAMESPACES = ('xmlns="urn:ietf:params:xml:ns:keyprov:pskc" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" '
              'xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" '
              'xmlns:pkcs5="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#"')


def admin(lab, *words):
    return subprocess.run(["awsfed-admin", "mfa", *words], text=True, capture_output=True,
                          env={"PATH": lab.places.PATH})


def login(person, code):
    return authenticate(person.name, person.password, code)


def code_of(lab, seed, step, digits=6, algorithm="sha1"):
    del lab
    digest = hmac.new(seed, step.to_bytes(8, "big"), algorithm).digest()
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset:offset + 4], 'big') & 0x7FFFFFFF) % 10 ** digits:0{digits}}"


# ---- google-authenticator ----

def test_homes_of_google_authenticator(lab, tmp_path):
    """I-24: what google-authenticator itself wrote, a folder of homes at once; a code used there is used here."""
    services, homes = tmp_path / "services", tmp_path / "homes"
    services.mkdir()
    homes.mkdir()
    (services / "google").write_text(
        f"auth required pam_google_authenticator.so user=root allowed_perm=0400 secret={homes}/${{USER}}/.google_authenticator\n")
    people = [lab.people.take() for _ in range(3)]
    for person in people:
        (homes / person.name).mkdir()
        subprocess.run(["google-authenticator", "-t", "-d", "-f", "-C", "-q", "-r", "3", "-R", "30", "-w", "3", "-e", "5",
                        "-s", homes / person.name / ".google_authenticator"], check=True, capture_output=True)
    (homes / "nobody-with-a-token").mkdir()
    step = lab.codes.step_now()
    used = homes / people[0].name / ".google_authenticator"
    secret = used.read_text().splitlines()[0]
    code = lab.codes.code_at(secret, step)
    assert pam_direct.authenticate(services, "google", people[0].name, code) == pam_direct.PAM_SUCCESS
    assert f"DISALLOW_REUSE {step}" in used.read_text()
    words = ("import", "--format", "google-authenticator")
    dry = admin(lab, *words, "--dry-run", str(homes))
    assert dry.returncode == 0 and "3 can be imported" in dry.stdout and "15 scratch codes" in dry.stdout, dry.stderr
    assert admin(lab, *words, str(homes)).returncode == 0
    assert login(people[0], code) == "DENIED"
    assert login(people[0], lab.codes.code_at(secret, step + 1)) == "OK"
    for person in people[1:]:
        secret = (homes / person.name / ".google_authenticator").read_text().splitlines()[0]
        assert login(person, lab.codes.code_at(secret, lab.codes.step_now())) == "OK"


# ---- pam_oath ----

def test_users_of_pam_oath(lab, tmp_path):
    """I-24: a file that pam_oath rewrote at a login: whose code was used there stays out with it, the others come in."""
    services, users = tmp_path / "services", tmp_path / "users.oath"
    services.mkdir()
    (services / "oath").write_text(f"auth required pam_oath.so usersfile={users} window=2 digits=6\n")
    one, two = lab.people.take(), lab.people.take()
    users.write_text("# kept by hand\n" + "".join(f"HOTP/T30/6 {p.name} - {SEED.hex()}\n" for p in (one, two)))
    users.chmod(0o600)
    step = lab.codes.step_now()
    code = code_of(lab, SEED, step + 2)  # a clock that is ahead
    assert pam_direct.authenticate(services, "oath", one.name, code) == pam_direct.PAM_SUCCESS
    assert re.search(rf"{one.name}\t-\t{SEED.hex()}\t\d+\t{code}\t20\d\d-", users.read_text()), users.read_text()
    done = admin(lab, "import", "--format", "users.oath", str(users))
    assert done.returncode == 0 and "2 imported" in done.stdout, done.stderr
    assert login(one, code) == "DENIED"
    assert login(two, code_of(lab, SEED, lab.codes.step_now())) == "OK"
    # The file tells the moment, and how far off the code was, but not to which side.
    assert login(one, code_of(lab, SEED, step + 1)) == "DENIED"


# ---- PSKC ----

def package(serial, secret, algorithm="totp", suite="", digits=6, period=30):
    suite = f"<Suite>{suite}</Suite>" if suite else ""
    return (f'<KeyPackage><DeviceInfo><Manufacturer>oath.example</Manufacturer><SerialNo>{serial}</SerialNo></DeviceInfo>'
            f'<Key Id="{serial}" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:{algorithm}"><AlgorithmParameters>{suite}'
            f'<ResponseFormat Length="{digits}" Encoding="DECIMAL"/></AlgorithmParameters><Data>{secret}'
            f'<TimeInterval><PlainValue>{period}</PlainValue></TimeInterval></Data></Key></KeyPackage>\n')


def container(*packages, keys=""):
    return f'<?xml version="1.0"?>\n<KeyContainer Version="1.0" {NAMESPACES}>\n{keys}{"".join(packages)}</KeyContainer>\n'


def plain(seed):
    return f"<Secret><PlainValue>{base64.b64encode(seed).decode()}</PlainValue></Secret>"


def aes256(key, data):
    """AES-256-CBC as XML Encryption has it, by the openssl command."""
    iv, pad = os.urandom(16), 16 - len(data) % 16
    out = subprocess.run(["openssl", "enc", "-aes-256-cbc", "-nopad", "-K", key.hex(), "-iv", iv.hex()], check=True,
                         input=data + os.urandom(pad - 1) + bytes([pad]), capture_output=True).stdout
    return iv + out


def cipher_value(data):
    return ('<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/><xenc:CipherData>'
            f'<xenc:CipherValue>{base64.b64encode(data).decode()}</xenc:CipherValue></xenc:CipherData>')


def by_passphrase(seed, passphrase):
    """Keys and secret of a file under a passphrase: PBKDF2 with SHA-256, AES-256, HMAC-SHA-256."""
    salt, mac_key = os.urandom(16), os.urandom(32)
    key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, 2000, 32)
    keys = ('<EncryptionKey><xenc11:DerivedKey><xenc11:KeyDerivationMethod Algorithm="http://www.w3.org/2009/xmlenc11#pbkdf2">'
            f'<pkcs5:PBKDF2-params><Salt><Specified>{base64.b64encode(salt).decode()}</Specified></Salt>'
            '<IterationCount>2000</IterationCount><KeyLength>32</KeyLength>'
            '<PRF Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"/></pkcs5:PBKDF2-params>'
            '</xenc11:KeyDerivationMethod></xenc11:DerivedKey></EncryptionKey>\n'
            '<MACMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"><MACKey>'
            f'{cipher_value(aes256(key, mac_key))}</MACKey></MACMethod>\n')
    secret = aes256(key, seed)
    mac = base64.b64encode(hmac.new(mac_key, secret, "sha256").digest()).decode()
    return keys, f"<Secret><EncryptedValue>{cipher_value(secret)}</EncryptedValue><ValueMAC>{mac}</ValueMAC></Secret>"


def test_hardware_tokens(lab, tmp_path):
    """A batch with its owners: other digits, periods and algorithms work; one token that cannot be, and none comes in."""
    one, two = lab.people.take(), lab.people.take()
    tokens, owners = tmp_path / "tokens.xml", tmp_path / "owners.csv"
    good = package("A1", plain(SEED)), package("A2", plain(SEED * 3), suite="HMAC-SHA512", digits=8, period=60)
    words = ("import", "--format", "pskc", "--owners", str(owners))
    for bad, table, says in ((package("A3", plain(SEED), algorithm="hotp"), f"A3,{one.name}", "HOTP"),
                             (package("A3", plain(SEED)), "", "nobody has this serial number"),
                             ("", "A9,somebody", "no token of this serial number")):
        tokens.write_text(container(*good, bad))
        owners.write_text(f"serial,user\nA1,{one.name}\nA2,{two.name}\n{table}\n")
        done = admin(lab, *words, str(tokens))
        assert done.returncode == 1 and says in done.stderr and re.search(r"(xml:5|csv:4): ", done.stderr), done.stderr
    assert one.name not in admin(lab, "list").stdout
    tokens.write_text(container(*good))
    owners.write_text(f"serial,user\nA1,{one.name}\nA2,{two.name}\n")
    assert "2 can be imported" in admin(lab, *words, "--dry-run", str(tokens)).stdout
    done = admin(lab, *words, str(tokens))
    assert done.returncode == 0, done.stderr
    step = lab.codes.step_now()
    assert login(one, code_of(lab, SEED, step)) == "OK"
    assert login(two, code_of(lab, SEED * 3, step // 2, 8, "sha512")) == "OK"
    assert "A2" in admin(lab, "list").stdout


@pytest.mark.parametrize("way", ["file", "terminal"])
def test_encrypted_hardware_tokens(lab, tmp_path, way):
    """Under a passphrase, from a file or typed unseen; a wrong one, and a changed secret, import nothing."""
    one, passphrase = lab.people.take(), "correct horse"
    keys, secret = by_passphrase(SEED, passphrase)
    tokens, owners, key = tmp_path / "tokens.xml", tmp_path / "owners.csv", tmp_path / "key"
    tokens.write_text(container(package("B1", secret), keys=keys))
    owners.write_text(f"B1,{one.name}\n")
    words = ["awsfed-admin", "mfa", "import", "--format", "pskc", "--owners", str(owners)]
    if way == "terminal":
        conversation = lab.terminal.Conversation([*words, str(tokens)])
        conversation.read_until("Passphrase of the tokens' file: ")
        conversation.answer(passphrase)
        outcome = conversation.finish()
        assert "1 imported" in outcome.transcript and passphrase not in outcome.transcript
    else:
        key.write_text("wrong\n")
        key.chmod(0o644)
        assert admin(lab, *words[2:], "--key-file", str(key), str(tokens)).returncode == 1  # others may read it
        key.chmod(0o600)
        done = admin(lab, *words[2:], "--key-file", str(key), str(tokens))
        assert done.returncode == 1 and ("wrong" in done.stderr), done.stderr
        done = admin(lab, *words[2:], str(tokens))
        assert done.returncode == 1 and "--key-file" in done.stderr
        key.write_text(passphrase + "\n")
        done = admin(lab, *words[2:], "--key-file", str(key), str(tokens))
        assert done.returncode == 0, done.stderr
    assert login(one, code_of(lab, SEED, lab.codes.step_now())) == "OK"
