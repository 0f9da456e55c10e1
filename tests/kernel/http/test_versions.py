"""Microversions on fields: what an answer holds and what a request may hold at each version."""

from typing import Annotated, Any

import msgspec
import pytest

from haneul.kernel.errors import BadRequest, NotFound
from haneul.kernel.http.reading import by_action
from haneul.kernel.http.routes import PUBLIC, Routes
from haneul.kernel.http.versions import Version, presence_of, refuse_newer_fields, trimmed, version
from haneul.kernel.schema import UNSET, Since, StrictBody, UnsetType, View


class Lid(View):
    """What lies on a pot."""

    color: str
    knob: Annotated[str, Since("1.4")]


class Pot(View):
    """A pot; its handle went in 1.6."""

    size: int
    handle: Annotated[str, Since("1.1", until="1.5")]
    lid: Lid
    spares: list[Lid]
    labels: Annotated[dict[str, str], Since("1.3")]


class PotCreate(StrictBody):
    """A pot to be."""

    size: int
    labels: Annotated[dict[str, str] | UnsetType, Since("1.3")] = UNSET


def test_versions_compare_as_numbers() -> None:
    assert version("2.9") < version("2.10") < version("3.0")
    assert str(Version(2, 10)) == "2.10"


def test_presence_is_found_in_structs_within_structs() -> None:
    assert [(name, str(first), str(last)) for name, first, last, _ in presence_of(Pot)] == [
        ("handle", "1.1", "1.5"),
        ("lid", "0.0", "999.999"),
        ("spares", "0.0", "999.999"),
        ("labels", "1.3", "999.999"),
    ]


def test_a_struct_that_holds_itself_is_no_endless_search() -> None:
    class Box(View):
        """A box in a box."""

        size: Annotated[int, Since("1.2")]
        inner: "Box | None" = None

    Box.__annotations__["inner"] = Box | None
    assert [name for name, *_ in presence_of(Box)] == ["size"]


@pytest.mark.parametrize(("at", "is_allowed"), [("1.2", False), ("1.3", True)])
def test_a_request_may_hold_only_what_its_version_has(at: str, is_allowed: bool) -> None:
    body = PotCreate(size=1, labels={"a": "b"})
    refuse_newer_fields(PotCreate(size=1), version(at))
    if is_allowed:
        refuse_newer_fields(body, version(at))
    else:
        with pytest.raises(BadRequest, match="Additional properties are not allowed \\('labels' was unexpected\\)"):
            refuse_newer_fields(body, version(at))


def test_that_goes_for_what_stands_in_lists_too() -> None:
    class LidCreate(StrictBody):
        """A lid to be."""

        knob: Annotated[str | UnsetType, Since("1.4")] = UNSET

    class SetCreate(StrictBody):
        """Lids to be."""

        lids: list[LidCreate]

    refuse_newer_fields(SetCreate(lids=[LidCreate()]), version("1.3"))
    with pytest.raises(BadRequest, match="'knob' was unexpected"):
        refuse_newer_fields(SetCreate(lids=[LidCreate(), LidCreate(knob="round")]), version("1.3"))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("1.1", {"size": 1, "handle": "long", "lid": {"color": "red"}, "spares": [{"color": "red"}]}),
        ("1.3", {"size": 1, "handle": "long", "lid": {"color": "red"}, "spares": [{"color": "red"}], "labels": {}}),
        (
            "1.6",
            {
                "size": 1,
                "lid": {"color": "red", "knob": "round"},
                "spares": [{"color": "red", "knob": "round"}],
                "labels": {},
            },
        ),
    ],
)
def test_an_answer_has_what_its_version_has_and_the_view_stays_whole(at: str, expected: dict[str, Any]) -> None:
    lid = Lid(color="red", knob="round")
    pot = Pot(size=1, handle="long", lid=lid, spares=[lid], labels={})
    assert msgspec.to_builtins(trimmed(pot, version(at))) == expected
    assert msgspec.to_builtins(trimmed([pot], version(at))) == [expected]
    assert (pot.handle, pot.lid.knob) == ("long", "round")


def test_an_action_of_another_version_is_not_there() -> None:
    routes = Routes()

    @routes.action("/pots/{pot_id}/action", "stir", rule=PUBLIC, until="1.3")
    def stir(call: Any, pot_id: str, body: Any) -> None:
        """Stir."""

    @routes.action("/pots/{pot_id}/action", "stir", rule=PUBLIC, since="1.5")
    def stir_well(call: Any, pot_id: str, body: Any) -> None:
        """Stir well."""

    for chosen, handler in (("1.3", stir), ("1.5", stir_well)):
        assert by_action(routes.all, version(chosen), b'{"stir": null}').handler is handler
    with pytest.raises(NotFound):
        by_action(routes.all, version("1.4"), b'{"stir": null}')
    with pytest.raises(BadRequest, match="no such action: fry"):
        by_action(routes.all, version("1.5"), b'{"fry": null}')
