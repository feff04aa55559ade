# How a test steers the stand-in and looks into it: plain HTTP on loopback or a unix socket, never on the STS port.
# POST /_lab/fault, GET /_lab/log, POST /_lab/reset; bodies are JSON.
#
# SPDX-License-Identifier: Apache-2.0

import ipaddress
import json
import os
import socket
import socketserver
from http.server import BaseHTTPRequestHandler

from faults import read_fault


class _ControlServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, family, address, faults, journal):
        self.address_family = family
        self.faults, self.journal = faults, journal
        super().__init__(address, _Control)


def control_server(where, faults, journal):
    """A server for `127.0.0.1:PORT` or `unix:PATH`; ValueError for an address that others could reach."""
    if where.startswith("unix:"):
        path = where[len("unix:"):]
        if os.path.exists(path):
            os.unlink(path)
        mask = os.umask(0o177)
        try:
            return _ControlServer(socket.AF_UNIX, path, faults, journal)
        finally:
            os.umask(mask)
    host, _, port = where.rpartition(":")
    host = host.strip("[]")
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError(f"the control endpoint is for loopback only: {where}")
    return _ControlServer(socket.AF_INET6 if ":" in host else socket.AF_INET, (host, int(port)), faults, journal)


class _Control(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        if self.path == "/_lab/log":
            self._send(200, self.server.journal.text())
        else:
            self._send(404, '{"error": "no such path"}')

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            if self.path == "/_lab/fault":
                about = json.loads(body)
                faults = [read_fault(one) for one in (about if isinstance(about, list) else [about])]
                for fault in faults:
                    self.server.faults.add(fault)
            elif self.path == "/_lab/reset":
                self.server.faults.reset()
                self.server.journal.reset()
            else:
                self._send(404, '{"error": "no such path"}')
                return
        except ValueError as error:
            self._send(400, json.dumps({"error": str(error)}))
            return
        self._send(200, json.dumps({"pending": self.server.faults.pending()}))

    def _send(self, status, text):
        body = text.encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
