"""Neutron's own sentences for bodies that can't be understood."""

import re
from typing import Any

UNKNOWN = re.compile(r".*unknown field `([^`]*)`.*")


def explain(_body_type: Any, _raw: bytes, sentence: str) -> str:
    """The kernel's sentence, or Neutron's where clients and suites look for that."""
    unknown = UNKNOWN.fullmatch(sentence)
    return f"Unrecognized attribute(s) '{unknown[1]}'" if unknown else sentence
