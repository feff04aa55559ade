"""Somebody between the jump host and its domain controller, at whose address the name dc1 leads: LDAPS and Kerberos are passed on,
and what Kerberos answers to a change of password is what a test makes of it.

SPDX-License-Identifier: Apache-2.0
"""
import socket
import threading

from lab import accounts, places

_ADDRESS = "127.0.0.12"
_LDAPS, _TICKETS, _PASSWORDS = 636, 88, 464


class Between:
    """
    In `with`: answer is what is made of each answer to a change of password (a frame of RFC 3244), or None where nobody
    listens there. changes counts those that were asked for. A bridge that starts inside finds the way here.
    """

    def __init__(self, answer):
        self.answer = answer
        self.changes = 0

    def __enter__(self):
        ports = [_LDAPS, _TICKETS] + [_PASSWORDS] * (self.answer is not None)
        self.listeners = [socket.create_server((_ADDRESS, port), backlog=64) for port in ports]
        for listener in self.listeners:
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        accounts.set_names(dc1=_ADDRESS)
        return self

    def __exit__(self, *_):
        accounts.set_names()
        for listener in self.listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener):
        port = listener.getsockname()[1]
        serve = self._change if port == _PASSWORDS else self._pass
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client, port), daemon=True).start()

    def _change(self, client, port):
        """One question, one answer, each with its length before it."""
        with client, socket.create_connection((places.DC1[0], port)) as server:
            self.changes += 1
            server.sendall(_message(client))
            answer = self.answer(_message(server)[4:])
            client.sendall(len(answer).to_bytes(4, "big") + answer)

    @staticmethod
    def _pass(client, port):
        server = socket.create_connection((places.DC1[0], port))
        ways = [threading.Thread(target=_copy, args=way, daemon=True) for way in ((client, server), (server, client))]
        for way in ways:
            way.start()
        for way in ways:
            way.join()
        client.close()
        server.close()


def _message(source):
    with source.makefile("rb") as stream:
        head = stream.read(4)
        return head + stream.read(int.from_bytes(head, "big"))


def _copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
