"""From bytes to a body's struct, and from a view to bytes."""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, get_args, get_origin

import msgspec
from msgspec import UNSET

from haneul.kernel.errors import BadRequest
from haneul.kernel.http.pages import LinkStyle, Parameters, links_of
from haneul.kernel.http.replies import Listed
from haneul.kernel.http.routes import Route
from haneul.kernel.http.versions import Version, differs, refuse_newer_fields, trimmed, version

DEEPEST = 64
_encoder = msgspec.json.Encoder(decimal_format="number")
"""Views write whole numbers of more than 64 bits as decimals: JSON has no bounds, msgspec's integers do."""


def decode(route: Route, raw: bytes, at: Version, opened: Callable[[Any], Any] | None = None) -> Any:
    """The route's body struct; BadRequest with the field's place when the bytes don't fit it.

    `opened` turns what clients may write in two ways into what the struct has.
    """
    if not raw:
        if route.options.body_optional:
            return None
        raise BadRequest("Malformed request body: the body is empty.")
    try:
        parsed = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest("Malformed request body: it is not valid JSON.") from None
    if raw.count(b"[") + raw.count(b"{") > DEEPEST:
        _refuse_deep(parsed)
    if opened is not None:
        parsed = opened(parsed)
    for shape in route.options.shapes:
        if shape.up is not None and at < version(shape.since):
            parsed = shape.up(parsed)
    return convert(route, _unwrapped(parsed, route.body_wraps), at)


def _refuse_deep(parsed: Any) -> None:
    """What is kept as it came stands deeper in lists than in its own body, where nothing could write it any more."""
    level = [parsed]
    for _ in range(DEEPEST):
        inner = (one.values() if isinstance(one, dict) else one for one in level)
        level = [value for values in inner for value in values if isinstance(value, dict | list)]
        if not level:
            return
    raise BadRequest("Malformed request body: it is nested too deeply.")


def _unwrapped(parsed: Any, wraps: str) -> Any:
    if not wraps:
        return parsed
    if not isinstance(parsed, dict):
        raise BadRequest("Malformed request body: expected an object.")
    if wraps not in parsed:
        raise BadRequest("Invalid input for field/attribute {name}: '{name}' is a required property.", name=wraps)
    if len(parsed) > 1:
        other = sorted(set(parsed) - {wraps})[0][:255]
        # Keystone and Glance pass over siblings; Nova and Neutron don't, and no client sends any.
        raise BadRequest("Additional properties are not allowed ('{name}' was unexpected)", name=other)
    return parsed[wraps]


def convert(route: Route, value: Any, at: Version) -> Any:
    """Parsed JSON as the route's body struct, with the fields that this version has."""
    if route.body_type is Any:
        return value
    try:
        body = msgspec.convert(value, route.body_type, strict=not route.options.lax)
    except msgspec.ValidationError as error:
        raise BadRequest("Invalid input for field/attribute {problem}", problem=_problem(str(error), route)) from None
    if isinstance(body, msgspec.Struct):
        refuse_newer_fields(body, at)
    return body


def _problem(sentence: str, route: Route) -> str:
    """`name: Expected str, got int` from msgspec's "Expected `str`, got `int` - at `$.name`"."""
    message, _, place = sentence.partition(" - at ")
    where = place.strip("`").removeprefix("$").lstrip(".") or route.body_wraps or "body"
    return f"{where}: {message}."


def query_of(route: Route, parameters: Parameters) -> Any:
    """The route's query struct; parameters that it doesn't name are passed over."""
    values: dict[str, Any] = {}
    for name, is_list in _query_names(route.query_type):
        given = parameters.get(name)
        if given is not None:
            values[name] = given if is_list else given[-1]
    try:
        return msgspec.convert(values, route.query_type, strict=False)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at ")
        name = place.strip("`").removeprefix("$").lstrip(".")
        raise BadRequest("Invalid input for query parameters {name}: {message}.", name=name, message=message) from None


@lru_cache(maxsize=4096)
def _query_names(query_type: type) -> tuple[tuple[str, bool], ...]:
    return tuple((field.encode_name, _takes_many(field.type)) for field in msgspec.structs.fields(query_type))


def _takes_many(hint: Any) -> bool:
    return get_origin(hint) is list or any(_takes_many(inside) for inside in get_args(hint))


class Outgoing(msgspec.Struct, frozen=True):
    """What an answer's bytes depend on besides the view."""

    at: Version
    link_style: LinkStyle
    here: str
    parameters: Parameters
    fields: frozenset[str] = frozenset()


def encode(route: Route, view: Any, out: Outgoing) -> bytes:
    """The answer's bytes: wrapped, with page links, trimmed to the version asked for."""
    wraps = route.options.wraps
    if isinstance(view, Listed):
        return _encode_list(route, view, out)
    if route.view_type is not None and differs(route.view_type, out.at):
        view = trimmed(view, out.at)
    if out.fields:
        view = _selected(_plain(view), out.fields)
    if _is_reshaped(route, out.at):
        plain = _plain(view)
        return _encoder.encode(_shaped_down(route, {wraps: plain} if wraps else plain, out.at))
    encoded = _encoder.encode(view)
    return b'{"%s":%s}' % (wraps.encode(), encoded) if wraps else encoded


def _encode_list(route: Route, view: Listed[Any], out: Outgoing) -> bytes:
    wraps = route.options.wraps
    around = links_of(out.link_style, wraps, out.here, out.parameters, view)
    if view.count is not None:
        around["count"] = view.count
    items = view.items
    if route.view_type is not None and differs(route.view_type, out.at):
        items = trimmed(items, out.at)
    if out.fields:
        items = [_selected(item, out.fields) for item in _plain(items)]
    if _is_reshaped(route, out.at):
        return _encoder.encode(_shaped_down(route, {wraps: _plain(items), **around}, out.at))
    return _encoder.encode({wraps: items, **around})


def _plain(view: Any) -> Any:
    return msgspec.to_builtins(view, builtin_types=(Decimal,))


def _selected(item: Any, fields: frozenset[str]) -> Any:
    """Only these fields of an item; names that it doesn't have are passed over."""
    return {name: value for name, value in item.items() if name in fields} if isinstance(item, dict) else item


def _is_reshaped(route: Route, at: Version) -> bool:
    return any(at < version(shape.since) for shape in route.options.shapes)


def _shaped_down(route: Route, body: Any, at: Version) -> Any:
    for shape in reversed(route.options.shapes):
        if shape.down is not None and at < version(shape.since):
            body = shape.down(body)
    return body


__all__ = ["UNSET", "Outgoing", "convert", "decode", "encode", "query_of"]
