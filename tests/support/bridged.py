"""A host with Linux bridges and guests on them, each a namespace of this machine; real packets between them."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import IPv6Address

from msgspec import Struct

from haneul.host.namespaces import ensure_namespace, inside, remove_namespace

ALL_PROTOCOLS = 0x0003
# What is let through arrives within this time; what hasn't by then never will.
ARRIVES_S, NEVER_S = 2.0, 0.25


class Guest(Struct, frozen=True, kw_only=True):
    """A namespace with one link, `eth0`, whose other end is the tap on the host's bridge."""

    namespace: str
    bridge: str
    tap: str
    mac: str
    ipv4: str
    ipv6: str

    @property
    def link_local(self) -> str:
        """The address that its kernel makes of its MAC."""
        octets = bytearray.fromhex(self.mac.replace(":", ""))
        octets[0] ^= 2
        return str(IPv6Address(b"\xfe\x80" + bytes(6) + octets[:3] + b"\xff\xfe" + octets[3:]))


class Host:
    """The host's namespace."""

    def __init__(self, namespace: str, stack: ExitStack) -> None:
        self.namespace = namespace
        self._stack = stack

    def add_bridge(self, name: str) -> None:
        ip(self.namespace, f"link add {name} type bridge forward_delay 0", f"link set {name} up mtu 1450")

    def add_guest(self, name: str, bridge: str, number: int) -> Guest:
        """A guest with the addresses 10.0.0.NUMBER and fd00::NUMBER, whatever the bridge."""
        namespace = f"{self.namespace}-{name}"
        guest = Guest(
            namespace=namespace,
            bridge=bridge,
            tap=f"tap-{name}",
            mac=f"fa:16:3e:00:{len(bridge):02x}:{number:02x}",
            ipv4=f"10.0.0.{number}",
            ipv6=f"fd00::{number}",
        )
        ensure_namespace(namespace)
        self._stack.callback(remove_namespace, namespace)
        with inside(namespace):
            subprocess.run(["sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0"], check=True)
        self.plug(guest)
        return guest

    def forget_neighbours(self, *guests: Guest) -> None:
        """What the guests, and the bridges, have learnt of others."""
        for guest in guests:
            ip(guest.namespace, "neigh flush dev eth0")
            ip(self.namespace, f"link set {guest.tap} type bridge_slave fdb_flush")

    def plug(self, guest: Guest) -> None:
        """Make the guest's link, in place of the one that it may have."""
        with suppress(subprocess.CalledProcessError):
            ip(self.namespace, f"link del {guest.tap}")
        peer = f"eth0 address {guest.mac} mtu 1450 netns {guest.namespace}"
        ip(
            self.namespace,
            f"link add {guest.tap} mtu 1450 type veth peer name {peer}",
            f"link set {guest.tap} master {guest.bridge} up",
        )
        ip(
            guest.namespace,
            f"addr add {guest.ipv4}/24 dev eth0",
            "link set eth0 up",
            f"addr add {guest.ipv6}/64 dev eth0 nodad",
        )


@contextmanager
def bridged_host(name: str) -> Iterator[Host]:
    """A host without bridges; it and its guests go with the block."""
    namespace = f"{name}-{os.getpid()}"
    with ExitStack() as stack:
        ensure_namespace(namespace)
        stack.callback(remove_namespace, namespace)
        yield Host(namespace, stack)


def ip(namespace: str, *commands: str) -> None:
    """Commands of iproute2."""
    text = "\n".join(commands) + "\n"
    argv = ["ip", "-n", namespace, "-batch", "-"]
    subprocess.run(argv, input=text, text=True, check=True, timeout=20, capture_output=True)


def udp_socket(guest: Guest, address: str = "", port: int = 0) -> socket.socket:
    """A bound datagram socket inside the guest."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with inside(guest.namespace):
        made = socket.socket(family, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    made.bind((address, port))
    return made


def udp_arrives(source: Guest, target: Guest, port: int, *, version: int = 4) -> bool:
    """Whether a datagram to this port arrives."""
    here, there = (source.ipv6, target.ipv6) if version == 6 else (source.ipv4, target.ipv4)
    with udp_socket(target, there, port) as receiver, udp_socket(source, here) as sender:
        sender.sendto(b"hello", (there, port))
        return got(receiver) is not None


def got(receiver: socket.socket, within_s: float = NEVER_S) -> bytes | None:
    """The next datagram, None if there comes none."""
    receiver.settimeout(within_s)
    try:
        return receiver.recv(2000)
    except TimeoutError:
        return None


def listener(guest: Guest, port: int) -> socket.socket:
    """A socket that accepts connections inside the guest."""
    with inside(guest.namespace):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((guest.ipv4, port))
    made.listen()
    made.settimeout(ARRIVES_S)
    return made


def connected(source: Guest, target: Guest, port: int, *, from_port: int = 0) -> socket.socket | None:
    """A connection to a listener of the target, None if none comes about."""
    with inside(source.namespace):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((source.ipv4, from_port))
    made.settimeout(NEVER_S)
    try:
        made.connect((target.ipv4, port))
    except TimeoutError:
        made.close()
        return None
    return made


def tcp_opens(source: Guest, target: Guest, port: int) -> bool:
    """Whether a connection to this port comes about."""
    with listener(target, port):
        made = connected(source, target, port)
        if made is not None:
            made.close()
        return made is not None


def pings(source: Guest, address: str) -> bool:
    """Whether an echo request is answered."""
    with inside(source.namespace):
        argv = ["ping", "-n", "-c", "1", "-W", "0.3", address]
        return subprocess.run(argv, stdout=subprocess.DEVNULL, check=False, timeout=10).returncode == 0


def packet_socket(guest: Guest) -> socket.socket:
    """A socket that sends and sees whole frames at the guest's link."""
    with inside(guest.namespace):
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
        made.bind(("eth0", ALL_PROTOCOLS))
    return made


def seen(receiver: socket.socket, is_it: Callable[[bytes], bool], within_s: float = NEVER_S) -> bool:
    """Whether such a frame arrives."""
    deadline = time.monotonic() + within_s
    while (left := deadline - time.monotonic()) > 0:
        receiver.settimeout(left)
        with suppress(TimeoutError):
            frame, (_, _, kind, *_) = receiver.recvfrom(4096)
            if kind != socket.PACKET_OUTGOING and is_it(frame):
                return True
    return False


def frame_arrives(source: Guest, target: Guest, frame: bytes) -> bool:
    """Whether a frame that one guest sends is seen by another one."""
    with packet_socket(target) as receiver, packet_socket(source) as sender:
        sender.send(frame)
        return seen(receiver, lambda found: is_same(found, frame))


def is_same(found: bytes, frame: bytes) -> bool:
    """Whether a frame that was seen is that which was sent: the kernel may have padded it or taken its tag off."""
    return found[:12] == frame[:12] and frame.rstrip(b"\0").endswith(found[14:].rstrip(b"\0"))
