"""Whether a body fits a JSON schema, in the words of the field's usual checker (JSON Schema draft 4, as far as the
schemas of metadata definitions go)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from haneul.kernel.errors import BadRequest
from haneul.services.image.metadefs.documents import Document

LONGEST_SHOWN = 120
MOST_SHOWN = 5
KINDS: Mapping[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and float(value).is_integer(),
    "number": lambda value: _is_number(value),
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}


def refuse_unfit(document: Document, value: Any) -> None:
    """BadRequest with the first thing that is wrong, and its place."""
    for problem in _problems(document, value, document.get("definitions", {}), ""):
        raise unfit(str(document["name"]), problem)


def unfit(schema: str, problem: str) -> BadRequest:
    return BadRequest("Provided object does not match schema '{schema}': {problem}", schema=schema, problem=problem)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _at(place: str) -> str:
    return f" (at {place[1:][:LONGEST_SHOWN]})" if place else ""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."


def _problems(schema: Document, value: Any, definitions: Document, place: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = definitions[schema["$ref"].removeprefix("#/definitions/")]
    for part in schema.get("allOf", ()):
        yield from _problems(part, value, definitions, place)
    for problem in _own_problems(schema, value):
        yield problem + _at(place)
    if isinstance(value, dict):
        yield from _problems_in_object(schema, value, definitions, place)
    elif isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            yield from _problems(schema["items"], item, definitions, f"{place}.{number}")


def _own_problems(schema: Document, value: Any) -> Iterator[str]:
    if "type" in schema and not KINDS[schema["type"]](value):
        yield f"{_shown(value)} is not of type {schema['type']!r}"
    elif isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        yield f"{_shown(value)} is too long"
    elif _is_number(value) and value < schema.get("minimum", value):
        yield f"{_shown(value)} is less than the minimum of {schema['minimum']}"
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{_shown(value)} should be non-empty"
        if schema.get("uniqueItems") is True and len(set(map(repr, value))) < len(value):
            yield f"{_shown(value)} has non-unique elements"
    if "enum" in schema and not any(value == one for one in schema["enum"]):
        yield f"{_shown(value)} is not one of {schema['enum']!r}"


def _problems_in_object(schema: Document, value: Document, definitions: Document, place: str) -> Iterator[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{name!r} is a required property{_at(place)}"
    strange = [_shown(name) for name in value if name not in known]
    if others is False and strange:
        was = "was" if len(strange) == 1 else "were"
        yield f"Additional properties are not allowed ({', '.join(strange[:MOST_SHOWN])} {was} unexpected){_at(place)}"
    for name, one in value.items():
        inside = known.get(name, others)
        if isinstance(inside, dict):
            yield from _problems(inside, one, definitions, f"{place}.{name}")
