"""Declaring routes: `@routes.get("/v3/projects/{project_id}", rule=GET, wraps="project")`."""

import inspect
import re
from collections.abc import Callable
from typing import Any, Literal, TypeVar, get_type_hints

import msgspec

from haneul.kernel.http.versions import NEWEST, Shape, Version, version
from haneul.kernel.policy import Rule

F = TypeVar("F", bound=Callable[..., Any])
Transaction = Literal["read", "write", "none"]
BODY_LIMIT = 114_688

PUBLIC = Rule("public", "@", "Anyone, without a token.")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a route may say of itself beside its path and rule.

    `quick`: reads so few indexed rows that it may run on the event loop. `body_wraps` is the key around the request's
    body where it differs from `wraps`. `lax`: numbers and booleans may come as strings. `marker`: which field of a
    list's item is its marker. `body_limit` in bytes; 0 for a handler that streams the body itself.
    `has_secret_path`: what stands in the path must not be logged; all routes of one path say the same.
    """

    status: int = 0
    wraps: str = ""
    body_wraps: str | None = None
    transaction: Transaction | None = None
    quick: bool = False
    since: str = ""
    until: str = ""
    action: str = ""
    shapes: tuple[Shape, ...] = ()
    lax: bool = False
    body_optional: bool = False
    has_secret_path: bool = False
    body_limit: int = BODY_LIMIT
    media_types: tuple[str, ...] = ("application/json",)


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path (and of one action or range of versions), with its rule."""

    method: str
    path: str
    rule: Rule
    handler: Callable[..., Any]
    options: Options
    status: int
    transaction: Transaction
    path_names: tuple[str, ...]
    body_type: Any
    query_type: Any
    view_type: Any
    is_async: bool
    first: Version
    last: Version

    @property
    def name(self) -> str:
        """`POST /servers/{server_id}/action os-start`: unique among routes of one version."""
        return " ".join(filter(None, (self.method, self.path, self.options.action)))

    def covers(self, chosen: Version) -> bool:
        return self.first <= chosen <= self.last

    @property
    def body_wraps(self) -> str:
        options = self.options
        if options.action:
            return options.action
        return options.wraps if options.body_wraps is None else options.body_wraps


DEFAULT_STATUS = {"GET": 200, "HEAD": 200, "POST": 201, "PUT": 200, "PATCH": 200, "DELETE": 204}


class Routes:
    """The routes of one resource, in the order of declaration."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def get(self, path: str, *, rule: Rule, **options: Any) -> Callable[[F], F]:
        return self._add("GET", path, rule, options)

    def post(self, path: str, *, rule: Rule, **options: Any) -> Callable[[F], F]:
        return self._add("POST", path, rule, options)

    def put(self, path: str, *, rule: Rule, **options: Any) -> Callable[[F], F]:
        return self._add("PUT", path, rule, options)

    def patch(self, path: str, *, rule: Rule, **options: Any) -> Callable[[F], F]:
        return self._add("PATCH", path, rule, options)

    def delete(self, path: str, *, rule: Rule, **options: Any) -> Callable[[F], F]:
        return self._add("DELETE", path, rule, options)

    def head(self, path: str, *, rule: Rule, **options: Any) -> Callable[[F], F]:
        return self._add("HEAD", path, rule, options)

    def action(self, path: str, name: str, *, rule: Rule, **options: Any) -> Callable[[F], F]:
        """A POST whose body is `{name: ...}`: one of several that share a path."""
        return self._add("POST", path, rule, {"status": 202, **options, "action": name})

    def _add(self, method: str, path: str, rule: Rule, words: dict[str, Any]) -> Callable[[F], F]:
        options = Options(**words)

        def declare(handler: F) -> F:
            self.all.append(_route(method, path, rule, handler, options))
            return handler

        return declare


def _route(method: str, path: str, rule: Rule, handler: Callable[..., Any], options: Options) -> Route:
    hints = get_type_hints(handler, include_extras=True)
    names = tuple(re.findall(r"\{(\w+)\}", path))
    expected = {"call", "body", "query", *names}
    # `**ids` takes whatever the path names, for handlers that several paths share.
    parameters = inspect.signature(handler).parameters.values()
    unknown = {one.name for one in parameters if one.kind is not inspect.Parameter.VAR_KEYWORD} - expected
    if unknown:
        raise TypeError(f"{handler.__module__}.{handler.__name__} has parameters that no request fills: {unknown}")
    return Route(
        method=method,
        path=path,
        rule=rule,
        handler=handler,
        options=options,
        status=options.status or DEFAULT_STATUS[method],
        transaction=options.transaction or ("read" if method in ("GET", "HEAD") else "write"),
        path_names=names,
        body_type=hints.get("body"),
        query_type=hints.get("query"),
        view_type=_view_in(hints.get("return")),
        is_async=inspect.iscoroutinefunction(handler),
        first=version(options.since) if options.since else Version(0, 0),
        last=version(options.until) if options.until else NEWEST,
    )


def _view_in(hint: Any) -> Any:
    """The view's struct inside an annotation such as `Reply[Listed[ServerView]]`, or None."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and hint.__module__ != "haneul.kernel.http.replies":
        return hint
    for inside in getattr(hint, "__args__", ()):
        found = _view_in(inside)
        if found is not None:
            return found
    return None
