"""Options that projects, domains and roles share. Source: Keystone's resource options."""

from collections.abc import Mapping
from typing import Any

import msgspec

from haneul.kernel.errors import Forbidden
from haneul.kernel.schema import UNSET, StrictBody, UnsetType

IMMUTABLE = 'Unable to {verb} immutable {what} resource: `{id}. Set resource option "immutable" to false first.'


class ResourceOptions(StrictBody):
    """`immutable`: neither changed nor deleted until it is set to false again. Null takes an option away."""

    immutable: bool | None | UnsetType = UNSET


def options_after(kept: Mapping[str, Any], wanted: msgspec.Struct) -> dict[str, Any]:
    """The options once those named are set; null takes one away, the others stay."""
    named = msgspec.to_builtins(wanted)
    return {name: value for name, value in {**kept, **named}.items() if value is not None}


def refuse_immutable(verb: str, kind: str, resource_id: str, options: Mapping[str, Any], wanted: Any = UNSET) -> None:
    """Forbidden for an immutable resource, unless the request is the one that makes it mutable."""
    frees = isinstance(wanted, ResourceOptions) and wanted.immutable in (False, None)
    if options.get("immutable") and not frees:
        raise Forbidden(IMMUTABLE, verb=verb, what=kind, id=resource_id)
