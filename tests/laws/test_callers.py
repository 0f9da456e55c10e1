"""What every route does with callers who are nobody, who are lost, and who mean harm: 4xx, never 5xx, never a trace."""

import inspect
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from tests.laws.examples import as_body, tried
from tests.laws.found import CLOSED, ROUTES, Found, each_closed_route
from tests.support.cloud import Client

from haneul.kernel.http.routes import Route

TRACES = ("Traceback", 'File "', "sqlalchemy", "SELECT ", "/haneul/", "psycopg", "sqlite3")
WRONG_IDS = {
    "a word": "no-such-thing",
    "nothing": "%20",
    "a path": "..%2f..%2fetc",
    "bytes": "%ff%fe",
    "a zero": "a%00b",
    "a quote": "'%22;--",
    "long": "x" * 2000,
    "a number": "99999999999999999999",
    "another letter": "%ED%95%98%EB%8A%98%F0%9F%98%80",
}
WEIRD_QUERIES = {
    "negative": "limit=-1",
    "no number": "limit=abc",
    "huge": "limit=" + "9" * 400,
    "lost": "marker=garbage",
    "lost in zeros": "marker=a%00b",
    "no such key": "sort_key=bogus",
    "no such direction": "sort_key=id&sort_dir=x",
    "bytes": "name=%ff%fe",
    "many": "&".join(f"x{number}=1" for number in range(300)),
}
HEADERS = {"Content-Type": "application/json"}
LONG = "x" * 100_000
DEEP = b'{"a":' * 10_000 + b"1" + b"}" * 10_000


def assert_refused(answer: httpx.Response) -> None:
    """The caller's mistake, in words that tell nothing of the inside."""
    assert 400 <= answer.status_code < 500, f"{answer.status_code}: {answer.text[:300]}"
    assert_tells_nothing(answer)


def assert_no_failure(answer: httpx.Response) -> None:
    assert answer.status_code < 500 or answer.status_code == 501, f"{answer.status_code}: {answer.text[:300]}"
    assert_tells_nothing(answer)


def assert_tells_nothing(answer: httpx.Response) -> None:
    told = [word for word in TRACES if word in answer.text]
    assert not told or answer.status_code < 400, told


def ask(client: Client, found: Found, path: str, body: bytes | None = None) -> httpx.Response:
    """Call the route at a version that has it."""
    headers = {**found.headers, **(HEADERS if body is not None else {})}
    return client.request(found.route.method, found.service.type, path, headers=headers, content=body)


def plain_body(route: Route) -> bytes | None:
    """A body that gets as far as the route itself: an action's name stands in it."""
    if route.options.action:
        return msgspec.json.encode({route.options.action: None})
    return b"{}" if route.body_type is not None else None


@each_closed_route
def test_without_a_token_it_is_401(cloud: Any, found: Found) -> None:
    for client in (cloud.anonymous(), cloud.anonymous().with_headers(X_Auth_Token="gAAAAforged")):
        answer = ask(client, found, found.path("a"), plain_body(found.route))
        assert answer.status_code == 401, answer.text[:200]
        assert "Keystone uri=" in answer.headers["www-authenticate"]


@pytest.mark.parametrize("found", [found for found in ROUTES if found.route.path_names], ids=str)
def test_an_id_of_a_wrong_form_is_no_failure(admin: Client, found: Found) -> None:
    for value in WRONG_IDS.values():
        answer = ask(admin, found, found.path(value), plain_body(found.route))
        # Some names are the caller's to choose (a tag, a trait), and removing what isn't there may be no mistake.
        assert_no_failure(answer)


@pytest.mark.parametrize("found", [found for found in CLOSED if found.route.method == "GET"], ids=str)
def test_a_weird_query_is_no_failure(admin: Client, found: Found) -> None:
    for query in WEIRD_QUERIES.values():
        assert_no_failure(ask(admin, found, f"{found.path('a')}?{query}"))


PAGED = [found for found in CLOSED if ".page()" in inspect.getsource(found.route.handler)]


@pytest.mark.parametrize("found", PAGED, ids=str)
def test_a_limit_that_is_none_is_refused(admin: Client, found: Found) -> None:
    for query in ("limit=-1", "limit=abc", "limit="):
        assert_refused(ask(admin, found, f"{found.path('a')}?{query}"))


def hostile_bodies(found: Found) -> Iterator[bytes]:
    """Bytes that are no body of any route, and for a struct's every field, values that don't fit it."""
    yield from (b"", b"{", b"null", b"[]", b'"text"', b"1e999", b'{"a":"\xff\xfe"}', rb'{"a":"\ud800"}', DEEP, b"\x00")
    kind, wraps = found.route.body_type, found.route.body_wraps
    shapes: tuple[Any, ...] = (None, [], "x", 1, {}, {"unknown": LONG})
    yield from (as_body(wraps or "a", value) for value in shapes)
    yield from (as_body(wraps, value) for value in tried(kind))


BODIES = [found for found in ROUTES if found.route.body_type is not None]


@pytest.mark.parametrize("found", BODIES, ids=str)
def test_a_hostile_body_is_no_failure(admin: Client, found: Found) -> None:
    path = found.path("a")
    for body in hostile_bodies(found):
        assert_no_failure(ask(admin, found, path, body))


@pytest.mark.parametrize("found", BODIES, ids=str)
def test_what_is_no_json_of_ours_is_refused(admin: Client, found: Found) -> None:
    path, optional = found.path("a"), found.route.options.body_optional
    for body in (b"{", b'{"a":"\xff\xfe"}', DEEP, b"x" * 120_000, *(() if optional else (b"",))):
        assert_refused(ask(admin, found, path, body))
    headers = {**found.headers, "Content-Type": "application/x-tar"}
    answer = admin.request(found.route.method, found.service.type, path, headers=headers, content=b"{}")
    assert_refused(answer)


NEGOTIATED = [found for found in ROUTES if found.service.microversions is not None]


@pytest.mark.parametrize("found", NEGOTIATED, ids=str)
def test_a_version_that_is_none_is_refused(admin: Client, found: Found) -> None:
    negotiated = found.service.microversions
    assert negotiated is not None
    for asked, status in (("9.9999", 406), ("0.0", None), ("banana", None), ("2." + "9" * 5000, None)):
        headers = {"OpenStack-API-Version": f"{negotiated.word} {asked}"}
        answer = admin.request(found.route.method, found.service.type, found.path("a"), headers=headers)
        assert answer.status_code in ((status,) if status else (400, 406))
