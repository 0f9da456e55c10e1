"""What is wrong with a body or a query, in the words of the JSON Schema library that real placement answers with."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from haneul.kernel.errors import BadRequest
from haneul.kernel.ids import is_uuid_like

T = TypeVar("T")
Schema = Mapping[str, Any]
Place = tuple[str | int, ...]
TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


class Fault(msgspec.Struct, frozen=True):
    """The first thing that a schema refuses: its sentence, the keyword that refused, and both places."""

    sentence: str
    keyword: str
    value: Any
    in_schema: Place = ()
    in_value: Place = ()

    def below(self, in_schema: Place, in_value: Place) -> "Fault":
        return Fault(self.sentence, self.keyword, self.value, in_schema + self.in_schema, in_value + self.in_value)

    def __str__(self) -> str:
        schema, instance = ("".join(f"[{step!r}]" for step in place) for place in (self.in_schema, self.in_value))
        return (
            f"{self.sentence}\n\nFailed validating {self.keyword!r} in schema{schema}\n\n"
            f"On instance{instance}:\n    {self.value!r}"
        )


def explain_body(body_type: Any, raw: bytes, problem: str) -> str:
    """The sentence for a body that is no JSON or doesn't fit the struct; `problem` is the kernel's own."""
    try:
        parsed = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"Malformed JSON: {error}"
    return f"JSON does not validate: {first_fault(parsed, _schema_of(body_type)) or problem}"


def fitted(parsed: Any, body_type: type[T]) -> T:
    """Parsed JSON as the struct; BadRequest when it doesn't fit."""
    try:
        return msgspec.convert(parsed, body_type)
    except msgspec.ValidationError as error:
        fault = first_fault(parsed, msgspec.json.schema(body_type)) or error
        raise BadRequest("JSON does not validate: {fault}", fault=fault) from None


def refuse_query(parameters: Mapping[str, list[str]], schema: Schema) -> None:
    """BadRequest when the query string has parameters that this version doesn't know, or values it can't read."""
    fault = first_fault({name: values[-1] for name, values in parameters.items()}, schema)
    if fault is not None:
        raise BadRequest("Invalid query string parameters: {fault}", fault=fault)


def first_fault(value: Any, schema: Schema) -> Fault | None:
    return next(_faults(value, schema, schema.get("$defs", {})), None)


@lru_cache(maxsize=64)
def _schema_of(body_type: Any) -> Schema:
    return msgspec.json.schema(body_type)


def _faults(value: Any, schema: Schema, known: Mapping[str, Schema]) -> Iterator[Fault]:
    if "$ref" in schema:
        schema = known[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        yield from _faults_of_any(value, schema["anyOf"], known)
        return
    wanted = schema.get("type")
    if wanted is not None and not TYPES[wanted](value):
        yield Fault(f"{value!r} is not of type {wanted!r}", "type", value)
    elif isinstance(value, str):
        yield from _faults_of_text(value, schema)
    elif isinstance(value, dict):
        yield from _faults_of_object(value, schema, known)
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield Fault(f"{value!r} should be non-empty", "minItems", value)
        for index, item in enumerate(value):
            for fault in _faults(item, schema.get("items", {}), known):
                yield fault.below(("items",), (index,))
    else:
        yield from _faults_of_number(value, schema)


def _faults_of_any(value: Any, ways: list[Schema], known: Mapping[str, Schema]) -> Iterator[Fault]:
    found = [next(_faults(value, way, known), None) for way in ways]
    if all(found):
        closest = next((fault for fault in found if fault and fault.keyword != "type"), None)
        names = ", ".join(repr(way.get("type", "object")) for way in ways)
        yield closest or Fault(f"{value!r} is not of type {names}", "type", value)


def _faults_of_text(value: str, schema: Schema) -> Iterator[Fault]:
    if "enum" in schema and value not in schema["enum"]:
        yield Fault(f"{value!r} is not one of {schema['enum']!r}", "enum", value)
    if schema.get("format") == "uuid":
        if not is_uuid_like(value):
            yield Fault(f"{value!r} is not a 'uuid'", "format", value)
    elif "pattern" in schema and not re.search(schema["pattern"], value):
        yield Fault(f"{value!r} does not match {schema['pattern']!r}", "pattern", value)
    if len(value) < schema.get("minLength", 0):
        yield Fault(f"{value!r} should be non-empty", "minLength", value)
    if len(value) > schema.get("maxLength", len(value)):
        yield Fault(f"{value!r} is too long", "maxLength", value)


def _faults_of_number(value: Any, schema: Schema) -> Iterator[Fault]:
    if value is None or isinstance(value, bool):
        return
    if value < schema.get("minimum", value):
        yield Fault(f"{value!r} is less than the minimum of {schema['minimum']!r}", "minimum", value)
    if value > schema.get("maximum", value):
        yield Fault(f"{value!r} is greater than the maximum of {schema['maximum']!r}", "maximum", value)


def _faults_of_object(value: dict[str, Any], schema: Schema, known: Mapping[str, Schema]) -> Iterator[Fault]:
    if len(value) < schema.get("minProperties", 0):
        yield Fault(f"{value!r} should be non-empty", "minProperties", value)
    for name in schema.get("required", ()):
        if name not in value:
            yield Fault(f"{name!r} is a required property", "required", value)
    named: Schema = schema.get("properties", {})
    patterns: Schema = schema.get("patternProperties", {})
    rest = schema.get("additionalProperties")
    if isinstance(rest, dict):
        patterns = {schema.get("propertyNames", {}).get("pattern", ""): rest}
    strangers = []
    for name, inner in value.items():
        pattern = next((one for one in patterns if re.search(one, name)), None)
        if name in named:
            inside, place = named[name], ("properties", name)
        elif pattern is not None:
            inside, place = patterns[pattern], ("patternProperties", pattern)
        else:
            strangers.append(name)
            continue
        for fault in _faults(inner, inside, known):
            yield fault.below(place, (name,))
    if strangers and (patterns or rest is False):
        yield Fault(_unexpected(sorted(strangers), sorted(patterns)), "additionalProperties", value)


def _unexpected(strangers: list[str], patterns: list[str]) -> str:
    names = ", ".join(map(repr, strangers))
    if patterns:
        verb = "does" if len(strangers) == 1 else "do"
        return f"{names} {verb} not match any of the regexes: {', '.join(map(repr, patterns))}"
    return f"Additional properties are not allowed ({names} {'was' if len(strangers) == 1 else 'were'} unexpected)"
