"""Namespaces as files, in the form that Glance's own catalog has: JSON, one namespace a file."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from haneul.kernel.errors import BadRequest
from haneul.services.image.metadefs.contents import refuse_unholdable
from haneul.services.image.metadefs.definitions import NamespaceDefinition
from haneul.services.image.metadefs.namespaces.schemas import namespace_in

NOT_NAMED = re.compile(r"[^A-Za-z0-9]+")


@cache
def standard() -> tuple[NamespaceDefinition, ...]:
    """The standard catalog: the namespaces that a new cloud has."""
    decoder = msgspec.json.Decoder(NamespaceDefinition)
    folder = files(__package__).joinpath("definitions")
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".json")), key=lambda one: one.name)
    return tuple(decoder.decode(one.read_bytes()) for one in found)


def read(content: bytes) -> NamespaceDefinition:
    """A file's namespace, checked as a client's body would be; BadRequest."""
    try:
        parsed = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest("It is no JSON: {problem}", problem=str(error)) from None
    if not isinstance(parsed, dict):
        raise BadRequest("It is no JSON object.")
    wanted = namespace_in(_said(parsed))
    refuse_unholdable(wanted)
    return wanted


def _said(value: Any) -> Any:
    """The value without the nulls that Glance's own export writes where nothing is to be said."""
    if isinstance(value, dict):
        return {name: _said(one) for name, one in value.items() if one is not None}
    return [_said(one) for one in value] if isinstance(value, list) else value


def written(namespaces: Iterable[NamespaceDefinition]) -> Iterator[tuple[str, bytes]]:
    """A file's name and content for each namespace."""
    taken: set[str] = set()
    for one in namespaces:
        stem = name = NOT_NAMED.sub("-", one.namespace).strip("-").lower() or "namespace"
        number = 2
        while name in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name)
        yield f"{name}.json", msgspec.json.format(msgspec.json.encode(one), indent=2) + b"\n"
