"""A syslog server over TLS on loopback, with its own authority, that may ask for a client's certificate."""

import re
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_COUNT = re.compile(rb"([1-9][0-9]*) ")


class Authority:
    """Issues certificates into a directory."""

    def __init__(self, name="Authority of the tests"):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key, is_authority=True)

    def _sign(self, name, key, *, is_authority=False, address=None):
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if address:
            names = [x509.IPAddress(ip_address(address))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, directory, name, address=None):
        """Write `<name>.pem` and `<name>.key`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(subject, key, address=address)
        (directory / f"{name}.pem").write_bytes(pem(certificate))
        (directory / f"{name}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def write(self, path):
        path.write_bytes(pem(self.certificate))


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class LogServer:
    """`messages` holds what was framed well; `manners` is how it ends: notify, close, silent, reset."""

    def __init__(self, home, authority, *, address="127.0.0.1", asks_for_certificate=False):
        home.mkdir(exist_ok=True)
        authority.issue(home, "server", address)
        authority.write(home / "ca.pem")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(home / "server.pem", home / "server.key")
        if asks_for_certificate:
            self.context.load_verify_locations(home / "ca.pem")
            self.context.verify_mode = ssl.CERT_REQUIRED
        self.messages, self.clients, self.manners = [], [], "notify"
        self.held = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            try:
                self._take(plain)
            except (OSError, ssl.SSLError):
                plain.close()

    def _take(self, plain):
        tls = self.context.wrap_socket(plain, server_side=True, suppress_ragged_eofs=False)
        self.clients.append(tls.getpeercert())
        read = b""
        while chunk := tls.recv(65536):
            read += chunk
            if self.manners == "reset":
                linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
                tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                tls.close()
                return
        self.messages += list(unframed(read))
        if self.manners == "notify":
            tls.unwrap()
        if self.manners == "silent":
            self.held.append(tls)  # neither answers nor closes
            return
        tls.close()

    def stop(self):
        self.socket.close()
        for each in self.held:
            each.close()


def unframed(read):
    """RFC 5425, 4.3: MSG-LEN SP SYSLOG-MSG."""
    while read:
        count = _COUNT.match(read)
        length = int(count[1])
        message, read = read[count.end() : count.end() + length], read[count.end() + length :]
        assert len(message) == length
        yield message
