"""A packet that is followed, and what is found at each place that it passes."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Literal

import msgspec
from msgspec import Struct

ICMP, TCP, UDP, ICMP_OF_6 = 1, 6, 17, 58
ECHO_REQUEST: Mapping[int, int] = {4: 8, 6: 128}
"""The ICMP type of a ping by IP version."""
ADDRESS_BITS = {4: 32, 6: 128}
AUDIT = "haneul doctor --audit"

Verdict = Literal["ok", "note", "DROP"]


class Packet(Struct, frozen=True, kw_only=True):
    """The first packet of a connection: the addresses that it bears now, and where it wants to."""

    source: str
    destination: str
    protocol: Literal["tcp", "udp", "icmp"]
    port: int | None = None

    @property
    def version(self) -> int:
        return ip_address(self.destination).version

    @property
    def number(self) -> int:
        """The IP protocol's number."""
        if self.protocol == "icmp":
            return ICMP if self.version == 4 else ICMP_OF_6
        return TCP if self.protocol == "tcp" else UDP

    @property
    def name(self) -> str:
        """The protocol as the client calls it."""
        return "ipv6-icmp" if self.number == ICMP_OF_6 else self.protocol

    @property
    def what(self) -> str:
        return self.name if self.port is None else f"{self.name} {self.port}"

    def readdressed(self, *, source: str = "", destination: str = "", port: int | None = None) -> "Packet":
        """The same packet after a translation of what is named."""
        return msgspec.structs.replace(
            self,
            source=source or self.source,
            destination=destination or self.destination,
            port=self.port if port is None else port,
        )


class Seen(Struct, frozen=True, kw_only=True):
    """What the host has of a thing. One that differs from the rows may let the packet through or not."""

    text: str
    is_wanted: bool = True
    lets_through: bool = True


class Hop(Struct, frozen=True, kw_only=True):
    """One place on the way. `fix` is the command that would let the packet pass, where it doesn't."""

    verdict: Verdict
    at: str
    text: str
    looked_at: Literal["rows", "rows and host"] = "rows"
    differs: bool = False
    fix: str = ""


class Dropped(Exception):
    """The packet ends here; the last hop says why."""


def absent(text: str) -> Seen:
    """What the host should have and hasn't."""
    return Seen(text=text, is_wanted=False, lets_through=False)
