"""The loopback link of this thread's network namespace: brought up, and bearing the mark of whose the namespace is.

Raw netlink: a command that only lists or removes namespaces shouldn't have to load a netlink library.
"""

import os
import socket
import struct

from haneul.host.run import RunFailed

# The kernel gives the loopback of every namespace this index.
LOOPBACK = 1
RTM_NEWLINK, RTM_GETLINK, RTM_SETLINK = 16, 18, 19
NLMSG_ERROR = 2
NLM_F_REQUEST, NLM_F_ACK = 1, 4
IFLA_IFALIAS = 20
IFF_UP = 1
HEADER = struct.Struct("=IHHII")
LINK = struct.Struct("=BxHiII")
ATTRIBUTE = struct.Struct("=HH")
ERROR = struct.Struct("=i")
LARGEST_REPLY = 1 << 16


def raise_loopback(mark: str = "") -> None:
    """Bring the loopback up and, if a mark is given, write it there."""
    alias = _attribute(IFLA_IFALIAS, mark.encode()) if mark else b""
    _ask(RTM_SETLINK, LINK.pack(0, 0, LOOPBACK, IFF_UP, IFF_UP) + alias)


def mark_of_loopback() -> str:
    """What `raise_loopback` has written there, or nothing."""
    reply = _ask(RTM_GETLINK, LINK.pack(0, 0, LOOPBACK, 0, 0))
    place = HEADER.size + LINK.size
    while place + ATTRIBUTE.size <= len(reply):
        length, kind = ATTRIBUTE.unpack_from(reply, place)
        if kind == IFLA_IFALIAS:
            return reply[place + ATTRIBUTE.size : place + length].rstrip(b"\0").decode(errors="replace")
        place += (max(length, ATTRIBUTE.size) + 3) & ~3
    return ""


def _ask(kind: int, body: bytes) -> bytes:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as line:
        flags = NLM_F_REQUEST | (NLM_F_ACK if kind == RTM_SETLINK else 0)
        line.send(HEADER.pack(HEADER.size + len(body), kind, flags, 1, 0) + body)
        reply = line.recv(LARGEST_REPLY)
    if HEADER.unpack_from(reply)[1] == NLMSG_ERROR and (number := -ERROR.unpack_from(reply, HEADER.size)[0]):
        raise RunFailed(f"The loopback link can't be asked or set: {os.strerror(number)}.")
    return reply


def _attribute(kind: int, value: bytes) -> bytes:
    length = ATTRIBUTE.size + len(value)
    return ATTRIBUTE.pack(length, kind) + value + bytes(-length % 4)
