"""Servers of the web for tests, good and bad, on loopback ports of their own."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from haneul.host.net.fetch import Allowed, Fetcher, Limits

LOOPBACK = ("127.0.0.0/8", "::1/128")
QUICK = Limits(connect_s=2.0, head_s=2.0, idle_s=2.0, total_s=5.0, most_bytes=1 << 24)
NAMES = {"mirror.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}

Answer = Callable[[bytes, socket.socket], None]


def ok(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return ok(b"", f"Location: {location}", status=status)


def says(content: bytes) -> Answer:
    return lambda _, connection: connection.sendall(content)


class Web:
    """A server that gives each request's header to `answer`, and remembers it."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> None:
        self._answer, self._tls = answer, tls
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self.asked: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def url(self, path: str = "/image", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def close(self) -> None:
        # A thread that waits in `accept` keeps the port open.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._meet, args=(connection,), daemon=True).start()

    def _meet(self, connection: socket.socket) -> None:
        # Clients of these tests go away whenever they have had enough.
        with suppress(OSError), closing(connection):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            request = b""
            while b"\r\n\r\n" not in request:
                received = connection.recv(65536)
                if not received:
                    return
                request += received
            self.asked.append(request)
            self._answer(request, connection)
            connection.close()


@contextmanager
def web(answer: Answer | bytes, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> Iterator[Web]:
    with closing(Web(says(answer) if isinstance(answer, bytes) else answer, tls, address)) as server:
        yield server


def fetcher(limits: Limits = QUICK, authorities: Path | None = None, **allowed: object) -> Fetcher:
    """One that may go to loopback, by any port, and knows the names of these tests."""
    wanted = {"ports": (), "networks": LOOPBACK, **allowed}
    return Fetcher(Allowed(**wanted), limits, authorities=authorities, resolve=resolve)  # type: ignore[arg-type]


def resolve(host: str) -> list[str]:
    if host.replace(".", "").isdigit() or ":" in host:
        return [host]
    if host not in NAMES:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return NAMES[host]


def server_tls(folder: Path, *names: str, days: int = 1) -> tuple[ssl.SSLContext, Path]:
    """TLS with a self-made certificate for these names, and the file that makes it trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's server")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=10))
        .not_valid_after(today + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "server.pem", folder / "server.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    formats = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(*formats))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    return context, certificate


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
