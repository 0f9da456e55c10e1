"""Guests, a router and the world outside it, each a namespace on this machine, and sockets inside them."""

import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from haneul.host.namespaces import ensure_namespace, inside, remove_namespace
from haneul.host.net.router import Forwards, ensure_forwarding

QG, QR, QR2 = "qg-out", "qr-one", "qr-two"
GATEWAY, OUTSIDE = "203.0.113.2", "203.0.113.1"
GUEST_A, GUEST_B, GUEST_C = "10.20.0.5", "10.20.0.6", "10.30.0.5"
PATIENCE_S = 5.0
IMPATIENCE_S = 0.4


class Ground:
    """Guests a and b share a subnet, c has another; the router has a leg on both and one outside."""

    def __init__(self, tag: str) -> None:
        self.a, self.b, self.c, self.router, self.outside, self.switch = (
            f"t-{tag}-{name}" for name in ("a", "b", "c", "router", "outside", "switch")
        )
        self.tag = tag

    @property
    def names(self) -> tuple[str, ...]:
        return (self.a, self.b, self.c, self.router, self.outside, self.switch)

    def build(self) -> None:
        for name in self.names:
            ensure_namespace(name)
        self.ip(self.switch, "link add br0 type bridge forward_delay 0")
        self.ip(self.switch, "link set br0 up")
        for number, (name, link) in enumerate(((self.a, "eth0"), (self.b, "eth0"), (self.router, QR))):
            self.ip(self.switch, f"link add p{number} type veth peer name {link} netns {name}")
            self.ip(self.switch, f"link set p{number} master br0 up")
        self.ip(self.router, f"link add {QR2} type veth peer name eth0 netns {self.c}")
        self.ip(self.router, f"link add {QG} type veth peer name eth0 netns {self.outside}")
        for name, link, *addresses in (
            (self.router, QR, "10.20.0.1/24", "fd20::1/64"),
            (self.router, QR2, "10.30.0.1/24"),
            (self.router, QG, f"{GATEWAY}/24", "fd99::2/64"),
            (self.outside, "eth0", f"{OUTSIDE}/24", "fd99::1/64"),
            (self.a, "eth0", f"{GUEST_A}/24", "fd20::5/64"),
            (self.b, "eth0", f"{GUEST_B}/24"),
            (self.c, "eth0", f"{GUEST_C}/24"),
        ):
            self.ip(name, f"link set {link} up")
            for address in addresses:
                self.ip(name, f"address add {address} dev {link}{' nodad' if ':' in address else ''}")
        for name, via in ((self.a, "10.20.0.1"), (self.b, "10.20.0.1"), (self.c, "10.30.0.1")):
            self.ip(name, f"route add default via {via}")
        self.ip(self.a, "route add default via fd20::1")
        self.ip(self.outside, "route add fd20::/64 via fd99::2")
        ensure_forwarding(self.router, Forwards(outside=QG))

    def remove(self) -> None:
        for name in self.names:
            remove_namespace(name)

    @staticmethod
    def ip(name: str, command: str) -> str:
        return said("ip", "-n", name, *command.split())


def said(*argv: str) -> str:
    """What a program printed; it must end well."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, f"{argv}: {done.stderr}"
    return done.stdout


@contextmanager
def ground() -> Iterator[Ground]:
    """A ground of its own for a module, gone afterwards."""
    made = Ground(uuid.uuid4().hex[:6])
    try:
        made.build()
        yield made
    finally:
        made.remove()


def listen(name: str, port: int, address: str = "0.0.0.0") -> socket.socket:
    """A TCP listener inside a namespace; it stays there wherever it is used from."""
    with inside(name):
        listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.settimeout(PATIENCE_S)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(64)
    return listener


def connect(name: str, address: str, port: int, patience_s: float = PATIENCE_S) -> socket.socket:
    """A TCP connection from inside a namespace; OSError if it doesn't come about."""
    with inside(name):
        # A link's index, which link-local addresses need, is the namespace's own.
        (family, *_, to), *_ = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
        dialer = socket.socket(family)
    dialer.settimeout(patience_s)
    try:
        dialer.connect(to)
    except OSError:
        dialer.close()
        raise
    return dialer


class Talk:
    """A live TCP connection, both ends in our hands."""

    def __init__(self, listener: socket.socket, name: str, address: str, port: int) -> None:
        self.near = connect(name, address, port)
        self.far, (self.seen_from, *_) = listener.accept()
        self.far.settimeout(IMPATIENCE_S)
        self.near.settimeout(IMPATIENCE_S)

    def is_alive(self) -> bool:
        """Whether a word gets through both ways."""
        try:
            self.near.sendall(b"ping")
            if self.far.recv(4) != b"ping":
                return False
            self.far.sendall(b"pong")
            return self.near.recv(4) == b"pong"
        except OSError:
            return False

    def close(self) -> None:
        self.near.close()
        self.far.close()
