"""Conditions and the choice of fields, over a real connection."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.kernel.http.tiny import Wire, served


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    folder: Path = tmp_path_factory.mktemp("notes")
    with served(folder) as port:
        found = Wire(port)
        body = msgspec.json.encode({"note": {"id": "a", "text": "four"}})
        assert found.ask("POST /v1/notes", "OpenStack-API-Version: notes 1.9", body=body).status == 201
        yield found
        found.close()


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("revision_number=4", 200),
        ("revision_number=3", 412),
        ("revision_number=-1", 412),
        ('"four"', 200),
        ('"five", "four"', 200),
        ("*", 200),
        ('W/"four"', 412),
        ('"five"', 412),
        ("four", 400),
        ("revision_number=four", 400),
    ],
)
def test_a_change_of_another_state_is_refused(wire: Wire, condition: str, status: int) -> None:
    body = msgspec.json.encode({"text": "four"})
    assert wire.ask("PATCH /v1/notes/a", f"If-Match: {condition}", body=body).status == status


def test_without_a_condition_every_state_will_do(wire: Wire) -> None:
    assert wire.ask("PATCH /v1/notes/a", body=msgspec.json.encode({"text": "four"})).status == 200


def test_fields_are_answered_as_they_are_asked_for(wire: Wire) -> None:
    newest = "OpenStack-API-Version: notes 1.9"
    assert wire.ask("GET /v1/notes/a?fields=id&fields=length&fields=bogus", newest).json == {
        "note": {"id": "a", "length": 4}
    }
    assert wire.ask("GET /v1/notes?fields=text", newest).json == {"notes": [{"text": "four"}]}
    assert wire.ask("GET /v1/notes/a?fields=length").json == {"note": {}}
