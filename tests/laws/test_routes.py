"""Every route has upstream's rule, a row in rbac.txt, a test that names its path, and says what it takes and gives."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from tests import surface
from tests.laws.found import ROUTES, Found, each_route, each_service
from tests.style.tree import ROOT, modules
from tools.generate_docs import rbac_line

from haneul.kernel.http.routes import PUBLIC
from haneul.kernel.policy.language import parse
from haneul.kernel.policy.rules import Rule, rules_of
from haneul.kernel.schema import Since
from haneul.kernel.service import Service


class Difference(NamedTuple):
    """A rule that is deliberately not upstream's."""

    name: str
    reason: str


NO_TRAIL = "Keystone has no audit trail that can be read."
DIFFERENCES: dict[str, list[Difference]] = {
    "identity": [
        Difference("identity:list_audit_records", NO_TRAIL),
        Difference("identity:list_all_audit_records", NO_TRAIL),
    ],
    "compute": [
        Difference("os_compute_api:flavors", "Nova checks no rule where flavors are read; every route here has one."),
        *(
            Difference(f"os_compute_api:{name}", "Nova lets Glance decide about images; every route here has a rule.")
            for name in ("images", "images:delete", "image-metadata")
        ),
    ],
    "block-storage": [
        Difference(
            "block_storage:signed_in", "Cinder checks no rule for what anyone may know; every route here has one."
        )
    ],
}
# What anyone may call without a token, as in the real services.
OPEN_CALLS = {
    "identity": {"GET /", "GET /v3", "POST /v3/auth/tokens", "POST /v3/users/{user_id}/password"},
    "compute": {"GET /", "GET /v2", "GET /v2.1"},
    "image": {"GET /", "GET /versions"},
    "placement": {"GET /"},
    "network": {"GET /", "GET /v2.0"},
    "block-storage": {"GET /", "GET /v3"},
}


def rules(service: Service) -> dict[str, Rule]:
    """The rules of a service's routes and fields, by name."""
    found = {rule.name: rule for rule in rules_of(f"haneul.services.{service.package}")}
    return found | {route.rule.name: route.rule for route in service.routes if route.rule is not PUBLIC}


@cache
def upstream(name: str) -> dict[str, str]:
    return {rule.policy_name: rule.default_check for rule in surface.policies(name)}


@each_service
def test_rules_have_upstreams_names_and_defaults(service: Service) -> None:
    known = {**service.base_rules, **upstream(service.name)}
    excused = {one.name for one in DIFFERENCES.get(service.type, [])}
    wrong = [
        f"{name}: {rule.default!r} is {known.get(name, 'unknown')!r} upstream"
        for name, rule in sorted(rules(service).items())
        if name not in excused and (name not in known or not is_default(rule, known[name]))
    ]
    assert wrong == []


def is_default(rule: Rule, known: str) -> bool:
    """Whether a rule's expression is the known one, where more than its name is known."""
    return known == surface.COMPOSITE or parse(rule.default) == parse(known)


@each_service
def test_differences_are_still_differences(service: Service) -> None:
    known, mine = upstream(service.name), rules(service)
    for one in DIFFERENCES.get(service.type, []):
        assert one.reason
        assert one.name in mine
        assert one.name not in known or parse(mine[one.name].default) != parse(known[one.name])


@each_service
def test_only_what_is_open_upstream_is_open_here(service: Service) -> None:
    assert {route.name for route in service.routes if route.rule is PUBLIC} <= OPEN_CALLS[service.type]


@cache
def rows() -> frozenset[str]:
    return frozenset((ROOT / "docs" / "generated" / "rbac.txt").read_text().splitlines())


@each_route
def test_every_route_has_its_row_in_rbac(found: Found) -> None:
    assert rbac_line(found.route) in rows(), "`make docs` writes it."


def test_rbac_has_no_row_without_a_route() -> None:
    lines = {rbac_line(found.route) for found in ROUTES}
    assert {row for row in rows() if "|" in row and not row.startswith("#")} == lines


NO_TESTS_OF_ROUTES = ("tests/laws", "tests/style", "tests/surface", "tests/kernel", "tests/support")


@cache
def texts() -> tuple[str, ...]:
    """What each module of the tests says in its texts, joined: paths are often put together from pieces."""
    tests = [module for module in modules("tests") if not module.place.startswith(NO_TESTS_OF_ROUTES)]
    return tuple("\n".join(texts_in(module.tree)) for module in tests)


def texts_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.keyword) and node.arg:
            # `"os-stop": None` may be written `dict(reboot=...)`.
            yield node.arg


@each_route
def test_a_test_names_every_route(found: Found) -> None:
    """One module of the tests holds every fixed part of the path, and the action's name."""
    route, base = found.route, found.service.project_base
    fixed = [part for part in route.path.removeprefix(base).split("/") if part and not part.startswith("{")]
    parts = [*fixed, *([route.options.action] if route.options.action else [])] or [route.path]
    words = [re.compile(rf"(?<![\w-]){re.escape(part)}(?![\w-])") for part in parts]
    assert any(all(word.search(text) for word in words) for text in texts()), f"No test module names all of {parts}."


@each_route
def test_handlers_say_what_they_take_and_give(found: Found) -> None:
    handler = found.route.handler
    hints = get_type_hints(handler)
    parameters = inspect.signature(handler).parameters
    assert set(parameters) <= set(hints)
    assert "return" in hints
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
    assert takes_any or set(found.route.path_names) <= set(parameters), "A part of the path goes nowhere."


def hidden_since(hint: Any, *, is_top: bool = True) -> bool:
    """Whether a Since stands where nobody looks for it: below a union or a list."""
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        if not is_top and any(isinstance(note, Since) for note in notes):
            return True
        return hidden_since(inner, is_top=False)
    return any(hidden_since(inside, is_top=False) for inside in get_args(hint))


def structs_in(hint: Any, seen: set[type]) -> Iterator[type[msgspec.Struct]]:
    """The structs that a type names, and those that they name."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and hint not in seen:
        seen.add(hint)
        yield hint
        for inner in get_type_hints(hint, include_extras=True).values():
            yield from structs_in(inner, seen)
    for inside in get_args(hint):
        yield from structs_in(inside, seen)


@each_route
def test_versions_stand_on_fields_where_they_are_found(found: Found) -> None:
    route = found.route
    for kind in (route.body_type, route.query_type, route.view_type):
        for shape in structs_in(kind, set()):
            hints = get_type_hints(shape, include_extras=True)
            assert not [name for name, hint in hints.items() if hidden_since(hint)], shape


@each_route
def test_a_newer_field_of_a_body_is_unset_unless_given(found: Found) -> None:
    """Otherwise every older request would be refused for a field that it did not send."""
    for shape in structs_in(found.route.body_type, set()):
        for field in msgspec.structs.fields(shape):
            hint = get_type_hints(shape, include_extras=True)[field.name]
            notes = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
            if any(isinstance(note, Since) and note.first not in ("", "2.0") for note in notes):
                assert field.default is msgspec.UNSET, f"{shape.__name__}.{field.name}"
