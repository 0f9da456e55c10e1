"""What haneul does with each documented call of a service that it has: answered, refused honestly, missing or gone."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import msgspec
from tests import surface
from tests.surface import Operation

from haneul.kernel.http.routes import Route
from haneul.kernel.http.unbuilt import Unbuilt
from haneul.kernel.http.versions import version
from haneul.kernel.service import Service

Verdict = Literal["answered", "honest 501", "missing", "removed"]
VERDICTS: tuple[Verdict, ...] = ("answered", "honest 501", "missing", "removed")
VARIABLE = re.compile(r"\{[^}]+\}")
PROJECT = re.compile(r"^/v3/\{(admin_)?project_id\}")
UNTIL = re.compile(r"\(max (\d+\.\d+)\)")
# Calls whose base the tables leave out; `endpoints.csv` says so.
RELATIVE_TO = {"nova": "/v2.1"}
# Calls that the tables list once for all types of resource: one type stands for them.
STANDS_FOR = {"{resource_type}": "networks"}
# What a service answers outside its base.
ROOTS = {"/": "/", "/{api_version}/": "/v2.1"}
# One call's bodies that the tables list apart: what each wants of the body's struct.
FORMS = {
    "password-unscoped": ("password",),
    "password-explicit-unscoped": ("password",),
    "password-project": ("password", "project"),
    "password-domain": ("password", "domain"),
    "password-system": ("password", "system"),
    "token-unscoped": ("token",),
    "token-explicit-unscoped": ("token",),
    "token-scoped": ("token", "scope"),
    "application_credential": ("application_credential",),
    "totp": ("totp",),
    "multi-factor": ("password", "totp"),
    "trust": ("OS-TRUST:trust",),
    "oauth1": ("oauth1",),
    "federation-scoped": ("saml2",),
}


# The form of a body that wants several things at once, under their plural.
BULK = "bulk"


class Judged(NamedTuple):
    """A documented call, where it stands under the service's port, and what becomes of it."""

    operation: Operation
    path: str
    verdict: Verdict


def judged(service: Service) -> list[Judged]:
    """Every documented call of a service with its verdict."""
    return [_judge(service, operation) for operation in surface.operations(service.name)]


def unbuilt_calls(service: Service) -> list[Unbuilt]:
    """What the service must refuse: documented calls without a route, in the order of path and method."""
    found = {
        str(one): one
        for operation, path, verdict in judged(service)
        if verdict in ("honest 501", "removed") and (one := _unbuilt(service, operation, path)) is not None
    }
    return [found[line] for line in sorted(found, key=lambda line: (found[line].path, line))]


def counts(found: Iterable[Judged]) -> dict[str, Counter[str]]:
    """By group, how many calls have which verdict."""
    tally: dict[str, Counter[str]] = {}
    for one in found:
        tally.setdefault(one.operation.group, Counter())[one.verdict] += 1
    return dict(sorted(tally.items()))


def not_begun(services: Iterable[Service]) -> list[str]:
    """The documented services that have no manifest, a line each."""
    names = sorted(set(surface.services_with_operations()) - {service.name for service in services})
    return [f"- {name}: {len(surface.operations(name))}" for name in names]


def full_path(service: Service, operation: Operation) -> str:
    """The call's path under the service's port, without a last slash."""
    base = RELATIVE_TO.get(service.name, "")
    if base and operation.path in ROOTS:
        return ROOTS[operation.path]
    written = VARIABLE.sub(lambda found: STANDS_FOR.get(found[0]) or re.sub(r"[^\w{}]", "_", found[0]), operation.path)
    if service.project_base:
        # Where a project's id may stand in the address, the routes do without.
        written = PROJECT.sub(service.project_base, written, count=1)
    return (base + written).rstrip("/") or "/"


def shape_of(path: str) -> str:
    """The path with its variables' names left out: names differ between documents and routes."""
    return VARIABLE.sub("{}", path)


def _judge(service: Service, operation: Operation) -> Judged:
    path = full_path(service, operation)
    taken = [route for route in service.routes if _takes(route, operation, path)]
    if taken:
        is_whole = not _is_form(operation, path) or any(_reads(route, operation.action) for route in taken)
        return Judged(operation, path, "answered" if is_whole else "missing")
    if operation.status.startswith("removed"):
        return Judged(operation, path, "removed")
    return Judged(operation, path, "honest 501")


def _takes(route: Route, operation: Operation, path: str) -> bool:
    methods = (route.method, "HEAD") if route.method == "GET" else (route.method,)
    action = "" if _is_form(operation, path) else operation.action
    is_it = operation.method in methods and shape_of(route.path) == shape_of(path) and route.options.action == action
    until = UNTIL.search(operation.status)
    return is_it and (until is None or route.first <= version(until[1]))


def _is_form(operation: Operation, path: str) -> bool:
    """Whether what the table calls an action is one of several bodies of one call."""
    return bool(operation.action) and not path.endswith("/action")


def _reads(route: Route, form: str) -> bool:
    fields = set(_field_names(route.body_type, set()))
    if form == BULK:
        return route.path.rpartition("/")[2].replace("-", "_") in fields
    return form in FORMS and fields.issuperset(FORMS[form])


def _field_names(kind: object, seen: set[object]) -> Iterator[str]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind in seen:
            return
        seen.add(kind)
        for field in msgspec.structs.fields(kind):
            yield field.encode_name
            yield from _field_names(field.type, seen)
    for inside in getattr(kind, "__args__", ()):
        yield from _field_names(inside, seen)


def _unbuilt(service: Service, operation: Operation, path: str) -> Unbuilt | None:
    """How the service refuses the call; None for one that a plain 404 answers, as upstream does."""
    action = "" if _is_form(operation, path) else operation.action
    # A service that negotiates no versions has every call at all times.
    negotiates = service.microversions is not None
    until = UNTIL.search(operation.status) if negotiates else None
    status = 501
    if operation.status.startswith("removed"):
        if "410" not in operation.status:
            return None
        status = 410
    return Unbuilt(
        method=operation.method,
        path=path,
        action=action,
        since=operation.min_microversion if negotiates else "",
        until=until[1] if until else "",
        status=status,
    )
