"""A time-stamp authority of the tests' own: certificates and stamps by openssl, over HTTP."""

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = critical, serverAuth
[stamping]
serial = ./serial
crypto_device = builtin
signer_cert = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
"""


def openssl(home: Path, *arguments: str, **options) -> bytes:
    done = subprocess.run(
        ["openssl", *arguments], check=False, cwd=home, capture_output=True, **options
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Authority:
    """`roots` is its PEM file; `stamp(query)` answers one; `url` answers over HTTP."""

    def __init__(self, home: Path, *, usage: str = "tsa"):
        home.mkdir(exist_ok=True)
        self.home = home
        (home / "openssl.cnf").write_text(CONFIG)
        (home / "serial").write_text("01\n")
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        openssl(
            home, "req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-days", "3650",
            "-subj", "/CN=Root of the tests", "-config", "openssl.cnf", "-extensions", "root",
        )  # fmt: skip
        openssl(
            home, "req", "-new", *key, "-keyout", "tsa.key", "-out", "tsa.csr",
            "-subj", "/O=Example/CN=Stamps", "-config", "openssl.cnf",
        )  # fmt: skip
        openssl(
            home, "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key",
            "-CAcreateserial", "-days", "3650", "-out", "tsa.pem",
            "-extfile", "openssl.cnf", "-extensions", usage,
        )  # fmt: skip
        self.roots = home / "root.pem"
        self.answers = []

    def stamp(self, query: bytes) -> bytes:
        (self.home / "query").write_bytes(query)
        openssl(
            self.home, "ts", "-reply", "-queryfile", "query", "-config", "openssl.cnf",
            "-section", "stamping", "-out", "response",
        )  # fmt: skip
        return (self.home / "response").read_bytes()

    def verifies(self, response: bytes, data: bytes) -> bool:
        """Ask openssl itself."""
        (self.home / "checked").write_bytes(response)
        (self.home / "data").write_bytes(data)
        command = ["openssl", "ts", "-verify", "-in", "checked", "-data", "data"]
        command += ["-CAfile", "root.pem", "-untrusted", "tsa.pem"]
        return not subprocess.run(
            command, cwd=self.home, capture_output=True, check=False
        ).returncode

    def serve(self) -> str:
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                query = self.rfile.read(int(self.headers["content-length"]))
                assert self.headers["content-type"] == "application/timestamp-query"
                prepared = authority.answers.pop(0) if authority.answers else None
                status, body = prepared or (200, authority.stamp(query))
                self.send_response(status)
                self.send_header("content-type", "application/timestamp-reply")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/tsr"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
