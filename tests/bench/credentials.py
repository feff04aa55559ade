#!/usr/bin/python3
"""
What does a cold credential cost? One signature and one round trip on a warm connection, beside a bare POST by libcurl
and OpenSSL's bare signature in the same run; the same signature made in a PKCS#11 token; and signing a response beside
xmlsec1 and pysaml2. That two hundred who ask
at once are one call is counted by tests/e2e/test_journey.py, not here. Prints, asserts nothing.
usage: credentials.py [RUNS]; AWSFED_BUILD names the build folder.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import secrets
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
NS = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'


def run(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, **options)


def make_files(folder):
    run("openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-days", "2", "-subj", "/CN=saml",
        "-keyout", folder / "saml.key", "-out", folder / "saml.crt")
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "tls.key",
        "-out", folder / "tls.crt")
    (folder / "seal.key").write_text(secrets.token_hex(32) + "\n")
    for name in ("saml.key", "seal.key"):
        (folder / name).chmod(0o600)


def make_token(folder, build):
    """The same key in a token; the library is SoftHSM's, told by tests/bridge/hsm.c where its token is."""
    shutil.copy(build / "tests/bridge/hsm.so", folder / "hsm.so")
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n")
    (folder / "tokens").mkdir()
    (folder / "token.pin").write_text("123456\n")
    (folder / "token.pin").chmod(0o600)
    environment = {**os.environ, "SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
    run("softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", "123456", "--so-pin", "87654321",
        env=environment)
    run("softhsm2-util", "--import", folder / "saml.key", "--token", "bench", "--label", "saml", "--id", "01", "--pin",
        "123456", env=environment)
    if os.geteuid() == 0:
        run("chown", "-R", "nobody", folder / "tokens")
        folder.chmod(0o755)


def reply():
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    body = (f"<AssumeRoleWithSAMLResponse {NS}><AssumeRoleWithSAMLResult><AssumedRoleUser><Arn>arn:aws:sts::111122223333:"
            "assumed-role/Admin/alice</Arn></AssumedRoleUser><Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE12</AccessKeyId>"
            f"<SecretAccessKey>secret</SecretAccessKey><SessionToken>{'t' * 900}</SessionToken><Expiration>{ends}"
            "</Expiration></Credentials></AssumeRoleWithSAMLResult><ResponseMetadata><RequestId>r</RequestId>"
            "</ResponseMetadata></AssumeRoleWithSAMLResponse>")
    return f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def serve(listener, context, answer):
    """One canned answer to each request, as soon as it is whole."""
    def converse(raw):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(raw, server_side=True) as connection:
            held = b""
            while data := connection.recv(65536):
                held += data
                head, end, body = held.partition(b"\r\n\r\n")
                if end and len(body) >= int(head.lower().partition(b"content-length:")[2].split()[0]):
                    connection.sendall(answer)
                    held = b""
    while True:
        threading.Thread(target=converse, args=(listener.accept()[0],), daemon=True).start()


def server(folder):
    listener = socket.create_server(("127.0.0.1", 0))
    child = os.fork()
    if child == 0:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
        serve(listener, context, reply())
    return listener.getsockname()[1], child


TEMPLATE = """<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol" ID="a"><Signature xmlns="http://www.w3.org/2000/09/xmldsig#">
<SignedInfo><CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><SignatureMethod
Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><Reference URI="#a"><Transforms><Transform
Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
</Transforms><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference></SignedInfo>
<SignatureValue/></Signature>%s</Response>""" % ("<Attribute>value</Attribute>" * 40)


def others(folder, runs):
    """xmlsec1 as a process, which is also how pysaml2 signs by default."""
    (folder / "in.xml").write_text(TEMPLATE)
    words = ["xmlsec1", "--sign", "--privkey-pem", folder / "saml.key", "--id-attr:ID",
             "urn:oasis:names:tc:SAML:2.0:protocol:Response", "--output", folder / "out.xml", folder / "in.xml"]
    times = {"xmlsec1": [], "pysaml2": []}
    from saml2.sigver import CryptoBackendXmlSec1
    backend = CryptoBackendXmlSec1("/usr/bin/xmlsec1")
    for _ in range(runs):
        start = time.perf_counter()
        run(*words)
        middle = time.perf_counter()
        backend.sign_statement(TEMPLATE, "urn:oasis:names:tc:SAML:2.0:protocol:Response", str(folder / "saml.key"), "a")
        times["xmlsec1"].append((middle - start) * 1e6)
        times["pysaml2"].append((time.perf_counter() - middle) * 1e6)
    return times


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    build = pathlib.Path(os.environ.get("AWSFED_BUILD", ROOT / "build")).resolve()
    run("make", "-s", "-C", ROOT, f"B={build}", build / "tests/bench/credentials",
        build / "tests/bridge/hsm.so")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_files(folder)
        make_token(folder, build)
        port, child = server(folder)
        try:
            out = run(build / "tests/bench/credentials", f"https://127.0.0.1:{port}", folder / "tls.crt", folder, runs,
                      text=True)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        times = {line.split()[0]: [float(one) for one in line.split()[1:]] for line in out.stdout.splitlines()}
        times |= others(folder, min(runs, 20))
    for what, all_times in times.items():
        ordered = sorted(all_times)
        print(f"{what:20} median {statistics.median(ordered):8.0f} us   best {ordered[0]:8.0f} us   "
              f"95 % {ordered[int(len(ordered) * .95)]:8.0f} us")
    for over, under in (("cold-credential", "signature-and-post"), ("cold-credential", "bare-post"),
                        ("keeper-signature", "raw-signature"),
                        ("token-signature", "keeper-signature"), ("signed-response", "raw-signature"),
                        ("xmlsec1", "signed-response"), ("pysaml2", "signed-response")):
        ratio = statistics.median(times[over]) / statistics.median(times[under])
        print(f"{over} / {under}: {ratio:.2f}")


if __name__ == "__main__":
    main()
