"""
A bridge that answers what a test tells it to, over base/wire.h. The wire is written here a second
time, from the header's comment, so that a mistake in wire.c cannot agree with itself.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import re
import socket
import struct
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPLY = 0x80


def _tags():
    """The table of tags, where the protocol specifies it: X(NAME, tag, KIND, many, limit)."""
    text = (ROOT / "base/wire.h").read_text()
    rows = re.findall(r"X\((\w+), (\d+), (NUMBER|TEXT|BYTES|GROUP), (true|false), (\d+)\)", text)
    return {name: (int(tag), kind) for name, tag, kind, _, _ in rows}


def _errors():
    text = (ROOT / "base/err.h").read_text()
    rows = re.findall(r"X\((\w+), (\d+), (\w+),\s+\"([^\"]*)\"\)", text)
    return {name: (int(number), cls, text) for name, number, cls, text in rows}


def _types():
    text = (ROOT / "base/wire.h").read_text()
    return {name: int(number) for name, number in re.findall(r"ASK_(\w+) = (\d+),", text)}


TAGS, ERRORS, TYPES = _tags(), _errors(), _types()
NAMES = {tag: (name, kind) for name, (tag, kind) in TAGS.items()}
TYPE_NAMES = {number: name for name, number in TYPES.items()}


def encode_fields(fields):
    """fields: dict, or list of (name, value); a list as value repeats the field."""
    pairs = list(fields.items()) if isinstance(fields, dict) else list(fields)
    out = b""
    for name, value in sorted(pairs, key=lambda pair: TAGS[pair[0]][0]):
        tag, kind = TAGS[name]
        for one in value if isinstance(value, list) else [value]:
            if kind == "NUMBER":
                data = struct.pack(">Q", one)
            elif kind == "TEXT":
                data = (one if isinstance(one, bytes) else one.encode()) + b"\0"
            elif kind == "GROUP":
                data = encode_fields(one)
            else:
                data = one
            out += struct.pack(">HI", tag, len(data)) + data
    return out


def encode(kind, number, fields):
    body = encode_fields(fields)
    return b"AF" + struct.pack(">BBQI", 1, kind, number, len(body)) + body


def decode(packet):
    """(type name, request number, {field: value}); AssertionError for what is not a request."""
    assert packet[:2] == b"AF" and packet[2] == 1
    kind, number, length = struct.unpack(">BQI", packet[3:16])
    assert length == len(packet) - 16
    fields, at, last = {}, 16, 0
    while at < len(packet):
        tag, size = struct.unpack(">HI", packet[at:at + 6])
        value = packet[at + 6:at + 6 + size]
        assert len(value) == size and tag > last
        name, what = NAMES[tag]
        if what == "NUMBER":
            value = struct.unpack(">Q", value)[0]
        elif what == "TEXT":
            assert value.endswith(b"\0")
            value = value[:-1].decode()
        fields[name], last, at = value, tag, at + 6 + size
    return TYPE_NAMES[kind], number, fields


class Refusal:
    """An answer other than success."""

    def __init__(self, error, **fields):
        self.fields = {"STATUS": ERRORS[error][0], **fields}


class FakeBridge:
    """
    with FakeBridge(path) as bridge: bridge.on("ROLES", {...}) or a function of the request's fields
    that gives the reply's fields, a Refusal, raw bytes (sent as they are), or None (hang up).
    bridge.asked lists (type name, fields).
    """

    def __init__(self, path):
        self.path, self.answers, self.asked = str(path), {}, []
        self.lock = threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        self.listener.listen(64)
        self.thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.listener.close()
        os.unlink(self.path)

    def on(self, kind, answer):
        assert kind in TYPES
        self.answers[kind] = answer

    def types(self):
        with self.lock:
            return [kind for kind, _ in self.asked]

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        with peer:
            while packet := peer.recv(65536):
                reply = self.reply_to(packet)
                if reply is None:
                    return
                try:
                    peer.send(reply)
                except OSError:
                    return

    def reply_to(self, packet):
        kind, number, fields = decode(packet)
        with self.lock:
            self.asked.append((kind, fields))
        answer = self.answers.get(kind, Refusal("NO_TICKET"))
        if callable(answer):
            answer = answer(fields)
        if answer is None or isinstance(answer, bytes):
            return answer
        if isinstance(answer, Refusal):
            answer = answer.fields
        return encode(TYPES[kind] | REPLY, number, {"STATUS": 0, **answer})
