"""A bridge of a namespace of our own with two guests on it, each a namespace, and traffic between them."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from msgspec import Struct

from haneul.host.namespaces import ensure_namespace, inside, remove_namespace

BRIDGE = "br-bench"
BUFFER = 1 << 20


class Guest(Struct, frozen=True):
    """One end of the traffic."""

    namespace: str
    tap: str
    mac: str
    address: str


class Bridge(Struct, frozen=True):
    """The host's namespace and its two guests."""

    namespace: str
    one: Guest
    two: Guest


@contextmanager
def bridge() -> Iterator[Bridge]:
    """The bridge, which goes with its namespaces."""
    host = f"hfw-bench-{os.getpid()}"
    guests = [
        Guest(f"{host}-{number}", f"tap-{number}", f"fa:16:3e:00:00:{number:02x}", f"10.0.0.{number}")
        for number in (1, 2)
    ]
    with ExitStack() as stack:
        for namespace in (host, *(guest.namespace for guest in guests)):
            ensure_namespace(namespace)
            stack.callback(remove_namespace, namespace)
        _ip(host, f"link add {BRIDGE} type bridge forward_delay 0", f"link set {BRIDGE} up")
        for guest in guests:
            peer = f"eth0 address {guest.mac} netns {guest.namespace}"
            _ip(host, f"link add {guest.tap} type veth peer name {peer}", f"link set {guest.tap} master {BRIDGE} up")
            _ip(guest.namespace, f"addr add {guest.address}/24 dev eth0", "link set eth0 up")
        yield Bridge(host, *guests)


def _ip(namespace: str, *commands: str) -> None:
    text = "\n".join(commands) + "\n"
    subprocess.run(["ip", "-n", namespace, "-batch", "-"], input=text, text=True, check=True, timeout=20)


def packet_us(lab: Bridge, count: int) -> float:
    """Microseconds of CPU for one small datagram from a guest's socket to the other's, in `count` of them.

    Between veths the sender's call does all the work, the bridge's and the receiver's too.
    """
    with _socket(lab.two, socket.SOCK_DGRAM) as receiver, _socket(lab.one, socket.SOCK_DGRAM) as sender:
        sender.connect(receiver.getsockname())
        sender.send(b"the neighbours get to know each other")
        receiver.settimeout(5)
        receiver.recv(100)
        began = time.thread_time()
        for _ in range(count):
            sender.send(b"x" * 32)
        return (time.thread_time() - began) / count * 1e6


def throughput(lab: Bridge, seconds: float) -> float:
    """Gbit per second of one TCP connection."""
    with _socket(lab.two, socket.SOCK_STREAM) as listening, _socket(lab.one, socket.SOCK_STREAM) as sender:
        listening.listen()
        sender.settimeout(5)
        sender.connect(listening.getsockname())
        receiver, _ = listening.accept()
        with receiver:
            thread = threading.Thread(target=_send, args=(sender, seconds))
            began = time.perf_counter()
            thread.start()
            received, buffer = 0, bytearray(BUFFER)
            while got := receiver.recv_into(buffer):
                received += got
            thread.join()
            return received * 8 / (time.perf_counter() - began) / 1e9


def _send(sender: socket.socket, seconds: float) -> None:
    end, buffer = time.perf_counter() + seconds, bytes(BUFFER)
    while time.perf_counter() < end:
        sender.sendall(buffer)
    sender.shutdown(socket.SHUT_WR)


def _socket(guest: Guest, kind: socket.SocketKind) -> socket.socket:
    with inside(guest.namespace):
        made = socket.socket(socket.AF_INET, kind)
    made.bind((guest.address, 0))
    return made
