"""The Range header as Glance takes it: one range of bytes, or none (RFC 9110, 14.2)."""

import re

import msgspec

from haneul.kernel.errors import BadRequest, Unacceptable

ONE = re.compile(r"bytes\s*=\s*(\d{1,18})?\s*-\s*(\d{1,18})?\s*", re.ASCII)

CONTENT = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)
OUTSIDE = "Invalid {what} position in {header} header. {word} position MUST be in the inclusive range [0, {last}]."


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
        raise Unacceptable(416, OUTSIDE, what="start", word="Start", header="Range", last=size - 1)
    return Span(int(first), end)


def content_span_of(header: str, size: int) -> Span | None:
    """The part that older clients ask for by a Content-Range header, which Glance still reads in requests."""
    if not header:
        return None
    found = CONTENT.fullmatch(header.strip())
    first, last = (int(found[1]), int(found[2])) if found else (0, -1)
    if last < first or (found and found[3] != "*" and last >= int(found[3])):
        raise Unacceptable(416, "Invalid Content-Range header.")
    if first >= size:
        raise Unacceptable(416, OUTSIDE, what="start", word="Start", header="Content-Range", last=size - 1)
    if last >= size:
        raise Unacceptable(416, OUTSIDE, what="stop", word="The stop", header="Content-Range", last=size - 1)
    return Span(first, last + 1)
