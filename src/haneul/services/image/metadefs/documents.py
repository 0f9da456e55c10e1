"""The JSON schemas of metadata definitions: what clients are shown and what their bodies are checked against.

Names, types and limits are those of glance: api/v2/metadef_*.py.
"""

from collections.abc import Mapping
from typing import Any, Final

Document = Mapping[str, Any]
TYPES: Final = ["array", "boolean", "integer", "number", "object", "string", None]
STRING: Final = {"type": "string"}
INTEGER: Final = {"$ref": "#/definitions/positiveInteger"}
INTEGER_OR_0: Final = {"$ref": "#/definitions/positiveIntegerDefault0"}
STRINGS: Final = {"$ref": "#/definitions/stringArray"}
PROPERTIES: Final = {"$ref": "#/definitions/property"}
OURS: Final = {"readOnly": True, "type": "string"}


def _text(description: str, longest: int) -> dict[str, Any]:
    return {"type": "string", "description": description, "maxLength": longest}


def _time(description: str) -> dict[str, Any]:
    return {"type": "string", "readOnly": True, "description": description, "format": "date-time"}


def _list_of(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "object", "properties": properties}}


PROPERTY_FIELDS: Final = {
    "name": {"type": "string", "maxLength": 80},
    "title": STRING,
    "description": STRING,
    "operators": {"type": "array", "items": STRING},
    "type": {"type": "string", "enum": TYPES},
    "required": STRINGS,
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "maxLength": INTEGER,
    "minLength": INTEGER_OR_0,
    "pattern": {"type": "string", "format": "regex"},
    "enum": {"type": "array"},
    "readonly": {"type": "boolean"},
    "default": {},
    "items": {
        "type": "object",
        "properties": {"type": {"type": "string", "enum": TYPES}, "enum": {"type": "array"}},
    },
    "maxItems": INTEGER,
    "minItems": INTEGER_OR_0,
    "uniqueItems": {"type": "boolean", "default": False},
    "additionalItems": {"type": "boolean"},
}
NUMBERS: Final = {
    "positiveInteger": {"type": "integer", "minimum": 0},
    "positiveIntegerDefault0": {"allOf": [INTEGER, {"default": 0}]},
}
DEFINITIONS: Final = {
    **NUMBERS,
    "stringArray": {"type": "array", "items": STRING, "uniqueItems": True},
    "property": {
        "type": "object",
        "additionalProperties": {"type": "object", "required": ["title", "type"], "properties": PROPERTY_FIELDS},
    },
}
NAMESPACE: Document = {
    "name": "namespace",
    "properties": {
        "namespace": _text("The name that no other namespace has.", 80),
        "display_name": _text("The name that people are shown.", 80),
        "description": _text("What the namespace is for.", 500),
        "visibility": {
            "type": "string",
            "description": "Whether every project sees the namespace.",
            "enum": ["public", "private"],
        },
        "protected": {"type": "boolean", "description": "Whether the namespace refuses to be deleted."},
        "owner": _text("The project that owns the namespace.", 255),
        "created_at": _time("When the namespace was made."),
        "updated_at": _time("When the namespace was last changed."),
        "schema": OURS,
        "self": OURS,
        "resource_type_associations": _list_of({"name": STRING, "prefix": STRING, "properties_target": STRING}),
        "properties": PROPERTIES,
        "objects": _list_of({"name": STRING, "description": STRING, "required": STRINGS, "properties": PROPERTIES}),
        "tags": _list_of({"name": STRING}),
    },
    "additionalProperties": False,
    "definitions": DEFINITIONS,
    "required": ["namespace"],
}
OBJECT: Document = {
    "name": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 80},
        "description": STRING,
        "required": STRINGS,
        "properties": PROPERTIES,
        "schema": OURS,
        "self": OURS,
        "created_at": _time("When the object was made."),
        "updated_at": _time("When the object was last changed."),
    },
    "additionalProperties": False,
    "definitions": DEFINITIONS,
    "required": ["name"],
}
PROPERTY_INSIDE: Document = {
    "name": "property",
    "properties": PROPERTY_FIELDS,
    "additionalProperties": False,
    "definitions": {
        **NUMBERS,
        "stringArray": {"type": "array", "items": STRING, "minItems": 1, "uniqueItems": True},
    },
    "required": ["type", "title"],
}
PROPERTY: Document = {**PROPERTY_INSIDE, "required": ["type", "title", "name"]}
TAG: Document = {
    "name": "tag",
    "properties": {
        "name": {"type": "string", "maxLength": 80},
        "created_at": _time("When the tag was made."),
        "updated_at": _time("When the tag was last changed."),
    },
    "additionalProperties": False,
    "required": ["name"],
}
NEW_TAGS: Document = {
    "name": "tags",
    "properties": {
        "tags": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": STRING},
                "required": ["name"],
                "additionalProperties": False,
            },
        }
    },
    "additionalProperties": False,
}
ASSOCIATION: Document = {
    "name": "resource_type_association",
    "properties": {
        "name": _text("The resource type; where orchestration knows the type, by the name that it has there.", 80),
        "prefix": _text("What stands before the properties' names on this resource type, its separator included.", 80),
        "properties_target": _text("Which of the resource type's sets of metadata is meant, if it has several.", 80),
        "created_at": _time("When the resource type was associated."),
        "updated_at": _time("When the association was last changed."),
    },
    "additionalProperties": False,
    "required": ["name"],
}


def collection(name: str, inside: Document, *, by_name: bool = False) -> Document:
    """The schema of a list of these, or of an object that has them by their names."""
    item = {key: value for key, value in inside.items() if key != "definitions"}
    things = {"type": "object", "additionalProperties": item} if by_name else {"type": "array", "items": item}
    found: dict[str, Any] = {
        "name": name,
        "properties": {name: things, "first": STRING, "next": STRING, "schema": STRING},
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }
    return {**found, "definitions": inside["definitions"]} if "definitions" in inside else found
