"""A router's table as the kernel has it."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from haneul.host.namespaces import Place, inside
from haneul.host.net.router.cuts import Cut
from haneul.host.net.router.script import FAMILY, TABLE
from haneul.host.net.router.values import SAME_PORT, Forwarded
from haneul.host.run import RunFailed, run

NFT_S = 30.0
KINDS = ("set", "map")


class SeenRouter(Struct, frozen=True, kw_only=True):
    """What the kernel translates; `fixed` by floating address, `lines` the table as nft prints it."""

    outside: str
    inside: tuple[str, ...]
    snat_address: str
    fixed: Mapping[str, str]
    forwarded: tuple[Forwarded, ...]
    metadata_port: int | None
    pending_cuts: tuple[Cut, ...] = ()
    lines: tuple[str, ...] = ()


def read_router(place: Place) -> SeenRouter | None:
    """The table of this namespace, None if it has none; RunFailed if there is no such namespace."""
    with inside(place):
        seen = read_here()
        if seen is None:
            return None
        printed = run(["nft", "list", "table", FAMILY, TABLE], timeout_s=NFT_S).stdout.decode()
    return msgspec.structs.replace(seen, lines=tuple(printed.splitlines()))


def read_here() -> SeenRouter | None:
    """The table of the namespace that this thread is in, without its lines."""
    # Asking for a table that isn't there fails like any other failure, so ask which there are.
    if not any(_is_ours(found["table"]) for found in _list("tables") if "table" in found):
        return None
    return _seen(_list("table", FAMILY, TABLE))


def _is_ours(table: Mapping[str, Any]) -> bool:
    return (table["family"], table["name"]) == (FAMILY, TABLE)


def _list(*what: str) -> list[dict[str, Any]]:
    printed = run(["nft", "-j", "list", *what], timeout_s=NFT_S).stdout
    try:
        found: list[dict[str, Any]] = msgspec.json.decode(printed)["nftables"]
    except (msgspec.DecodeError, KeyError) as error:
        raise RunFailed("nft lists its tables in a form that is not understood.") from error
    return found


def _seen(listed: list[dict[str, Any]]) -> SeenRouter:
    held = {found[kind]["name"]: found[kind].get("elem", []) for found in listed for kind in found if kind in KINDS}
    return SeenRouter(
        outside=next(iter(held.get("outside", [])), ""),
        inside=tuple(sorted(held.get("inside", []))),
        snat_address=next(iter(held.get("speaks_as", [])), ""),
        fixed=dict(held.get("fixed", [])),
        forwarded=tuple(_forwarded(held)),
        metadata_port=next(_redirects(listed), None),
        pending_cuts=tuple(_cut(element["concat"]) for element in held.get("cuts", [])),
    )


def _forwarded(held: Mapping[str, list[Any]]) -> Iterator[Forwarded]:
    for key, fixed in held.get("forwarded_in_place", []):
        yield Forwarded(*_key(key["concat"]), fixed, SAME_PORT)
    for name in ("forwarded", "forwarded_to_port"):
        for key, to in held.get(name, []):
            yield Forwarded(*_key(key["concat"]), *to["concat"])


def _key(parts: list[Any]) -> tuple[str, str, int, int]:
    floating, protocol, ports = parts
    return floating, protocol, *_range(ports)


def _cut(parts: list[Any]) -> Cut:
    address, other, protocol, ports = parts
    return Cut(address, other, protocol, _range(ports))


def _range(ports: int | dict[str, list[int]]) -> tuple[int, int]:
    if isinstance(ports, int):
        return ports, ports
    first, last = ports["range"]
    return first, last


def _redirects(listed: list[dict[str, Any]]) -> Iterator[int]:
    for found in listed:
        for statement in found.get("rule", {}).get("expr", []):
            if "redirect" in statement:
                yield statement["redirect"]["port"]
