"""Asking the real bridge by the wire, for what no program of ours would say.

SPDX-License-Identifier: Apache-2.0
"""
import random
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fake_bridge import ERRORS, REPLY, TYPES, decode, encode

SOCKET = "/run/awsfed/bridge.sock"
_NAMES = {number: name for name, (number, *_) in ERRORS.items()}


def connect():
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.settimeout(20)
    client.connect(SOCKET)
    return client


def run_as(uid, script):
    """Run a few lines of Python, with ask() at hand, as this uid and nothing else; what they printed, in words. It is imported by
    root first: the tree may lie where nobody else can read."""
    prepared = (f"import os, sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from asker import ask\n"
                f"os.setgroups([]); os.setgid({uid}); os.setuid({uid})\n{script}")
    done = subprocess.run([sys.executable, "-B", "-c", prepared], text=True, capture_output=True)
    assert done.returncode == 0, done
    return done.stdout.split()


def ask(kind, client=None, **fields):
    """One request; the name of the reply's error ('OK' for none) and its fields."""
    number = random.getrandbits(63) | 1
    with client or connect() as connection:
        connection.send(encode(TYPES[kind], number, fields))
        packet = bytearray(connection.recv(200000))
    if not packet:
        return "HUNG UP", {}
    assert packet[3] == TYPES[kind] | REPLY
    packet[3] &= ~REPLY
    _, answered, got = decode(bytes(packet))
    assert answered == number
    return _NAMES.get(got["STATUS"], "OK"), got


def authenticate(user, password, code, **more):
    """What the PAM module asks on behalf of a person."""
    return ask("AUTHENTICATE", USER=user, PASSWORD=password.encode(), CODE=code.encode(), FACTORS=3,
               SERVICE="sshd", RHOST="192.0.2.9", TTY="ssh", **more)[0]


def at_once(*tries):
    """What each of these calls returned. Denials are held back for a second each: those that do not hang on one another come
    together."""
    with ThreadPoolExecutor(len(tries)) as pool:
        return [answer.result() for answer in [pool.submit(one) for one in tries]]
