"""Hosts with addresses of their own: network namespaces on one switch, to which the jump host belongs too.

A link that is cut loses every packet, as a pulled cable does: nobody is told, and who asks waits until their own clock
says enough. In place, where there are no namespaces, a host is an address of the loopback's, and behind a cut link its
server stands still with full queues: what was connected hears nothing any more, and of who connects the kernel loses
the packets.
SPDX-License-Identifier: Apache-2.0
"""
import select
import socket
import subprocess

from lab import places
from lab.places import LabError

_SWITCH = "lab0"
# The jump host's address, what the others' begin with, and how long the prefix of them all is.
JUMP, _OTHERS, PREFIX = ("127.0.0.1", "127.0.0.2", 8) if places.in_place() else ("10.77.0.1", "10.77.0.1", 24)
_QUEUE_MOST = 1000  # no server's queue is longer


def _ip(*words):
    subprocess.run(["ip", *words], check=True, env={"PATH": places.PATH})


def set_up():
    """The switch, with the jump host's own address on it."""
    if places.in_place() or _there(_SWITCH):
        return
    _ip("link", "add", _SWITCH, "type", "bridge")
    _ip("address", "add", f"{JUMP}/{PREFIX}", "dev", _SWITCH)
    _ip("link", "set", _SWITCH, "up")


def _there(link):
    """/sys shows the links of whoever mounted it, so the kernel is asked."""
    return subprocess.run(["ip", "link", "show", link], capture_output=True,
                          env={"PATH": places.PATH}).returncode == 0


def host(name, number):
    """The host of a number from 1 to 9."""
    return (_Loopback if places.in_place() else _Namespace)(name, f"{_OTHERS}{number}")


class _Namespace:
    def __init__(self, name, address):
        self.name, self.address = name, address
        self.link = f"to-{name}"

    def command(self, argv):
        """The command line that runs argv there."""
        return ["nsenter", f"--net=/run/netns/{self.name}", "--", *argv]

    def set_up(self):
        """Plug it in, once; its files are the jump host's."""
        if _there(self.link):
            return
        _ip("netns", "add", self.name)
        _ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("link", "set", self.link, "master", _SWITCH, "up")
        for words in (("link", "set", "lo", "up"), ("link", "set", "eth0", "up"),
                      ("address", "add", f"{self.address}/{PREFIX}", "dev", "eth0")):
            _ip("-n", self.name, *words)

    def cut(self, _service):
        """Pull its cable."""
        _ip("link", "set", self.link, "down")

    def mend(self, _service):
        _ip("link", "set", self.link, "up")


class _Loopback:
    def __init__(self, name, address):
        self.name, self.address = name, address
        self._queued = []

    def command(self, argv):
        return argv

    def set_up(self):
        pass

    def cut(self, service):
        service.freeze()
        for port in (389, 636):
            self._fill(port)

    def _fill(self, port):
        """Connect until nobody answers: the queue of those whom the server has not accepted yet is full."""
        for _ in range(_QUEUE_MOST):
            client = socket.socket()
            self._queued.append(client)
            client.setblocking(False)
            client.connect_ex((self.address, port))
            if not select.select([], [client], [], 0.1)[1]:
                return
        raise LabError(f"{self.name} has room for everybody at port {port}")

    def mend(self, service):
        while self._queued:
            self._queued.pop().close()
        service.thaw()
