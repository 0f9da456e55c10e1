"""Connections that go with their translation: the kernel keeps translating what it once began, whatever the rules say.

What is to be cut stands in the router's table from the moment the rules change until it is done, so that a crash in
between is caught up on by whoever comes next.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from haneul.host.net.router.values import Forwarded
from haneul.host.run import run

CONNTRACK_S = 30.0
# What conntrack and nft take for "any": protocol 0 is never seen in a packet's place for TCP and its like.
ANY_PROTOCOL, ANY_PORTS, NOBODY = "ip", (0, 0), "0.0.0.0"
ENDS = re.compile(r"\bsrc=(\S+) dst=(\S+)")
PORT = re.compile(r"\bdport=(\d+)")


class Cut(Struct, frozen=True):
    """Connections to `address` that lead to `other`; with NOBODY as the other, those that left under `address`."""

    address: str
    other: str
    protocol: str = ANY_PROTOCOL
    ports: tuple[int, int] = ANY_PORTS


def cuts_between(
    had: tuple[Iterable[tuple[str, str]], Iterable[Forwarded]],
    wanted: tuple[Iterable[tuple[str, str]], Iterable[Forwarded]],
) -> Iterator[Cut]:
    """What follows from other pairs of floating and fixed addresses, and from other forwarded ports.

    Of an address that is new, what had reached the router itself is cut: it would never be translated otherwise.
    """
    pairs, wanted_pairs = set(had[0]), set(wanted[0])
    for floating, fixed in pairs - wanted_pairs:
        yield Cut(floating, fixed)
    for floating, _ in wanted_pairs - pairs:
        yield Cut(floating, floating)
    forwarded, wanted_forwarded = set(had[1]), set(wanted[1])
    yield from _together((one, one.fixed) for one in forwarded - wanted_forwarded)
    yield from _together((one, one.floating) for one in wanted_forwarded - forwarded)


def _together(elements: Iterable[tuple[Forwarded, str]]) -> Iterator[Cut]:
    """Neighbouring ports as one range: a forwarding may be tens of thousands of elements."""
    ranges: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
    for one, other in elements:
        ranges[one.floating, other, one.protocol].append((one.first_port, one.last_port))
    for key, found in ranges.items():
        merged: list[tuple[int, int]] = []
        for first, last in sorted(found):
            if merged and first == merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], last)
            else:
                merged.append((first, last))
        yield from (Cut(*key, ports) for ports in merged)


def make_cuts(cuts: Collection[Cut]) -> None:
    """Cut these connections in the namespace that this thread is in."""
    if not cuts:
        return
    listed = run(["conntrack", "-L", "-f", "ipv4"], timeout_s=CONNTRACK_S).stdout.decode()
    batch = sorted({f"-D -f ipv4 {found}" for found in selections(cuts, listed)})
    if batch:
        run(["conntrack", "-R", "-"], timeout_s=CONNTRACK_S, input="\n".join([*batch, ""]).encode())


def selections(cuts: Collection[Cut], listed: str) -> Iterator[str]:
    """How conntrack is told of those connections of its list that are to be cut, often the same for several.

    Each deletion walks the kernel's whole table, so that only what would delete something is worth one.
    """
    by_pair: dict[tuple[str, str], list[Cut]] = defaultdict(list)
    for cut in cuts:
        by_pair[cut.address, cut.other].append(cut)
    for line in listed.splitlines():
        ends = ENDS.findall(line)
        if len(ends) != 2:
            continue
        (source, destination), (reply_source, reply_destination) = ends
        if source != reply_destination and (reply_destination, NOBODY) in by_pair:
            yield f"--src-nat {reply_destination}"
        if any(cut.protocol == ANY_PROTOCOL for cut in by_pair.get((reply_destination, source), ())):
            yield f"--orig-src {source} --reply-dst {reply_destination}"
        for cut in by_pair.get((destination, reply_source), ()):
            yield from _to(cut, line)


def _to(cut: Cut, line: str) -> Iterator[str]:
    there = f"--orig-dst {cut.address} --reply-src {cut.other}"
    if cut.protocol == ANY_PROTOCOL:
        yield there
        return
    found = PORT.search(line) if line.startswith(f"{cut.protocol} ") else None
    if found and cut.ports[0] <= int(found[1]) <= cut.ports[1]:
        yield f"-p {cut.protocol} {there} --orig-port-dst {found[1]}"
