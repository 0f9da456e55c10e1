"""A service's OpenAPI 3.1 document, made from its routes: bodies, queries and views are structs already.

Versions stand in `x-openstack` (`min-ver`, `max-ver`, `action-name`), as OpenStack's own code generator writes them,
and the policy rule in `x-policy`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

import haneul
from haneul.kernel.http.call import Call
from haneul.kernel.http.replies import Listed, Raw
from haneul.kernel.http.routes import PUBLIC, Route, Routes
from haneul.kernel.http.versions import NEWEST, Version, presence_of
from haneul.kernel.service import Service

Json = dict[str, Any]

REFERENCE = "#/components/schemas/{name}"
PAGING: dict[str, Json] = {
    "limit": {"type": "integer", "minimum": 0},
    "marker": {"type": "string"},
    "sort_key": {"type": "string"},
    "sort_dir": {"enum": ["asc", "desc"]},
}


def openapi_of(service: Service) -> Json:
    """The document, ready to be written as JSON."""
    schemas = _Schemas(service.routes)
    paths: dict[str, Json] = {}
    for (path, method), routes in _by_call(service.routes).items():
        paths.setdefault(path, {})[method.lower()] = _operation(routes, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": service.description, "version": haneul.__version__, "x-openstack": _service_facts(service)},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}},
        },
    }


def described(service: Service) -> list[Route]:
    """The route of `/openapi.json`; the document is made at the first asking."""
    routes = Routes()

    @cache
    def written() -> bytes:
        return msgspec.json.encode(openapi_of(service))

    @routes.get("/openapi.json", rule=PUBLIC)
    def show_openapi(call: Call) -> Raw:
        return Raw(body=written())

    return routes.all


def _service_facts(service: Service) -> Json:
    facts: Json = {"service-type": service.type}
    if service.microversions is not None:
        facts |= {"min-ver": str(service.microversions.oldest), "max-ver": str(service.microversions.newest)}
    return facts


def _by_call(routes: Iterable[Route]) -> dict[tuple[str, str], list[Route]]:
    """Routes that differ only in version or action are one operation of OpenAPI."""
    found: dict[tuple[str, str], list[Route]] = {}
    for route in routes:
        found.setdefault((route.path, route.method), []).append(route)
    return found


def _operation(routes: Sequence[Route], schemas: "_Schemas") -> Json:
    first = routes[0]
    operation: Json = {
        "operationId": re.sub(r"[^\w-]+", "_", f"{first.method.lower()}{first.path}").strip("_"),
        "summary": first.rule.description,
        "x-policy": _one_or_all(list(dict.fromkeys(route.rule.name for route in routes))),
        "parameters": _parameters(routes, schemas),
        "responses": _responses(routes, schemas),
        "security": [] if first.rule is PUBLIC else [{"token": []}],
    }
    if (versions := _versions(first)) and len(routes) == 1:
        operation["x-openstack"] = versions
    if bodies := [_body(route, schemas) for route in routes if route.body_type is not None or route.options.action]:
        actions = {"oneOf": bodies, "x-openstack": {"discriminator": "action"}}
        schema = actions if first.options.action else _one_of(bodies)
        required = not any(route.options.body_optional for route in routes)
        content = {media: {"schema": schema} for media in first.options.media_types}
        operation["requestBody"] = {"required": required, "content": content}
    return operation


def _one_or_all(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else names


def _one_of(schemas: list[Json]) -> Json:
    return schemas[0] if len(schemas) == 1 else {"oneOf": schemas}


def _versions(route: Route) -> Json:
    return _range(route.first, route.last)


def _range(first: Version, last: Version) -> Json:
    since = {"min-ver": str(first)} if first > Version(0, 0) else {}
    return since | ({"max-ver": str(last)} if last < NEWEST else {})


def _body(route: Route, schemas: "_Schemas") -> Json:
    schema = schemas.of(route.body_type) if route.body_type is not None else {}
    if wraps := route.body_wraps:
        schema = {"type": "object", "properties": {wraps: schema}, "required": [wraps]}
    words = _versions(route) | ({"action-name": route.options.action} if route.options.action else {})
    return schema | ({"x-openstack": words} if words else {})


def _parameters(routes: Sequence[Route], schemas: "_Schemas") -> list[Json]:
    names = routes[0].path_names
    found: list[Json] = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    queries: dict[str, Json] = {}
    for route in routes:
        if route.query_type is not None:
            queries |= schemas.properties(route.query_type)
        if _is_list(route):
            queries.update(PAGING)
    return [*found, *({"name": name, "in": "query", "schema": schema} for name, schema in queries.items())]


def _is_list(route: Route) -> bool:
    return _contains(get_type_hints(route.handler).get("return"), Listed)


def _contains(hint: Any, wanted: type) -> bool:
    return hint is wanted or get_origin(hint) is wanted or any(_contains(inside, wanted) for inside in get_args(hint))


def _responses(routes: Sequence[Route], schemas: "_Schemas") -> Json:
    found: dict[str, list[Json]] = {}
    for route in routes:
        answers = found.setdefault(str(route.status), [])
        if route.view_type is not None and (answer := _answer(route, schemas)) not in answers:
            answers.append(answer)
    succeeded = {
        status: {"description": "Success."}
        | ({"content": {"application/json": {"schema": _one_of(answers)}}} if answers else {})
        for status, answers in found.items()
    }
    return {**succeeded, "default": {"description": "A refusal in the service's own envelope."}}


def _answer(route: Route, schemas: "_Schemas") -> Json:
    schema = schemas.of(route.view_type)
    if _is_list(route):
        schema = {"type": "array", "items": schema}
    wraps = route.options.wraps
    return {"type": "object", "properties": {wraps: schema}, "required": [wraps]} if wraps else schema


class _Schemas:
    """The components of all structs that routes name, with the versions in which each field exists."""

    def __init__(self, routes: Iterable[Route]) -> None:
        named = [kind for route in routes for kind in (route.body_type, route.query_type, route.view_type)]
        self._types = [kind for kind in named if kind is not None]
        versioned = list(dict.fromkeys(inner for kind in self._types for inner in _versioned(kind)))
        self._types += versioned
        outer, self.components = msgspec.json.schema_components(
            self._types, schema_hook=_unknown, ref_template=REFERENCE
        )
        self._outer = list(outer)
        for kind in versioned:
            self._note_versions(kind)

    def of(self, kind: Any) -> Json:
        return dict(self._outer[self._types.index(kind)])

    def properties(self, kind: Any) -> Json:
        found: Json = self._component(kind)["properties"]
        return found

    def _component(self, kind: Any) -> Json:
        found: Json = self.components[self.of(kind)["$ref"].rpartition("/")[2]]
        return found

    def _note_versions(self, kind: type) -> None:
        for name, first, last, _ in presence_of(kind):
            if versions := _range(first, last):
                self._component(kind)["properties"][name]["x-openstack"] = versions


def _versioned(kind: Any) -> Iterator[type]:
    """The struct and those inside it that have fields of some versions only."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and (presence := presence_of(kind)):
        yield kind
        for _name, _first, _last, inner in presence:
            if inner is not kind:
                yield from _versioned(inner)


def _unknown(_kind: type) -> Json:
    """A type that checks itself says nothing here."""
    return {}
