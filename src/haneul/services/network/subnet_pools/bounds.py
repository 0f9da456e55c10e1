"""How long the prefixes are that a pool gives (neutron: ipam/subnet_alloc.SubnetPoolReader)."""

from msgspec import Struct

from haneul.kernel.errors import BadRequest

SHORTEST, LONGEST = {4: 8, 6: 64}, {4: 32, 6: 128}
"""What a pool gives where its owner doesn't say it."""


class Bounds(Struct, frozen=True):
    """The lengths of a pool's prefixes: the shortest, the longest and the usual."""

    least: int
    most: int
    usual: int


def bounds_of(version: int, least: int | None, most: int | None, usual: int | None) -> Bounds:
    """The lengths with what isn't said filled in; BadRequest for those that don't go together."""
    least = SHORTEST[version] if least is None else least
    most = LONGEST[version] if most is None else most
    usual = least if usual is None else usual
    if least > most:
        raise _illegal("min_prefixlen", least, "max_prefixlen", most)
    if most > LONGEST[version]:
        raise _illegal("max_prefixlen", most, "ip_version_max", LONGEST[version])
    if usual < least:
        raise _illegal("default_prefixlen", usual, "min_prefixlen", least)
    if usual > most:
        raise _illegal("default_prefixlen", usual, "max_prefixlen", most)
    return Bounds(least, most, usual)


def _illegal(name: str, length: int, other: str, bound: int) -> BadRequest:
    return BadRequest(
        "Illegal prefix bounds: {name}={length}, {other}={bound}.",
        kind="IllegalSubnetPoolPrefixBounds",
        name=name,
        length=length,
        other=other,
        bound=bound,
    )
