"""Versions of an API: negotiation, which fields exist when, and shapes that changed."""

import re
from collections.abc import Callable, Iterator
from copy import copy
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET

from haneul.kernel.errors import BadRequest, Unacceptable
from haneul.kernel.schema import Since


class Version(NamedTuple):
    """A microversion; tuples compare as versions do."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


@lru_cache(maxsize=1024)
def version(text: str) -> Version:
    """`2.26` as a Version."""
    major, minor = text.split(".")
    return Version(int(major), int(minor))


NEWEST = Version(999, 999)
VERSION_CHARACTERS = 16


class Shape(msgspec.Struct, frozen=True):
    """A change of shape that came with version `since`: `up` makes an older request newer, `down` a newer answer older.

    Both are pure functions on the JSON body; handlers know only the newest form.
    """

    since: str
    up: Callable[[Any], Any] | None = None
    down: Callable[[Any], Any] | None = None


class Microversions(msgspec.Struct, frozen=True):
    """What a service negotiates: the word in `OpenStack-API-Version`, its legacy header if it had one, the range.

    `form` is what a version must look like; `malformed` and `outside` are the service's sentences for 400 and 406.
    """

    word: str
    oldest: Version
    newest: Version
    legacy_header: str = ""
    header: str = "OpenStack-API-Version"
    form: str = r"[1-9]\d*\.(0|[1-9]\d*)"
    malformed: str = "API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum."
    outside: str = "Version {asked} is not supported by the API. Minimum is {oldest} and maximum is {newest}."

    def negotiate(self, headers: Any) -> Version:
        """The version that a request asks for; 400 when malformed, 406 outside the range."""
        asked = self._asked(headers)
        if asked is None:
            return self.oldest
        if asked == "latest":
            return self.newest
        if len(asked) > VERSION_CHARACTERS or not re.fullmatch(self.form, asked):
            raise BadRequest(self.malformed, asked=asked)
        found = version(asked)
        if not self.oldest <= found <= self.newest:
            raise Unacceptable(406, self.outside, asked=asked, oldest=self.oldest, newest=self.newest)
        return found

    def _asked(self, headers: Any) -> str | None:
        for part in headers.get("openstack-api-version", "").split(","):
            word, _, number = part.strip().partition(" ")
            if word.lower() == self.word and number:
                return str(number.strip())
        legacy = headers.get(self.legacy_header.lower()) if self.legacy_header else None
        return str(legacy).strip() if legacy else None

    def response_headers(self, chosen: Version) -> list[tuple[str, str]]:
        found = [("openstack-api-version", f"{self.word} {chosen}")]
        vary = self.header
        if self.legacy_header:
            found.append((self.legacy_header.lower(), str(chosen)))
            vary = f"{vary}, {self.legacy_header}"
        return [*found, ("vary", vary)]


_presence: dict[type, tuple[tuple[str, Version, Version, Any], ...]] = {}


def presence_of(view: type) -> tuple[tuple[str, Version, Version, Any], ...]:
    """(wire name, first and last version, type) of fields that are not always there, or have such fields inside."""
    found = _presence.get(view)
    if found is None:
        _presence[view] = ()
        found = _presence[view] = tuple(_find_presence(view))
    return found


def _find_presence(view: type) -> Any:
    hints = get_type_hints(view, include_extras=True)
    for field in msgspec.structs.fields(view):
        hint = hints[field.name]
        first, last, inner = Version(0, 0), NEWEST, _struct_in(hint)
        if get_origin(hint) is Annotated:
            for note in get_args(hint)[1:]:
                if isinstance(note, Since):
                    first = version(note.first)
                    last = version(note.until) if note.until else NEWEST
        if (first, last) != (Version(0, 0), NEWEST) or (inner is not None and presence_of(inner)):
            yield field.encode_name, first, last, inner


def _struct_in(hint: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    for inside in get_args(hint):
        found = _struct_in(inside)
        if found is not None:
            return found
    return None


@lru_cache(maxsize=4096)
def differs(view: type, at: Version) -> bool:
    """Whether some field of the view, or of what stands in it, does not exist at this version."""
    return any(
        not first <= at <= last or (inner is not None and differs(inner, at))
        for _name, first, last, inner in presence_of(view)
    )


def trimmed(view: Any, at: Version) -> Any:
    """A view, or views in lists and dicts, without the fields that did not exist at this version.

    Copies, since a handler may have kept the view. Unset fields are left out when a struct is encoded, which costs far
    less than to take them out of its JSON.
    """
    if isinstance(view, msgspec.Struct):
        return _trimmed_struct(view, at)
    if isinstance(view, list | tuple):
        return [trimmed(item, at) for item in view]
    if isinstance(view, dict):
        return {key: trimmed(item, at) for key, item in view.items()}
    return view


def _trimmed_struct(view: msgspec.Struct, at: Version) -> msgspec.Struct:
    found: msgspec.Struct = copy(view)
    for attribute, is_gone in _changed_at(type(view), at):
        value = UNSET if is_gone else trimmed(getattr(view, attribute), at)
        msgspec.structs.force_setattr(found, attribute, value)
    return found


@lru_cache(maxsize=4096)
def _changed_at(view: type, at: Version) -> tuple[tuple[str, bool], ...]:
    """The attributes that are not there at this version (True), or have something inside that isn't (False)."""
    return tuple(
        (_attribute(view, name), not first <= at <= last)
        for name, first, last, inner in presence_of(view)
        if not first <= at <= last or (inner is not None and differs(inner, at))
    )


def refuse_newer_fields(body: msgspec.Struct, at: Version) -> None:
    """Refuse a request's fields that do not exist at this version, in the words of a schema check."""
    for name, first, last, inner in presence_of(type(body)):
        value = getattr(body, _attribute(type(body), name))
        if value is msgspec.UNSET:
            continue
        if not first <= at <= last:
            raise BadRequest(
                "Additional properties are not allowed ('{name}' was unexpected)",
                name=name,
            )
        if inner is not None:
            for part in _structs_in(value):
                refuse_newer_fields(part, at)


def _structs_in(value: Any) -> Iterator[msgspec.Struct]:
    if isinstance(value, msgspec.Struct):
        yield value
    elif isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _structs_in(item)


def _attribute(struct: type, encoded: str) -> str:
    for field in msgspec.structs.fields(struct):
        if field.encode_name == encoded:
            return field.name
    raise KeyError(encoded)
