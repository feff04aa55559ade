#!/usr/bin/python3
"""An LDAP server that does what a script says, to be wrong in ways that a real one is only once a year.

usage: peer.py FOLDER KEY=VALUE…

FOLDER gets (once) a CA and certificates. The first line on standard output is the port. Then comes one
line an event, "CONNECTION EVENT …", each written before the peer answers, so that whoever has an answer can
rely on the line. It ends when its standard input does. Keys, with the default first:

    tls      ldaps | starttls | refuse | vanish | old | mute     how TLS goes
    cert     good | name | dates | authority                     what is wrong with the certificate
    bind     ok | 49:DATA | CODE | die | mute | type | id | cut | drip | garbage    people's binds
    service  ok | 49                                             the service identity's bind
    find     1 | 0 | 2 | limit | flood | refer | references | nosid    searches for a person
    pieces   PIECE,PIECE… of tokenGroups, one for each read of an entry: FIRST-LAST, FIRST-*, either with :FROM+COUNT for the
             values that come with it; none, whole, othersid, twice, gone, die, endless
    read     ok | othersid | notokens | ranged | badtoken | none | two | mute | die | bare | expired
    modify   CODE:TEXT (0:)                                      password changes
    after    stay | close | notice                               once an own entry was read
    ping     ok | mute                                           is it there
    rights   NAME ()                                             an attribute that whoever asks may write
    clock    SECONDS () | garbage                                how far its clock is ahead; without: it does not tell
    site     NAME ()                                             of whoever asks
    pages    1 | N | endless | badmark | limit                   searches for groups by prefix
    refer    URL, for answers that refer
    names    NAME:RID,… | @FILE that says so now (in FOLDER)     groups that there are besides
    domain   1                                                   the number in the SIDs of those
SPDX-License-Identifier: Apache-2.0
"""
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

SERVICE_DN = "CN=svc,DC=corp,DC=example,DC=com"
PERSON_DN = "CN=alice,OU=People,DC=corp,DC=example,DC=com"


def sid(*subs):
    return bytes([1, len(subs), 0, 0, 0, 0, 0, 5]) + b"".join(struct.pack("<I", s) for s in subs)


ALICE = sid(21, 1, 2, 3, 1103)
TOKENS = [sid(21, 1, 2, 3, rid) for rid in (1110, 513, 1109)] + [sid(32, 545)]


# ---- BER ----

def tlv(tag, content):
    n = len(content)
    size = bytes([n]) if n < 128 else b"\x84" + struct.pack(">I", n)
    return bytes([tag]) + size + content


def text(value):
    return tlv(4, value if isinstance(value, bytes) else value.encode())


def take(data):
    """The first element: tag, content, and what follows it; None when it is not all there."""
    if len(data) < 2:
        return None
    n, at = data[1], 2
    if n & 0x80:
        at += n & 0x7f
        n = int.from_bytes(data[2:at], "big")
    if len(data) < at + n:
        return None
    return data[0], data[at:at + n], data[at + n:]


def result(tag, code, message="", refer=None):
    body = tlv(10, bytes([code])) + text("") + text(message)
    if refer:
        body += tlv(0xa3, text(refer))
    return tlv(tag, body)


def entry(dn, attributes):
    body = b"".join(
        tlv(0x30, text(name) + tlv(0x31, b"".join(text(v) for v in values)))
        for name, values in attributes)
    return tlv(0x64, text(dn) + tlv(0x30, body))


def netlogon(site):
    """MS-ADTS 6.3.1.9, with the compression that AD uses."""
    label = site.encode()
    names = (b"\x04corp\x07example\x03com\0" b"\xc0\x18" b"\x03dc1\xc0\x18" b"\x04CORP\0" b"\x03DC1\0" b"\0"
             b"\x07Default\0" + bytes([len(label)]) + label + b"\0")
    return struct.pack("<HHI", 23, 0, 0x33fd) + bytes(16) + names + struct.pack("<IHH", 5, 0xffff, 0xffff)


# ---- Certificates ----

def openssl(*words, cwd):
    subprocess.run(["openssl", *words], cwd=cwd, check=True, capture_output=True)


def make_certificates(folder):
    if (folder / "done").exists():
        return
    for ca in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-subj", f"/CN={ca}", "-keyout", f"{ca}.key", "-out", f"{ca}.pem", cwd=folder)
    for name, ca, san, days in (("good", "ca", "IP:127.0.0.1", "2"), ("name", "ca", "IP:127.0.0.9", "2"),
                                ("dates", "ca", "IP:127.0.0.1", "-1"),
                                ("authority", "other", "IP:127.0.0.1", "2")):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr", cwd=folder)
        (folder / "ext").write_text(f"subjectAltName={san}\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-days",
                days, "-extfile", "ext", "-out", f"{name}.pem", cwd=folder)
    (folder / "done").touch()


def tls_context(folder, script):
    warnings.simplefilter("ignore", DeprecationWarning)  # of TLS 1.1, which is the point
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if script["tls"] == "old":
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(folder / f"{script['cert']}.pem", folder / f"{script['cert']}.key")
    return context


# ---- One connection ----

class Connection:
    def __init__(self, number, sock, script, context, folder):
        self.number, self.sock, self.script, self.context, self.folder = number, sock, script, context, folder
        self.secure = False

    def say(self, line):
        os.write(1, f"{self.number} {line}\n".encode("utf-8", "backslashreplace"))

    def send(self, ident, *operations):
        for operation in operations:
            self.sock.sendall(tlv(0x30, tlv(2, ident.to_bytes(4, "big")) + operation))

    def start_tls(self):
        self.sock = self.context.wrap_socket(self.sock, server_side=True)
        self.secure = True

    def serve(self):
        self.say("connect")
        if self.script["tls"] == "mute":
            time.sleep(60)
        if self.script["tls"] in ("ldaps", "old"):
            self.start_tls()
        data = b""
        while True:
            element = take(data)
            if element is None:
                more = self.sock.recv(65536)
                if not more:
                    return
                data += more
                continue
            data = element[2]
            _, ident, rest = take(element[1])
            tag, content, _ = take(rest)
            if not self.answer(int.from_bytes(ident, "big"), tag, content):
                return

    def answer(self, ident, tag, content):
        if tag == 0x77:
            return self.extended(ident)
        if tag == 0x60:
            return self.bind(ident, content)
        if tag == 0x63:
            return self.search(ident, content)
        if tag == 0x66:
            return self.modify(ident, content)
        self.say(f"other {tag:x}")
        return False

    def extended(self, ident):
        self.say("starttls")
        if self.script["tls"] == "vanish":
            return False
        if self.script["tls"] == "refuse":
            self.send(ident, result(0x78, 2, "no TLS here"))
            return True
        self.send(ident, result(0x78, 0))
        self.start_tls()
        return True

    def bind(self, ident, content):
        _, _, rest = take(content)
        _, dn, rest = take(rest)
        _, password, _ = take(rest)
        self.say(f"{'bind' if self.secure else 'CLEAR-bind'} {dn.decode()} {password.decode('utf-8', 'replace')}")
        how = self.script["service" if dn.decode() == SERVICE_DN else "bind"]
        wrong = "80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data {}, v4563\0"
        if how == "die":
            return False
        if how == "mute":
            return True
        if how == "ok":
            self.send(ident, result(0x61, 0))
        elif how == "type":
            self.send(ident, result(0x65, 0))
        elif how == "id":
            self.send(ident + 7, result(0x61, 0))
        elif how == "cut":
            self.sock.sendall(tlv(0x30, tlv(2, bytes([ident])) + result(0x61, 0))[:-3])
            return False
        elif how == "drip":
            for byte in tlv(0x30, tlv(2, bytes([ident])) + result(0x61, 0, "x" * 200)):
                self.sock.sendall(bytes([byte]))
                time.sleep(0.1)
        elif how == "garbage":
            self.sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        else:
            code, _, data = how.partition(":")
            refer = self.script["refer"] if code == "10" else None
            self.send(ident, result(0x61, int(code), wrong.format(data) if data else "said so", refer))
        return True

    def search(self, ident, content):
        _, base, rest = take(content)
        _, scope, rest = take(rest)
        for _ in range(4):
            _, _, rest = take(rest)
        if base == b"":
            return self.root(ident, rest)
        kind = "find" if scope[0] == 2 else "read"
        if b"lockoutThreshold" in rest:
            kind = "policy"
        elif b"\x05group" in rest and b"AWS-" in rest:
            kind = "like"
        elif b"\x05group" in rest:
            kind = "groups"
        self.say(f"{kind} {base.decode()}")
        if kind == "groups":
            return self.groups(ident, base + rest)
        return getattr(self, kind)(ident, rest)

    def root(self, ident, rest):
        """The root entry: a netlogon ping, or a mere question whether somebody is there."""
        self.say("netlogon" if b"etlogon" in rest else "ping")
        if self.script["ping"] == "mute":
            return True
        entries = []
        if b"etlogon" in rest and self.script["site"]:
            entries = [entry("", [("netlogon", [netlogon(self.script["site"])])])]
        if b"currentTime" in rest and self.script["clock"]:
            entries = [entry("", [("currentTime", [self.current_time()])])]
        self.send(ident, *entries, result(0x65, 0))
        return True

    def current_time(self):
        if self.script["clock"] == "garbage":
            return "half past nine"
        return time.strftime("%Y%m%d%H%M%S.0Z", time.gmtime(time.time() + int(self.script["clock"])))

    def person(self, number="alice", groups=True, **other):
        attributes = {"objectSid": [ALICE], "sAMAccountName": [number], "userAccountControl": ["512"],
                      "accountExpires": ["9223372036854775807"], "pwdLastSet": ["134397690587387620"],
                      "msDS-UserPasswordExpiryTimeComputed": ["9223372036854775807"],
                      "msDS-User-Account-Control-Computed": ["0"], "department": ["R & D"]}
        if groups:
            attributes["tokenGroups"] = TOKENS
        if self.script["rights"]:
            attributes["allowedAttributesEffective"] = ["info", self.script["rights"]]
        attributes.update({k.replace("_", "-"): v for k, v in other.items()})
        return entry(PERSON_DN, [(k, v) for k, v in attributes.items() if v is not None])

    def find(self, ident, _rest):
        how, refer = self.script["find"], self.script["refer"]
        if how == "flood":
            for _ in range(100000):
                self.send(ident, self.person(groups=False))
        elif how == "refer":
            self.send(ident, result(0x65, 10, "", refer))
            return True
        elif how == "references":
            self.send(ident, *[tlv(0x73, text(refer))] * 3, self.person(groups=False))
        elif how == "nosid":
            self.send(ident, self.person(groups=False, objectSid=None))
        elif how == "limit":
            self.send(ident, self.person(groups=False), result(0x65, 4))
            return True
        else:
            self.send(ident, *[self.person(groups=False)] * int(how))
        self.send(ident, result(0x65, 0))
        return True

    def piece(self, ident, rest):
        """One piece of many groups, whatever was asked for; what was is written down."""
        asked = rest.partition(b"tokenGroups;range=")[2][:8].partition(b"-")[0]
        self.asked = getattr(self, "asked", -1) + 1
        pieces = self.script["pieces"].split(",")
        piece = pieces[min(self.asked, len(pieces) - 1)]
        self.say(f"asked for {asked.decode() or 'all'}")
        other = {"whole": {"tokenGroups": TOKENS}, "othersid": {"objectSid": [sid(21, 1, 2, 3, 1104)]}}.get(piece, {})
        if piece == "endless":
            piece = f"{self.asked}-{self.asked}"
        if piece == "die":
            return False
        if piece == "gone":
            self.send(ident, result(0x65, 32))
            return True
        name, _, values = piece.partition(":")
        first, _, last = name.partition("-")
        if first.isdigit():
            start, _, count = (values or f"{first}+{2 if last == '*' else int(last) - int(first) + 1}").partition("+")
            other["tokenGroups"] = []  # AD names the attribute itself too, without values
            other[f"tokenGroups;range={name}"] = [sid(21, 1, 2, 3, 5000 + int(start) + n) for n in range(int(count))]
        self.send(ident, *[self.person(groups=False, **other)] * (2 if piece == "twice" else 1), result(0x65, 0))
        return True

    def read(self, ident, rest):
        how = self.script["read"]
        if self.script["pieces"]:
            return self.piece(ident, rest)
        other = {
            "othersid": {"objectSid": [sid(21, 1, 2, 3, 1104)]},
            "notokens": {"tokenGroups": None},
            "ranged": {"tokenGroups": None, "tokenGroups;range=0-1": TOKENS[:2]},
            "badtoken": {"tokenGroups": TOKENS + [b"\x01\x05"]},
            "bare": {"objectSid": None},
            "expired": {"accountExpires": ["1"]},
        }.get(how, {})
        if how == "mute":
            return True
        if how == "die":
            return False
        count = {"none": 0, "two": 2}.get(how, 1)
        self.send(ident, *[self.person(**other)] * count, result(0x65, 0))
        if self.script["after"] == "notice":
            notice = result(0x78, 52)[2:] + tlv(0x8a, b"1.3.6.1.4.1.1466.20036")
            self.send(0, tlv(0x78, notice))
            self.say("noticed")
        return self.script["after"] != "close"

    def names(self):
        told = self.script["names"]
        if told.startswith("@"):
            told = (self.folder / told[1:]).read_text()
        return [word.rpartition(":") for word in told.split(",") if word]

    def groups(self, ident, rest):
        for name, _, rid in self.names():
            if name.lower().encode() in rest.lower():
                number = sid(32, int(rid)) if int(rid) < 1000 else sid(21, int(self.script["domain"]), 2, 3, int(rid))
                self.send(ident, entry(f"CN={name},DC=x", [("objectSid", [number]), ("sAMAccountName", [name])]))
        if b"platform" in rest.lower():
            self.send(ident, entry("CN=P,DC=x", [("objectSid", [TOKENS[0]]), ("sAMAccountName", ["PLATFORM"])]))
        for number in range(2 if b"Twice" in rest else 0):
            self.send(ident, entry(f"CN=T{number},DC=x",
                                   [("objectSid", [sid(21, 9, number)]), ("sAMAccountName", ["Twice"])]))
        if not self.script["names"]:
            self.send(ident, entry("CN=S,DC=x", [("objectSid", [sid(21, 8)]), ("sAMAccountName", ["Stray"])]))
        self.send(ident, result(0x65, 0))
        return True

    def like(self, ident, _rest):
        """Two groups a page; between them one that lacks its SID."""
        self.page = getattr(self, "page", 0) + 1
        how = self.script["pages"]
        for number in (2 * self.page, 2 * self.page + 1):
            self.send(ident, entry(f"CN=A{number},DC=x", [("objectSid", [sid(21, 7, number)]),
                                                          ("sAMAccountName", [f"AWS-{number}"])]))
            self.send(ident, entry("CN=B,DC=x", [("sAMAccountName", ["AWS-bare"])]))
        more = how == "endless" or how.isdigit() and self.page < int(how)
        cookie = {"badmark": b"\x02\x7f"}.get(how, tlv(0x30, tlv(2, b"\0") + text("more" if more else "")))
        control = tlv(0xa0, tlv(0x30, text("1.2.840.113556.1.4.319") + text(cookie)))
        self.send(ident, result(0x65, 4 if how == "limit" else 0) + control)
        return True

    def policy(self, ident, _rest):
        self.send(ident, entry("DC=corp,DC=example,DC=com", [("lockoutThreshold", ["10"])]), result(0x65, 0))
        return True

    def modify(self, ident, content):
        _, dn, rest = take(content)
        _, changes, _ = take(rest)
        words = []
        while changes:
            _, change, changes = take(changes)
            _, operation, inner = take(change)
            _, inner, _ = take(inner)
            _, name, values = take(inner)
            _, values, _ = take(values)
            _, value, more = take(values)
            words.append(f"{'add delete replace'.split()[operation[0]]} {name.decode()} "
                         f"{value.decode('utf-16-le' if name == b'unicodePwd' else 'utf-8')}{'+' if more else ''}")
        self.say(f"modify {dn.decode()}: {'; '.join(words)}")
        code, _, message = self.script["modify"].partition(":")
        self.send(ident, result(0x67, int(code), message))
        return True

    def run(self):
        try:
            self.serve()
        except (OSError, ValueError, TypeError, IndexError) as error:
            self.say(f"broken {type(error).__name__}")
        # The shutdown, not only the close: the other end then has it before the line is written.
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
        self.say("closed")


def main():
    folder = Path(sys.argv[1])
    script = {"tls": "ldaps", "cert": "good", "bind": "ok", "service": "ok", "find": "1", "read": "ok",
              "modify": "0:", "pages": "1", "after": "stay", "ping": "ok", "site": "", "refer": "ldap://127.0.0.1:1/",
              "names": "", "domain": "1", "pieces": "", "clock": "",
              "rights": ""}
    script.update(word.split("=", 1) for word in sys.argv[2:])
    make_certificates(folder)
    context = tls_context(folder, script)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    os.write(1, f"{listener.getsockname()[1]}\n".encode())

    def accept():
        number = 0
        while True:
            sock, _ = listener.accept()
            number += 1
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=Connection(number, sock, script, context, folder).run, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


main()
