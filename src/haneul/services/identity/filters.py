"""Filters of identity's lists."""

from typing import Any

import msgspec

from haneul.kernel.db import fields

FALSE_WORDS = ("0", "false", "no", "off")


def booleans(query: msgspec.Struct, *names: str) -> dict[str, Any]:
    """The query's filters, these names as booleans: `?enabled` and any word but 0 and false mean true."""
    found = fields(query)
    for name in names:
        if name in found:
            found[name] = is_true(found[name])
    return found


def is_true(word: str | msgspec.UnsetType) -> bool:
    """Whether a flag of the query is set: it is there, and not 0 or false."""
    return isinstance(word, str) and word.strip().lower() not in FALSE_WORDS
