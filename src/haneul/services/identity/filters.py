"""Filters of identity's lists."""

from typing import Any

import msgspec

from haneul.kernel.db import fields


def booleans(query: msgspec.Struct, *names: str) -> dict[str, Any]:
    """The query's filters, these names as booleans: `?enabled` and any word but 0 and false mean true."""
    found = fields(query)
    for name in names:
        if name in found:
            found[name] = str(found[name]).strip().lower() not in ("0", "false", "no", "off")
    return found
