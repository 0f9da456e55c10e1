"""Where one service's HTTP is stricter than the others', as clients and suites of the real service expect it."""

from collections.abc import Callable
from typing import Any

import msgspec

from haneul.kernel.errors import BadRequest, Unacceptable


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """The defaults are what most services do.

    `declared_methods_only`: HEAD and OPTIONS are refused where no route declares them, and Allow names just the routes'
    methods. `media_type_required`: a body whose type is not named is refused, and so is no body at all for a route that
    reads one. `rule_before_body`: rules look at no target, so who may not is told so before a word about his body.
    `exact_paths`: a slash at the end makes another path, which isn't there, but for a version's document.
    `selects_fields`: `fields` in the query names what is answered of each item.
    `explain_body`: from (the body's struct, the bytes, the kernel's sentence), what is wrong with a body.
    `open_body`: from a body's JSON, the same as its struct has it, for clients that may write it in two ways.
    """

    declared_methods_only: bool = False
    media_type_required: bool = False
    rule_before_body: bool = False
    exact_paths: bool = False
    selects_fields: bool = False
    explain_body: Callable[[Any, bytes, str], str] | None = None
    open_body: Callable[[Any], Any] | None = None

    def refuse_media_type(self, given: str, media_types: tuple[str, ...], *, has_body: bool) -> None:
        """415 for a type that the route does not read; 400 for a body without a type, where that is required."""
        kind = given.partition(";")[0].strip().lower()
        if kind in media_types or (not kind and not self.media_type_required):
            return
        if not kind and has_body:
            raise BadRequest("content-type header required when content-length > 0")
        if self.media_type_required:
            raise Unacceptable(
                415,
                "The media type {given} is not supported, use {good}",
                given=kind[:100] or None,
                good=media_types[0],
            )
        if has_body:
            raise Unacceptable(415, "Unsupported Content-Type: {given}", given=kind[:100])
