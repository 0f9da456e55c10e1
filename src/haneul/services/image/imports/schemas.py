from collections.abc import Mapping
from typing import Any

import msgspec

from haneul.kernel.errors import BadRequest, Conflict
from haneul.services.image.stores.backends import Backends

MOST_URI = 2048
# What each method is told; whatever else a body says is passed over and not kept.
METHODS: Mapping[str, tuple[str, ...]] = {
    "web-download": ("uri",),
    "glance-download": ("glance_region", "glance_image_id", "glance_service_interface"),
}


class ImportAsked(msgspec.Struct, frozen=True, kw_only=True):
    """An import as asked for. `method` is the body's, whose further members depend on its name."""

    method: dict[str, Any]
    stores: list[str]
    all_stores: bool
    all_must_succeed: bool
    body: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.method["name"])

    def with_method(self, method: dict[str, Any]) -> "ImportAsked":
        """The same with more said of its method."""
        return msgspec.structs.replace(self, method=method, body={**self.body, "method": method})


def import_asked(body: Any, methods: tuple[str, ...]) -> ImportAsked:
    """What a body asks for, whose stores are still to be found; BadRequest in Glance's words."""
    if not isinstance(body, dict) or "method" not in body:
        raise BadRequest("Import request requires a 'method' field.")
    method = body["method"]
    if not isinstance(method, dict) or "name" not in method:
        raise BadRequest("Import request requires a 'name' field.")
    if method["name"] not in methods:
        raise BadRequest("Unknown import method name '{name}'.", name=str(method["name"])[:255])
    for name in ("all_stores_must_succeed", "all_stores"):
        if not isinstance(body.get(name, True), bool):
            raise BadRequest("'{name}' must be boolean value only", name=name)
    told = {name: method[name] for name in ("name", *METHODS.get(method["name"], ())) if name in method}
    options = {name: body[name] for name in ("all_stores", "all_stores_must_succeed") if name in body}
    stores = _named(body["stores"]) if "stores" in body else []
    return ImportAsked(
        method=told,
        stores=stores,
        all_stores=options.get("all_stores", False),
        all_must_succeed=options.get("all_stores_must_succeed", True),
        body={"method": told, **options, **({"stores": stores} if stores else {})},
    )


def _named(stores: Any) -> list[str]:
    if not isinstance(stores, list) or not stores or not all(isinstance(one, str) for one in stores):
        raise BadRequest("'stores' must be a list of names of stores.")
    return list(dict.fromkeys(stores))


def stores_of(asked: ImportAsked, header: str, backends: Backends) -> list[str]:
    """The stores that an import shall bring the image to; Conflict for one that there isn't."""
    if asked.all_stores:
        if "stores" in asked.body or header:
            raise BadRequest("All_stores parameter can't be used with x-image-meta-store header or stores parameter")
        return backends.writable
    if "stores" in asked.body and header:
        raise BadRequest("Stores parameter and x-image-meta-store header can't be both specified")
    named = asked.stores if "stores" in asked.body else [header or backends.default.name]
    for name in named:
        if name not in backends.writable:
            raise Conflict("Unknown scheme '{name}' found in URI", name=name[:255])
    return named


def uri_of(method: Mapping[str, Any]) -> str:
    """The address that web-download shall read; BadRequest without one."""
    uri = method.get("uri")
    if not isinstance(uri, str) or not uri or len(uri) > MOST_URI:
        raise BadRequest("URI for web-download does not pass filtering: {uri}", uri=str(uri)[:MOST_URI])
    return uri
