"""A tap on the line to a domain controller: everything goes through, and what was asked is written down.

It shows the domain controller's own certificate, so the bridge notices nothing but the port.
SPDX-License-Identifier: Apache-2.0
"""
import socket
import ssl
import threading

from lab import places

_KINDS = {0x60: "bind", 0x63: "search", 0x66: "modify", 0x42: "unbind", 0x77: "extended"}


def _element(data):
    """The first BER element: tag, content, what follows; None when it is not all there."""
    if len(data) < 2:
        return None
    size, at = data[1], 2
    if size & 0x80:
        at += size & 0x7f
        if len(data) < at:
            return None
        size = int.from_bytes(data[2:at], "big")
    return (data[0], data[at:at + size], data[at + size:]) if len(data) >= at + size else None


class Tap:
    """While it is open, `server` is where to connect to; `asked` are the requests so far: (kind, base or name, bytes). What the
    controller says is passed on as `change` has it."""

    def __init__(self, dc, port=6360, change=bytes):
        self.dc, self.port, self.change = dc, port, change
        self.server = f"{dc.fqdn}:{port}"
        self.asked = []

    def __enter__(self):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(places.PKI / f"{self.dc.name}.pem", places.PKI / f"{self.dc.name}.key")
        self.listener = socket.create_server((self.dc.address, self.port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def take(self):
        """What was asked since the last time, without the questions whether anybody is there."""
        taken, self.asked = self.asked, []
        return [(kind, name, content) for kind, name, content in taken if (kind, name) != ("search", "")]

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            client = self.context.wrap_socket(client, server_side=True)
        except OSError:
            return client.close()
        with client, ssl._create_unverified_context().wrap_socket(
                socket.create_connection((self.dc.address, 636))) as server:
            back = threading.Thread(target=self._pass_on, args=(server, client, self.change), daemon=True)
            back.start()
            rest = bytearray()
            self._pass_on(client, server, lambda data: self._note(rest, data))
            back.join()

    def _note(self, rest, data):
        """Whole requests are written down; what is there of the next is the rest."""
        rest += data
        while (message := _element(bytes(rest))) is not None:
            _, content, rest[:] = message
            tag, operation, _ = _element(_element(content)[2])
            first = _element(operation) if tag in (0x63, 0x66) else _element(_element(operation)[2]) if tag == 0x60 else None
            self.asked.append((_KINDS.get(tag, hex(tag)), first[1].decode() if first else "", operation))
        return data

    @staticmethod
    def _pass_on(source, target, through):
        try:
            while data := source.recv(65536):
                target.sendall(through(data))
        except (OSError, ValueError):  # the other direction has ended it
            pass
        for end in (source, target):
            try:
                # The TLS socket's own would let the thread of the other direction read what is encrypted.
                socket.socket.shutdown(end, socket.SHUT_RDWR)
            except OSError:
                pass
