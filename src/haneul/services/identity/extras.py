"""Attributes that a request's body struct does not name: Keystone keeps them with the row and gives them back."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call
from haneul.kernel.schema import View

V = TypeVar("V", bound=View)
# What is never taken: the names of our own, and a password that a client put in the wrong place.
OURS = frozenset({"id", "links", "password", "original_password"})


def extras(call: Call, body: msgspec.Struct, *, own_id: str = "") -> dict[str, Any]:
    """What the body holds beside the struct's fields; BadRequest if it names an id other than the resource's own."""
    given = msgspec.json.decode(call.raw_body)[call.route.body_wraps]
    if own_id and given.get("id", own_id) != own_id:
        raise BadRequest("Cannot change {what} ID", what=call.route.body_wraps)
    named = OURS.union(body.__struct_fields__)
    return {name: value for name, value in given.items() if name not in named}


def with_extras(view: V, kept: Mapping[str, Any]) -> V | dict[str, Any]:
    """The view with the row's further attributes beside its own fields, which win."""
    if not kept:
        return view
    own = msgspec.structs.asdict(view)
    return {**kept, **{name: value for name, value in own.items() if value is not msgspec.UNSET}}


def merged(kept: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The row's further attributes after an update: those named are set, null among them, the others stay."""
    return {**kept, **changes}
