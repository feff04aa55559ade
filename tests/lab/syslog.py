#!/usr/bin/python3
"""The lab's system log: whatever is sent to /dev/log goes to a file, one line a message.

SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import socket
import sys

SOCKET = "/dev/log"
FILE = "/var/log/syslog"


def main():
    if os.path.lexists(SOCKET):
        os.unlink(SOCKET)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server, open(FILE, "ab", buffering=0) as file:
        server.bind(SOCKET)
        os.chmod(SOCKET, 0o666)
        while True:
            message = re.sub(rb"^<\d+>", b"", server.recv(65536)).rstrip(b"\0\n")
            file.write(message + b"\n")


if __name__ == "__main__":
    sys.exit(main())
