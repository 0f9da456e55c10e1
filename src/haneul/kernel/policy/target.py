"""The resource's side of a check: how `%(name)s` finds its value.

A handler says `enforce(row, **named)`. A name is looked for so, and the first place that has it decides:

1. A plain name (`%(project_id)s`): in `named`, then on the row (an attribute, or a key of a dict).
2. A path (`%(target.role.domain_id)s`, where `target.` may be left out): its first word is the kind of the resource.
   What `named` has by that word; else the row itself if that is the name of its class (`ImageMember` is
   `image_member`); else the row's own attribute of that word. From there the other words are followed.
3. Where a path's next word leads nowhere, the rest is tried as one flat name: `project.id` as `project_id`.

A value that is nowhere makes its check false. A route without a row passes the caller itself as the row, if his own
`user_id` and `project_id` are what its rule compares.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

MISSING: Final = object()
"""What a lookup answers when the target does not have the name."""

_ALIASES = {"tenant_id": "project_id"}
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Target:
    """The row and the named values that one check is about."""

    __slots__ = ("named", "row")

    def __init__(self, row: object, named: Mapping[str, object]) -> None:
        self.row = row
        self.named = named


Lookup = Callable[[Target], object]


def lookup(name: str) -> Lookup:
    """A function that finds the name in a target, or answers MISSING."""
    path = tuple(name.removeprefix("target.").split("."))
    if len(path) > 1:
        return _path_lookup(path)
    found = _flat_lookup(path[0])
    alias = _ALIASES.get(path[0])
    return found if alias is None else _either(found, _flat_lookup(alias))


def _flat_lookup(name: str) -> Lookup:
    def find(target: Target) -> object:
        if target.named and name in target.named:
            return target.named[name]
        row = target.row
        return row.get(name, MISSING) if isinstance(row, dict) else getattr(row, name, MISSING)

    return find


def _either(first: Lookup, second: Lookup) -> Lookup:
    def find(target: Target) -> object:
        value = first(target)
        return second(target) if value is MISSING else value

    return find


def _path_lookup(path: tuple[str, ...]) -> Lookup:
    kind, rest = path[0], path[1:]

    def find(target: Target) -> object:
        if kind in target.named:
            return _follow(target.named[kind], rest)
        if _kind_of(type(target.row).__name__) == kind:
            return _follow(target.row, rest)
        return _follow(target.row, path)

    return find


def _follow(thing: object, path: tuple[str, ...]) -> object:
    for at, word in enumerate(path):
        value = _attribute(thing, word)
        if value is MISSING:
            return _attribute(thing, "_".join(path[at:]))
        thing = value
    return thing


def _attribute(thing: object, name: str) -> object:
    return thing.get(name, MISSING) if isinstance(thing, dict) else getattr(thing, name, MISSING)


@cache
def _kind_of(class_name: str) -> str:
    return _WORD_START.sub("_", class_name).lower()
