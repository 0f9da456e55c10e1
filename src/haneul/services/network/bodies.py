"""Neutron's ways with bodies: its own sentences for what can't be understood, and two forms of bulk requests."""

import re
from typing import Any

from haneul.services.network.field_types import NOT_UUID

PLACE = re.compile(r".*attribute (?:[^:]*\.)?([^:.]+):.*")
UNKNOWN = re.compile(r".*unknown field `([^`]*)`.*")


def explain(_body_type: Any, _raw: bytes, sentence: str) -> str:
    """The kernel's sentence, or Neutron's where clients and suites look for that."""
    unknown = UNKNOWN.fullmatch(sentence)
    if unknown:
        return f"Unrecognized attribute(s) '{unknown[1]}'"
    if NOT_UUID in sentence:
        name = PLACE.sub(r"\1", sentence)
        return f"Invalid input for {name}. Reason: it is not a valid UUID."
    return sentence


def opened(parsed: Any) -> Any:
    """A bulk request whose items are wrapped, `{"ports": [{"port": {}}]}`, as `{"ports": [{}]}`; else what it was."""
    if not isinstance(parsed, dict) or len(parsed) != 1:
        return parsed
    ((plural, items),) = parsed.items()
    if not isinstance(items, list):
        return parsed
    return {plural: [_item(plural, item) for item in items]}


def _item(plural: str, item: Any) -> Any:
    if isinstance(item, dict) and len(item) == 1:
        ((name, inner),) = item.items()
        if isinstance(inner, dict) and plural in (f"{name}s", f"{name[:-1]}ies"):
            return inner
    return item
