"""Prefixes of pools: what they are together, and what of them is free."""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import collapse_addresses, summarize_address_range
from typing import Any

from haneul.kernel.errors import BadRequest
from haneul.services.network.ip_text import interface_in
from haneul.services.network.subnets.cidrs import Prefix, unfit

MOST = 100


def prefixes_of(texts: Sequence[str]) -> list[Prefix]:
    """A pool's prefixes as users write them; BadRequest for none at all, or for both IP versions."""
    if not texts:
        raise BadRequest("Empty subnet pool prefix list.", kind="EmptySubnetPoolPrefixList")
    if len(set(texts)) < len(texts):
        twice = sorted({text for text in texts if texts.count(text) > 1})
        raise unfit("prefixes", "Duplicate items in the list: '{texts}'", texts=", ".join(twice))
    return [_prefix(text) for text in texts]


def _prefix(text: str) -> Prefix:
    """Neutron takes a pool's prefixes with bits of hosts, and drops them."""
    length = text.partition("/")[2]
    try:
        if not (length.isascii() and length.isdigit()):
            raise ValueError
        return interface_in(text).network
    except ValueError:
        raise unfit("prefixes", "'{text}' is not a valid IP subnet", text=text) from None


def merged(prefixes: Sequence[Prefix]) -> list[Prefix]:
    """The same addresses in as few prefixes as can be, in order; BadRequest for both IP versions."""
    if len({prefix.version for prefix in prefixes}) > 1:
        raise BadRequest("Cannot mix IPv4 and IPv6 prefixes in a subnet pool.", kind="PrefixVersionMismatch")
    alike: Any = prefixes
    return list(collapse_addresses(alike))


def without(prefixes: Iterable[Prefix], taken: Iterable[Prefix]) -> list[Prefix]:
    """What is left of the prefixes when others are taken away, in order."""
    gone = sorted(_span(one) for one in taken)
    left: list[Prefix] = []
    for prefix in prefixes:
        kind: Any = type(prefix.network_address)
        for first, last in _gaps(_span(prefix), gone):
            left += summarize_address_range(kind(first), kind(last))
    return merged(left)


def _span(prefix: Prefix) -> tuple[int, int]:
    return int(prefix.network_address), int(prefix.broadcast_address)


def _gaps(whole: tuple[int, int], gone: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What of a span lies between others, which are sorted."""
    place, end = whole
    for first, last in gone:
        if place < first:
            yield place, min(first - 1, end)
        place = max(place, last + 1)
        if place > end:
            return
    yield place, end


def refuse_many(prefixes: Sequence[Prefix]) -> None:
    """BadRequest for more than a pool can have: whoever takes of a pool has to look at all of them."""
    if len(prefixes) > MOST:
        raise unfit("prefixes", "A subnet pool can have at most {most} prefixes", most=MOST)


def overlap(some: Iterable[Prefix], others: Iterable[Prefix]) -> bool:
    """Whether any of the one overlaps any of the other."""
    ours, theirs = _spans(some), _spans(others)
    mine = other = 0
    while mine < len(ours) and other < len(theirs):
        if ours[mine][1] < theirs[other][0]:
            mine += 1
        elif theirs[other][1] < ours[mine][0]:
            other += 1
        else:
            return True
    return False


def _spans(prefixes: Iterable[Prefix]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """First and last addresses, each with its IP version, in order; a prefix that lies in another is left out."""
    found: list[tuple[tuple[int, int], tuple[int, int]]] = []
    for version, first, last in sorted((one.version, *_span(one)) for one in prefixes):
        if not found or found[-1][1] < (version, last):
            found.append(((version, first), (version, last)))
    return found


def contains(prefixes: Iterable[Any], wanted: Any) -> bool:
    """Whether one of the prefixes holds all of another."""
    return any(wanted.version == prefix.version and wanted.subnet_of(prefix) for prefix in prefixes)


def first_free(free: Iterable[Prefix], length: int) -> Prefix | None:
    """The first prefix of a length in what is free; of the smallest piece that has room, so that large ones last."""
    for piece in sorted(free, key=lambda prefix: -prefix.prefixlen):
        if piece.prefixlen <= length:
            kind: Any = type(piece)
            first: Prefix = kind((piece.network_address, length))
            return first
    return None
