"""Documented calls that are not built: an honest 501 to who is signed in, and 410 where upstream has ended them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.http.tiny import UNBUILT, Wire, routes, served

from haneul.kernel.http.unbuilt import Unbuilt, parse, refusing_routes, unbuilt_of


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder: Path = tmp_path_factory.mktemp("notes")
    with served(folder) as found:
        yield found


@pytest.fixture
def wire(port: int) -> Iterator[Wire]:
    found = Wire(port)
    yield found
    found.close()


def test_an_unbuilt_call_says_so_in_the_services_envelope(wire: Wire) -> None:
    answer = wire.ask("GET /v1/notes/a/pages/7")
    assert answer.status == 501
    sentence = "haneul does not offer GET /v1/notes/{id}/pages/{page} yet."
    assert answer.json == {"notImplemented": {"code": 501, "message": sentence}}


def test_it_says_so_only_to_who_is_signed_in(wire: Wire) -> None:
    assert wire.ask("GET /v1/notes/a/pages/7", token="").status == 401
    assert wire.ask("GET /v1/tablets", token="wrong").status == 401


def test_an_unbuilt_action_stands_beside_those_that_are_built(wire: Wire) -> None:
    assert wire.ask("POST /v1/notes/a/action", body=b'{"shred":null}').status == 501
    assert wire.ask("POST /v1/notes/a/action", body=b'{"fold":{"times":2}}').status == 404
    assert wire.ask("POST /v1/notes/a/action", body=b'{"burn":null}').status == 400


def test_it_is_there_only_in_the_versions_that_document_it(wire: Wire) -> None:
    def status(version: str) -> int:
        return wire.ask("PUT /v1/scrolls/a", f"X-Notes-API-Version: {version}", body=b"x" * 200_000).status

    assert [status(version) for version in ("1.4", "1.5", "1.7", "1.8")] == [404, 501, 501, 404]


def test_what_upstream_has_ended_is_gone(wire: Wire) -> None:
    answer = wire.ask("GET /v1/tablets")
    assert answer.status == 410
    assert answer.json["computeFault"]["code"] == 410


def test_other_methods_of_an_unbuilt_path_are_405(wire: Wire) -> None:
    answer = wire.ask("DELETE /v1/tablets")
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("one", UNBUILT, ids=str)
def test_a_line_says_all_of_it(one: Unbuilt) -> None:
    assert parse(str(one)) == one


def test_what_has_been_built_meanwhile_is_not_refused() -> None:
    now_built = [
        Unbuilt(method="GET", path="/v1/notes/{other_name}"),
        Unbuilt(method="POST", path="/v1/notes/{id}/action", action="fold"),
    ]
    assert refusing_routes(now_built, routes.all) == []


def test_names_of_places_are_those_of_the_built_routes_and_never_twice_in_a_path() -> None:
    found = refusing_routes([Unbuilt(method="GET", path="/v1/notes/{id}/pages/{note_id}")], routes.all)
    assert [route.path for route in found] == ["/v1/notes/{note_id}/pages/{at_4}"]


def test_a_package_without_the_list_lacks_nothing() -> None:
    assert unbuilt_of("haneul.kernel") == []
