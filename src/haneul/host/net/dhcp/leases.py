"""What dnsmasq remembers to have given: a host that is gone must lose it, or nobody else can have its address."""

import ipaddress
import secrets
import socket
import struct
from collections.abc import Iterable

from msgspec import Struct

from haneul.host.namespaces import Place, inside

SERVER_PORT, CLIENT_PORT = 67, 68
# RFC 2131, figure 1: up to chaddr; then sname and file, and the cookie that begins the options.
HEADER = struct.Struct("!BBBBIHH4s4s4s4s16s192xI")
BOOT_REQUEST, ETHERNET, RELEASE = 1, 1, 7
COOKIE = 0x63825363
OPTION_TYPE, OPTION_SERVER, OPTION_END = 53, 54, 255


class Lease(Struct, frozen=True):
    """One line of the file: `client` is a MAC for IPv4; of IPv6 the file knows no MAC."""

    line: str
    client: str
    address: str


def read_leases(text: str) -> list[Lease]:
    """The leases in dnsmasq's file, which also holds a line with its own DUID."""
    found = []
    for line in text.splitlines():
        words = line.split(" ")
        if len(words) >= 5 and _is_address(words[2]):
            found.append(Lease(line, words[1].lower(), words[2]))
    return found


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def stale_leases(leases: Iterable[Lease], given: Iterable[tuple[str, str]]) -> list[Lease]:
    """The leases of an address that its client isn't to have any more; `given`: MACs and addresses."""
    pairs = set(given)
    addresses = {address for _, address in pairs}
    return [
        lease
        for lease in leases
        if (lease.address not in addresses if ":" in lease.address else (lease.client, lease.address) not in pairs)
    ]


def without(text: str, stale: Iterable[Lease]) -> str:
    """The file without these leases."""
    gone = {lease.line for lease in stale}
    return "".join(f"{line}\n" for line in text.splitlines() if line not in gone)


def release(lease: Lease, device: str, servers: Iterable[str], place: Place) -> None:
    """Tell the running server of this link, in the client's name, that an IPv4 lease is given back."""
    for server in servers:
        if ipaddress.ip_address(server).version == 4:
            _send(_packet(lease, server), device, server, place)


def _packet(lease: Lease, server: str) -> bytes:
    mac, address = bytes.fromhex(lease.client.replace(":", "")), socket.inet_aton(lease.address)
    nothing = bytes(4)
    number = secrets.randbits(32)
    header = HEADER.pack(
        BOOT_REQUEST, ETHERNET, len(mac), 0, number, 0, 0, address, nothing, nothing, nothing, mac, COOKIE
    )
    options = bytes((OPTION_TYPE, 1, RELEASE, OPTION_SERVER, 4)) + socket.inet_aton(server) + bytes((OPTION_END,))
    return header + options


def _send(packet: bytes, device: str, server: str, place: Place) -> None:
    with inside(place), socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
        # The server hears it as if it came by that link, though it never leaves this host.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        line.sendto(packet, (server, SERVER_PORT))
