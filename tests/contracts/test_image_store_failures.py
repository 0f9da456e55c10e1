"""Stores behind a network whose server is away, full, or not as the settings say."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.contracts.object_stores import LARGE, OBJECTS, Place, place_of
from tests.servers.fixtures import swift_server
from tests.servers.swift import Swift
from tests.support.hosts import eventually

from haneul.services.image.drivers.base import Draft, Full, StoreOptions, Unreachable

__all__ = ["swift_server"]

pytestmark = pytest.mark.machine


@pytest.fixture(params=OBJECTS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return place_of(request.param, tmp_path / "images", request)


@pytest.fixture
def swift(place: Place) -> Swift:
    assert isinstance(place.server, Swift)
    return place.server


def test_an_upload_whose_server_goes_away_comes_to_nothing(place: Place, swift: Swift) -> None:
    store = place.store()
    draft = store.open_draft("a.1")
    draft.write(LARGE)
    eventually(place.lies_there)
    swift.stop()
    try:
        # A part travels while the next one fills, so that its loss shows with that one.
        for go_on in (lambda: draft.write(LARGE * 2), draft.keep, lambda: draft.write(b"more")):
            with pytest.raises(Unreachable):
                go_on()
        draft.discard()
        assert store.list_abandoned() == ["a.1"]
        with pytest.raises(Unreachable):
            store.delete("a.1")
        assert store.list_abandoned() == ["a.1"]
    finally:
        swift.start()
    assert len(place.lies_there()) >= 1
    store.delete("a.1")
    assert (store.list_abandoned(), place.lies_there()) == ([], [])


def test_discarding_again_deletes_what_could_not_be_reached(place: Place, swift: Swift) -> None:
    store = place.store()
    draft = store.open_draft("a.1")
    draft.write(LARGE)
    draft.keep()
    swift.stop()
    try:
        draft.discard()
    finally:
        swift.start()
    assert (store.list_kept(), store.list_abandoned()) == (["a.1"], ["a.1"])
    draft.discard()
    assert (store.list_kept(), store.list_abandoned(), place.lies_there()) == ([], [], [])


def test_reading_goes_on_when_the_server_is_back(place: Place, swift: Swift) -> None:
    content = LARGE * 3
    store = place.store()
    draft = store.open_draft("a.1")
    draft.write(content)
    draft.keep()
    draft.release()
    with closing(store.open("a.1")) as file:
        assert file.read(100) == content[:100]
        swift.stop()
        swift.start()
        assert file.read() == content[100:]


def test_a_server_that_is_away_is_unreachable(place: Place, swift: Swift) -> None:
    store = place.store()
    swift.stop()
    try:
        verbs: list[Callable[[], object]] = [
            lambda: store.size("a.1"),
            lambda: store.open("a.1"),
            lambda: store.delete("a.1"),
            store.list_kept,
        ]
        for verb in verbs:
            with pytest.raises(Unreachable, match="did not answer"):
                verb()
    finally:
        swift.start()


@pytest.mark.parametrize("size", [5, len(LARGE)])
def test_a_missing_container_is_named(place: Place, size: int) -> None:
    option = {"s3": "create_bucket_on_put", "swift": "create_container_on_put"}[place.driver]
    store = place.store(**{option: "false"})
    draft = store.open_draft("a.1")
    with pytest.raises(Unreachable, match=f"{place.container} does not exist"):
        filled(draft, LARGE[:size]).keep()
    draft.discard()
    assert store.list_abandoned() == []
    with pytest.raises(Unreachable, match=f"{place.container} does not exist"):
        store.list_kept()


def test_wrong_credentials_are_refused_and_not_told(place: Place) -> None:
    option = {"s3": "secret_key", "swift": "key"}[place.driver]
    store = place.store(**{option: "a secret that is wrong"})
    draft = store.open_draft("a.1")
    draft.write(b"bytes")
    for verb in (draft.keep, store.list_kept, lambda: store.size("a.1")):
        with pytest.raises(Unreachable, match="refused its credentials") as refused:
            verb()
        assert "secret" not in repr(refused.value) + repr(refused.value.__cause__)
    draft.discard()


@pytest.mark.parametrize("size", [1 << 20, len(LARGE)])
def test_a_full_store_is_told_as_full(place: Place, swift: Swift, size: int) -> None:
    for name in (place.container, f"{place.container}%2Bsegments"):
        swift.limit(name, 1000)
    store = place.store()
    draft = store.open_draft("a.1")
    with pytest.raises(Full, match="takes no more bytes"):
        filled(draft, LARGE[:size]).keep()
    draft.discard()
    assert (store.list_abandoned(), place.lies_there()) == ([], [])


def test_a_token_is_renewed(swift_server: Swift, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    store = place_of("swift", tmp_path / "images", request).store()
    draft = store.open_draft("a.1")
    draft.write(LARGE)
    swift_server.forget_tokens()
    draft.keep()
    draft.release()
    swift_server.forget_tokens()
    assert store.size("a.1") == len(LARGE)


def test_options_do_not_show(place: Place) -> None:
    store = place.store()
    shown = repr(StoreOptions(folder=place.folder, options=place.options)) + repr(store) + repr(vars(store))
    shown += repr(vars(vars(store)["_server"]))
    assert isinstance(place.server, Swift)
    assert place.server.key not in shown


def filled(draft: Draft, content: bytes) -> Draft:
    draft.write(content)
    return draft
