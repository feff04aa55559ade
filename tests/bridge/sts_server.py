#!/usr/bin/python3
# An HTTPS server (and CONNECT proxy to itself) that answers by script, for test_sts.c.
# SPDX-License-Identifier: Apache-2.0
"""sts_server.py FOLDER: prints its port, then obeys lines on standard input, one line of answer each.

cert NAME             show FOLDER/NAME.pem (key and certificate) to connections from now on
step KIND DATE STATUS BODY   what the next request gets; the last step is repeated for all after it
    KIND  reply, silent (no answer until the peer gives up), hangup (close at once), cut (half of the
          body), headers (a mass of them), body (a mass of it)
    DATE  seconds to add to the Date header, or "none"
    STATUS as 200_OK; with 3xx comes a Location that points back here
reset                 forget steps and counts
counts                connections made, requests read
hosts                 what CONNECT asked for, with commas
form N NAME           a parameter of request N (0 = first), "" when it has none
header N NAME         the same of its headers
"""

import email.utils
import socket
import ssl
import sys
import threading
import time
import urllib.parse

MASS = 400 * 1024


class Server:
    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        self.context = None
        self.reset()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]

    def reset(self):
        with self.lock:
            self.steps, self.connections, self.requests, self.hosts = [], 0, [], []

    def cert(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.folder}/{name}.pem")
        self.context = context

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.connection, args=(connection,), daemon=True).start()

    def connection(self, raw):
        with self.lock:
            self.connections += 1
        try:
            if raw.recv(1, socket.MSG_PEEK) == b"C":
                head = self.read_head(raw)
                with self.lock:
                    self.hosts.append(head.split(" ")[1])
                raw.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with self.context.wrap_socket(raw, server_side=True) as tls:
                while self.exchange(tls):
                    pass
        except (OSError, ValueError):
            pass
        finally:
            raw.close()

    @staticmethod
    def read_head(sock):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = sock.recv(1)
            if not byte:
                raise ValueError("closed")
            head += byte
        return head.decode()

    def exchange(self, tls):
        lines = self.read_head(tls).split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
        headers[":line"] = lines[0]
        body, left = b"", int(headers.get("content-length", "0"))
        while left > 0:
            part = tls.recv(left)
            if not part:
                raise ValueError("closed")
            body, left = body + part, left - len(part)
        form = dict(urllib.parse.parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True))
        with self.lock:
            self.requests.append((headers, form))
            step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        return self.answer(tls, *step)

    def answer(self, tls, kind, date, status, text):
        if kind == "silent":
            while tls.recv(4096):
                pass
            return False
        if kind == "hangup":
            return False
        body = (text + " " * MASS if kind == "body" else text).encode()
        head = f"HTTP/1.1 {status.replace('_', ' ')}\r\nContent-Length: {len(body)}\r\n"
        head += "Content-Type: text/xml\r\nx-amzn-RequestId: header-id\r\n"
        if date != "none":
            head += f"Date: {email.utils.formatdate(time.time() + int(date), usegmt=True)}\r\n"
        if status.startswith("3"):
            head += f"Location: https://127.0.0.1:{self.port}/elsewhere\r\n"
        if kind == "headers":
            head += "".join(f"X-Mass-{i}: {'x' * 1000}\r\n" for i in range(MASS // 1000))
        if kind == "cut":
            body = body[:len(body) // 2]
        tls.sendall(head.encode() + b"\r\n" + body)
        return kind == "reply"

    def obey(self, line):
        word, _, rest = line.partition(" ")
        if word == "cert":
            self.cert(rest)
        elif word == "step":
            kind, date, status, text = (rest + " ").split(" ", 3)
            with self.lock:
                self.steps.append((kind, date, status, text.strip()))
        elif word == "reset":
            self.reset()
        elif word == "counts":
            return f"{self.connections} {len(self.requests)}"
        elif word == "hosts":
            return ",".join(self.hosts)
        elif word in ("form", "header"):
            index, name = rest.split(" ")
            headers, form = self.requests[int(index)]
            return (headers if word == "header" else form).get(name, "")
        else:
            return "what?"
        return "ok"


def main():
    server = Server(sys.argv[1])
    threading.Thread(target=server.serve, daemon=True).start()
    print(server.port, flush=True)
    for line in sys.stdin:
        print(server.obey(line.rstrip("\n")), flush=True)


if __name__ == "__main__":
    main()
