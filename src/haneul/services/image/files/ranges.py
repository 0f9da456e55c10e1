"""The Range header as Glance takes it: one range of bytes, or none (RFC 9110, 14.2)."""

import re

import msgspec

from haneul.kernel.errors import BadRequest, Unacceptable

ONE = re.compile(r"bytes\s*=\s*(\d{1,18})?\s*-\s*(\d{1,18})?\s*", re.ASCII)


class Span(msgspec.Struct, frozen=True):
    """Bytes from `first` up to but not including `end`."""

    first: int
    end: int


def span_of(header: str, size: int) -> Span | None:
    """The part that is asked for, None for all; 416 for a range that is malformed or outside."""
    if not header:
        return None
    if "," in header:
        raise BadRequest(
            "Requests with multiple ranges are not supported in Glance. You may make multiple single-range requests "
            "instead."
        )
    found = ONE.fullmatch(header.strip())
    if not found or found.groups() == (None, None):
        raise Unacceptable(416, "Invalid Range header.")
    first, last = found.groups()
    if first is None:
        first = str(max(size - int(last), 0))
        last = None
    end = size if last is None else min(int(last) + 1, size)
    if last is not None and int(last) < int(first):
        raise Unacceptable(416, "Invalid Range header.")
    if int(first) >= size:
        raise Unacceptable(
            416,
            "Invalid start position in Range header. Start position MUST be in the inclusive range [0, {last}].",
            last=size - 1,
        )
    return Span(int(first), end)
