"""What OpenAPI 3.1 asks of a document, as far as ours go (spec.openapis.org/oas/v3.1.0, chapters 4.7 and 4.8)."""

import re
from collections.abc import Iterator
from typing import Any

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
PLACES = {"query", "header", "path", "cookie"}
TYPES = {"object", "array", "string", "integer", "number", "boolean", "null"}
COMPONENT = re.compile(r"[A-Za-z0-9._-]+")
STATUS = re.compile(r"[1-5](\d\d|XX)|default")
SCHEMA_LISTS = ("oneOf", "anyOf", "allOf", "prefixItems")


def complaints(document: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the document, a sentence each."""
    if not str(document.get("openapi", "")).startswith("3.1."):
        yield "It does not say that it is OpenAPI 3.1."
    if not {"title", "version"} <= document.get("info", {}).keys():
        yield "Its info has no title or version."
    schemas = document.get("components", {}).get("schemas", {})
    for name, schema in schemas.items():
        if not COMPONENT.fullmatch(name):
            yield f"The component {name!r} has a name that is not allowed."
        yield from schema_complaints(schema, schemas, name)
    names: set[str] = set()
    for path, operations in document["paths"].items():
        if not path.startswith("/"):
            yield f"{path} does not begin with a slash."
        for method, operation in operations.items():
            where = f"{method} {path}"
            if method not in METHODS:
                yield f"{where}: there is no such method."
            if operation["operationId"] in names:
                yield f"{where}: {operation['operationId']} names another operation too."
            names.add(operation["operationId"])
            yield from operation_complaints(operation, path, where, schemas)
            for need in operation.get("security", []):
                if not need.keys() <= document["components"]["securitySchemes"].keys():
                    yield f"{where}: it needs a security scheme that isn't there."


def operation_complaints(operation: dict[str, Any], path: str, where: str, schemas: dict[str, Any]) -> Iterator[str]:
    """What is wrong with one operation."""
    parameters = operation.get("parameters", [])
    seen = [(one["name"], one["in"]) for one in parameters]
    if len(set(seen)) != len(seen):
        yield f"{where}: a parameter stands twice."
    for one in parameters:
        if one["in"] not in PLACES or (one["in"] == "path" and one.get("required") is not True):
            yield f"{where}: the parameter {one['name']} has no place, or is in the path and not required."
        yield from schema_complaints(one["schema"], schemas, f"{where} {one['name']}")
    if {name for name, place in seen if place == "path"} != set(re.findall(r"\{(\w+)\}", path)):
        yield f"{where}: its parameters are not those of its path."
    if not operation["responses"]:
        yield f"{where}: it says no response."
    for status, response in operation["responses"].items():
        if not STATUS.fullmatch(status) or "description" not in response:
            yield f"{where}: the response {status} is malformed."
        yield from content_complaints(response.get("content", {}), f"{where} {status}", schemas)
    if "requestBody" in operation:
        yield from content_complaints(operation["requestBody"]["content"], f"{where} body", schemas)


def content_complaints(content: dict[str, Any], where: str, schemas: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a body's schemas."""
    for media, held in content.items():
        if "/" not in media:
            yield f"{where}: {media} is no media type."
        yield from schema_complaints(held["schema"], schemas, where)


def schema_complaints(schema: Any, schemas: dict[str, Any], where: str) -> Iterator[str]:
    """What is wrong with a JSON schema: words that mean nothing, references that lead nowhere."""
    if isinstance(schema, bool):
        return
    reference = schema.get("$ref")
    if reference is not None and reference.removeprefix("#/components/schemas/") not in schemas:
        yield f"{where}: {reference} leads nowhere."
    types = schema.get("type", [])
    if not {types} <= TYPES if isinstance(types, str) else not set(types) <= TYPES:
        yield f"{where}: {types} is no type."
    for name in schema.get("required", []):
        if name not in schema.get("properties", {}):
            yield f"{where}: {name} is required and not described."
    inner = [schema[word] for word in ("items", "additionalProperties") if word in schema]
    inner += [*schema.get("properties", {}).values(), *(part for word in SCHEMA_LISTS for part in schema.get(word, []))]
    for part in inner:
        yield from schema_complaints(part, schemas, where)
