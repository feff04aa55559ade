# HTTPS: connections that are kept and threads that serve them; a request in, the reply of sts.py or a fault out.
# Replies go out in one write with TCP_NODELAY, so that a client's measured time is its own.
#
# SPDX-License-Identifier: Apache-2.0

import socket
import socketserver
import ssl
import sys
import time
import traceback
import uuid
from email.utils import formatdate
from http.client import responses
from http.server import BaseHTTPRequestHandler

import iam
import reply
from query import Query
from refusal import Refusal
from sts import Call

BODY_MAX = 256 * 1024  # an assertion of 100,000 characters, percent-encoded in the worst case, and its policy
DRAIN_MAX = 4 * 1024 * 1024
HANDSHAKE_TIMEOUT_S = 10
IDLE_TIMEOUT_S = 120
FORM = "application/x-www-form-urlencoded"
FEDERATION = "/federation"


def tls_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # as AWS endpoints demand
    context.load_cert_chain(certificate, key)
    return context


class StsServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, address, context, sts, faults, journal):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._context = context
        self.sts, self.faults, self.journal = sts, faults, journal
        self.connections = 0
        super().__init__(address, None)

    def get_request(self):
        connection, client = super().get_request()
        self.connections += 1
        return connection, (self.connections, client)

    def finish_request(self, request, client):
        """In the connection's own thread: the handshake of a slow or hostile client holds up nobody else."""
        number, address = client
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request.settimeout(HANDSHAKE_TIMEOUT_S)
        try:
            connection = self._context.wrap_socket(request, server_side=True)
        except OSError as error:  # ssl.SSLError is one
            self.journal.finish(self.journal.open(connection=number, action=None),
                                result="TLS handshake failed", why=str(error))
            return
        with connection:
            _Connection(connection, (number, address), self)

    def handle_error(self, request, client):
        # A client that goes away in mid-reply is what many tests are about, not an event.
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc()


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT_S
    requests = 0

    def log_message(self, *args):
        pass  # the journal has it

    def do_POST(self):
        self.requests += 1
        request_id = str(uuid.uuid4())
        host = self.headers.get("Host", "")
        entry = self.server.journal.open(
            connection=self.client_address[0], request=self.requests, tls=self.connection.version(),
            tls_resumed=self.connection.session_reused, host=host, request_id=request_id, action=None)
        call = Call(self.command, self.path, host, self.headers.items(), b"", time.time())
        query = refusal = None
        try:
            call.body = self._read_body()
            query = Query(call.body)
            entry["action"] = query.action
        except Refusal as unreadable:
            refusal = unreadable
        fault = self.server.faults.take(entry["action"], host)
        call.now += fault.clock_offset
        call.life = fault.life
        if fault.kind == "hang":
            self.server.journal.finish(entry, fault="hang", result="hanging")
            self.server.faults.wait()
            self.close_connection = True
            return
        status, body, about = self._answer(call, query, refusal, fault, request_id)
        self.server.journal.finish(entry, **call.note, **about, status=status,
                                   fault=None if fault.kind == "none" else fault.kind)
        if fault.kind == "slow":
            self.server.faults.wait(fault.seconds)
        self._send(status, fault.spoil(body), request_id, call.now, cut=fault.kind == "cut",
                   content_type="text/html" if fault.kind == "http" else "text/xml")

    def _read_body(self):
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            raise Refusal("MissingContentLength", "You must provide the Content-Length HTTP header.", status=411)
        if int(length) > BODY_MAX:
            # Read on for a while: closing on a client that still sends would reset the connection under our answer.
            self.rfile.read(min(int(length), DRAIN_MAX))
            self.close_connection = True
            raise Refusal("RequestEntityTooLarge", "The request entity is too large")
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            raise ConnectionError("the client went away in mid-request")
        if self.path not in ("/", FEDERATION):
            raise Refusal("UnknownOperationException", "No such path", status=404)
        kind, _, parameters = self.headers.get("Content-Type", "").partition(";")
        if kind.strip().lower() != FORM or parameters.strip().lower() not in ("", "charset=utf-8"):
            raise Refusal("UnsupportedMediaType", f"Content-Type must be {FORM}")
        return body

    def _answer(self, call, query, refusal, fault, request_id):
        """(status, body, what the journal says of it)."""
        to_iam = query is not None and query.version == iam.VERSION
        namespace = iam.NAMESPACE if to_iam else reply.NAMESPACE
        if fault.kind == "http":
            return fault.status, b"", {"result": f"HTTP {fault.status}"}
        try:
            fault.refuse()
            if refusal:
                raise refusal
            if self.path == FEDERATION:
                return 200, self._get_signin_token(call, query), {"result": "ok"}
            action, pairs = (self.server.sts.iam if to_iam else self.server.sts).answer(call, query)
            return 200, reply.result(action, pairs, request_id, namespace), {"result": "ok"}
        except Refusal as no:
            return no.status, reply.error(no, request_id, namespace), {"result": no.code, "why": no.why}
        except Exception:
            traceback.print_exc()
            no = Refusal("InternalFailure", "The stand-in has a defect: see its stderr")
            return no.status, reply.error(no, request_id), {"result": no.code, "why": no.why}

    def _get_signin_token(self, call, query):
        if query.take("Action") != "getSigninToken":
            raise Refusal("ValidationError", "Bad Request", "no such action of the sign-in service")
        return self.server.sts.federation.get_signin_token(call, query)

    def do_GET(self):
        """A browser that follows a login URL."""
        request_id = str(uuid.uuid4())
        entry = self.server.journal.open(host=self.headers.get("Host", ""), action="login", request_id=request_id)
        try:
            if self.path.partition("?")[0] != FEDERATION:
                raise Refusal("UnknownOperationException", "No such path", status=404)
            where, about = self.server.sts.federation.login(self.path, time.time())
            self.server.journal.finish(entry, **about, result="ok")
            self.wfile.write(f"HTTP/1.1 302 Found\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode())
        except (Refusal, ValueError) as no:
            status = getattr(no, "status", 400)
            self.server.journal.finish(entry, result="refused", why=str(no), status=status)
            self._send(status, b"<html>Bad Request</html>", request_id, time.time(), False, "text/html")

    def _send(self, status, body, request_id, now, cut, content_type):
        head = (f"HTTP/1.1 {status} {responses.get(status, 'Unknown')}\r\n"
                f"x-amzn-RequestId: {request_id}\r\nContent-Type: {content_type}\r\n"
                f"Content-Length: {len(body)}\r\nDate: {formatdate(now, usegmt=True)}\r\n")
        if self.close_connection:
            head += "Connection: close\r\n"
        if cut:
            body, self.close_connection = body[:len(body) // 2], True
        self.wfile.write(head.encode() + b"\r\n" + body)
