"""Hosts with addresses of their own: network namespaces on one switch, to which the jump host belongs too.

Only in a lab that has namespaces itself. A link that is cut loses every packet, as a pulled cable does: nobody
is told, and who asks waits until their own clock says enough.
SPDX-License-Identifier: Apache-2.0
"""
import subprocess

from lab import places

_SWITCH = "lab0"
_PREFIX = 24
JUMP = "10.77.0.1"


def _ip(*words):
    subprocess.run(["ip", *words], check=True, env={"PATH": places.PATH})


def set_up():
    """The switch, with the jump host's own address on it."""
    if _there(_SWITCH):
        return
    _ip("link", "add", _SWITCH, "type", "bridge")
    _ip("address", "add", f"{JUMP}/{_PREFIX}", "dev", _SWITCH)
    _ip("link", "set", _SWITCH, "up")


def _there(link):
    """/sys shows the links of whoever mounted it, so the kernel is asked."""
    return subprocess.run(["ip", "link", "show", link], capture_output=True,
                          env={"PATH": places.PATH}).returncode == 0


class Host:
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
                      ("address", "add", f"{self.address}/{_PREFIX}", "dev", "eth0")):
            _ip("-n", self.name, *words)

    def cut(self):
        """Pull its cable."""
        _ip("link", "set", self.link, "down")

    def mend(self):
        _ip("link", "set", self.link, "up")
