"""The extra specs that have a meaning, each with the values that it takes. Source: Nova's "Extra Specs" reference."""

import csv
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from haneul.kernel.errors import BadRequest

TRUTH = {"1", "t", "true", "on", "y", "yes", "0", "f", "false", "off", "n", "no"}


class Spec(msgspec.Struct, frozen=True):
    """`name` and `pattern` are regular expressions; `kind` is str, int or bool."""

    name: str
    kind: str
    pattern: str
    choices: tuple[str, ...]
    least: int | None
    most: int | None


@cache
def specs() -> Sequence[Spec]:
    with Path(__file__).with_name("known.csv").open(newline="", encoding="utf-8") as table:
        return [_spec(row) for row in csv.DictReader(table)]


def _spec(row: dict[str, Any]) -> Spec:
    choices = tuple(filter(None, row["choices"].split("|")))
    least, most = (int(row[name]) if row[name] else None for name in ("least", "most"))
    return Spec(row["name"], row["kind"], row["pattern"], choices, least, most)


@cache
def namespaces() -> frozenset[str]:
    return frozenset(spec.name.split(":", 1)[0] for spec in specs() if ":" in spec.name)


def refuse_unfit(name: str, value: str) -> None:
    """BadRequest when a spec of a namespace that we know doesn't exist or can't have the value."""
    for spec in specs():
        if re.fullmatch(spec.name, name):
            _refuse_value(spec, value)
            return
    namespace, colon, _ = name.partition(":")
    if colon and any(re.fullmatch(known, namespace) for known in namespaces()):
        raise BadRequest(
            "Validation failed; extra spec '{name}' does not appear to be a valid extra spec.",
            name=name,
        )


def _refuse_value(spec: Spec, value: str) -> None:
    if spec.kind == "int":
        _refuse_number(spec, value)
    elif spec.kind == "bool" and value.strip().lower() not in TRUTH:
        raise BadRequest("Validation failed; '{value}' is not a valid boolean-like value.", value=value)
    elif spec.pattern and not re.fullmatch(spec.pattern, value):
        raise BadRequest(
            "Validation failed; '{value}' is not of the format '{pattern}'.", value=value, pattern=spec.pattern
        )
    elif spec.choices and value not in spec.choices:
        raise BadRequest(
            "Validation failed; '{value}' is not one of: {choices}.", value=value, choices=", ".join(spec.choices)
        )


def _refuse_number(spec: Spec, value: str) -> None:
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", value):
        raise BadRequest("Validation failed; '{value}' is not a valid integer value.", value=value)
    if spec.most is not None and int(value) > spec.most:
        raise BadRequest(
            "Validation failed; '{value}' is greater than the max value of '{most}'.", value=value, most=spec.most
        )
    if spec.least is not None and int(value) < spec.least:
        raise BadRequest(
            "Validation failed; '{value}' is less than the min value of '{least}'.", value=value, least=spec.least
        )
