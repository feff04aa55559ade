#!/usr/bin/python3
"""The lab's system log: whatever is sent to a socket such as /dev/log goes to a file, one line a message.

usage: syslog.py SOCKET FILE
SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import socket
import sys


def main(path, target):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server, open(target, "ab", buffering=0) as file:
        server.bind(path)
        os.chmod(path, 0o666)
        while True:
            message = re.sub(rb"^<\d+>", b"", server.recv(65536)).rstrip(b"\0\n")
            file.write(message + b"\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
