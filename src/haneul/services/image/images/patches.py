"""Changes of an image as `PATCH /v2/images/ID` gives them, in both of Glance's dialects of JSON Patch.

`application/openstack-images-v2.1-json-patch` is RFC 6902 with add, remove and replace; v2.0 is an older draft whose
operations are members: `{"add": "/path", "value": ...}`.
"""

import re
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from haneul.kernel.errors import BadRequest, Conflict, Forbidden, Unacceptable
from haneul.services.image.images.models import Image
from haneul.services.image.images.schemas import FIELDS, fields_in, refuse_name, text
from haneul.services.image.locations.schemas import locations_in

Op = Literal["add", "remove", "replace"]
OPS: tuple[Op, ...] = ("add", "remove", "replace")
V20 = "application/openstack-images-v2.0-json-patch"
V21 = "application/openstack-images-v2.1-json-patch"
MEDIA_TYPES = (V20, V21)
FORMABLE = ("queued", "importing")
NO_PROPERTY = "Property {name} does not exist."
LOCATIONS = "locations"
# Each costs the one writer of the database its time, those of locations more than others.
MOST_CHANGES, MOST_OF_LOCATIONS = 1000, 32
LOCATION_DEPTHS = {"add": 2, "remove": 2, "replace": 1}
COLUMNS = {name: name for name in FIELDS - {"id"}} | {"owner": "project_id"}


class Change(msgspec.Struct, frozen=True):
    """One operation on one attribute; `strict_add` is the older draft's: add refuses what is there already.

    For `locations`, `at` is the place of the one that is added or removed, and the value a list of `LocationAsked`.
    """

    op: Op
    name: str
    value: Any = None
    strict_add: bool = False
    at: str = ""


def changes_in(content_type: str, body: Any) -> list[Change]:
    """The changes of a request's body; BadRequest, or Forbidden for attributes that no client may change."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise Unacceptable(415, "Image PATCH expects Content-Type one of: {good}", good=", ".join(MEDIA_TYPES))
    if not isinstance(body, list):
        raise BadRequest("Request body must be a JSON array of operation objects.")
    for most, attempted in ((MOST_CHANGES, len(body)), (MOST_OF_LOCATIONS, sum(map(_is_of_locations, body)))):
        if attempted > most:
            raise BadRequest("At most {most} operations can be made at once.", most=most)
    return [_change(raw, older=media_type == V20) for raw in body]


def _is_of_locations(raw: Any) -> bool:
    return isinstance(raw, dict) and any(str(raw.get(name)).startswith(f"/{LOCATIONS}") for name in ("path", *OPS))


def _change(raw: Any, *, older: bool) -> Change:
    if not isinstance(raw, dict):
        raise BadRequest("Operations must be JSON objects.")
    op, pointer = _older_op(raw) if older else _op(raw)
    path = _path(pointer)
    name = path[0]
    if len(path) != (LOCATION_DEPTHS[op] if name == LOCATIONS else 1):
        raise BadRequest("Invalid JSON pointer for this resource: '/{path}'", path="/".join(path))
    if op != "remove" and "value" not in raw:
        raise BadRequest('Operation "{op}" requires a member named "value".', op=op)
    if name == LOCATIONS:
        return _location_change(op, path[-1], raw.get("value"))
    if name == "id":
        raise Forbidden("Attribute '{name}' is read-only.", name=name)
    refuse_name(name)
    if op == "remove":
        return Change(op, name)
    return Change(op, name, _checked(name, raw["value"]), older)


def _location_change(op: Op, at: str, value: Any) -> Change:
    if op == "remove":
        return Change(op, LOCATIONS, at=at)
    return Change(op, LOCATIONS, locations_in([value] if op == "add" else value), at=at)


def _checked(name: str, value: Any) -> Any:
    return getattr(fields_in({name: value}), name) if name in FIELDS else text(name, value)


def _op(raw: dict[str, Any]) -> tuple[Op, Any]:
    good = ", ".join(OPS)
    if raw.get("op") is None:
        raise BadRequest(
            "Unable to find `op` in JSON Schema change. It must be one of the following: {good}.", good=good
        )
    for op in OPS:
        if raw["op"] == op:
            if "path" not in raw:
                raise BadRequest("Unable to find 'path' in JSON Schema change")
            return op, raw["path"]
    raise BadRequest(
        "Invalid operation: `{op}`. It must be one of the following: {good}.", op=str(raw["op"])[:255], good=good
    )


def _older_op(raw: dict[str, Any]) -> tuple[Op, Any]:
    found = [op for op in OPS if op in raw]
    if len(found) > 1:
        raise BadRequest('Operation objects must contain only one member named "add", "remove", or "replace".')
    if not found:
        raise BadRequest('Operation objects must contain exactly one member named "add", "remove", or "replace".')
    return found[0], raw[found[0]]


def _path(pointer: Any) -> list[str]:
    """A JSON pointer's parts, `~1` and `~0` decoded."""
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        raise BadRequest('Pointer `{pointer}` does not start with "/".', pointer=str(pointer)[:255])
    problem = ""
    if re.search(r"/\s*?/", pointer[1:]):
        problem = 'contains adjacent "/".'
    elif len(pointer) > 1 and pointer.endswith("/"):
        problem = 'end with "/".'
    elif not pointer[1:].strip():
        problem = "does not contains valid token."
    elif re.search("~[^01]", pointer) or pointer.endswith("~"):
        problem = 'contains "~" not part of a recognized escape sequence.'
    if problem:
        raise BadRequest("Pointer `{pointer}` {problem}", pointer=pointer[:255], problem=problem)
    parts = pointer.lstrip("/").split("/")
    return [part.replace("~1", "/").replace("~0", "~").strip() for part in parts]


def applied(image: Image, change: Change) -> Image:
    """The image with a change made of anything but its locations; nothing is written."""
    name = change.name
    if name in FIELDS:
        return _with_field(image, change)
    custom = dict(image.properties)
    if change.op != "add" and name not in custom:
        raise Conflict(NO_PROPERTY, name=name)
    if change.strict_add and change.op == "add" and name in custom:
        raise Conflict("Property {name} already present.", name=name)
    if change.op == "remove":
        del custom[name]
    else:
        custom[name] = change.value
    return replace(image, properties=custom)


def _with_field(image: Image, change: Change) -> Image:
    name = change.name
    if change.op == "remove":
        raise Forbidden("Property {name} may not be removed.", name=name)
    if change.op == "add" and change.strict_add:
        raise Conflict("Property {name} already present.", name=name)
    if name in ("disk_format", "container_format") and image.status not in FORMABLE:
        raise Forbidden("Attribute {name} can be only replaced for a queued image.", name=name)
    value = sorted(set(change.value)) if name == "tags" else change.value
    return replace(image, **{COLUMNS[name]: value})
