"""Stores in a Ceph cluster that is away or not as the settings say."""

from contextlib import closing
from pathlib import Path

import pytest
from tests.contracts.object_stores import LARGE, Place, place_of
from tests.servers.ceph import Ceph
from tests.servers.fixtures import ceph_cluster
from tests.support.hosts import eventually

from haneul.services.image.drivers.base import Unreachable
from haneul.services.image.drivers.rbd import pool
from haneul.services.image.drivers.rbd.bindings import load

__all__ = ["ceph_cluster"]


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return place_of("rbd", tmp_path / "images", request)


@pytest.mark.machine
def test_zeros_take_no_room(place: Place) -> None:
    store = place.store()
    content = LARGE + bytes(16 << 20) + LARGE + bytes(16 << 20)
    draft = store.open_draft("a.1")
    draft.write(content)
    draft.keep()
    draft.release()
    with closing(store.open("a.1")) as file:
        assert file.read() == content
    assert isinstance(place.server, Ceph)
    assert place.server.stored("a.1") < 20 << 20
    store.delete("a.1")


@pytest.mark.machine
def test_an_upload_whose_cluster_goes_away_comes_to_nothing(place: Place) -> None:
    store = place.store(timeout_s="1")
    draft = store.open_draft("a.1")
    draft.write(LARGE)
    eventually(place.lies_there)
    assert isinstance(place.server, Ceph)
    assert place.server.storage is not None
    with place.server.storage.paused():
        for go_on in (lambda: draft.write(LARGE * 2), draft.keep, lambda: store.size("a.1")):
            with pytest.raises(Unreachable, match="did not answer"):
                go_on()
        draft.discard()
    assert store.list_abandoned() == ["a.1"]
    place.store().delete("a.1")
    assert (store.list_abandoned(), store.list_kept(), place.lies_there()) == ([], [], [])


@pytest.mark.machine
def test_an_image_is_not_deleted_under_a_part_that_is_written(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "IN_USE_S", 0.2)
    assert isinstance(place.server, Ceph)
    store = place.store()
    draft = store.open_draft("a.1")
    draft.write(LARGE)
    eventually(place.lies_there)
    with place.server.writing("a.1.part"), pytest.raises(Unreachable, match="in use"):
        store.delete("a.1")
    assert store.list_abandoned() == []
    draft.discard()
    assert (store.list_abandoned(), place.lies_there()) == ([], [])


@pytest.mark.machine
def test_an_image_whose_writer_was_killed_is_deleted_in_the_end(place: Place) -> None:
    assert isinstance(place.server, Ceph)
    store = place.store()
    store.open_draft("a.1").write(LARGE)
    eventually(place.lies_there)
    with place.server.writing("a.1.part") as writer:
        writer.kill()
    store.delete("a.1")
    assert place.lies_there() == []


@pytest.mark.machine
@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("user", "nobody", "refused its credentials"),
        ("pool", "elsewhere", "The pool elsewhere does not exist"),
        ("ceph_conf", "/nowhere/ceph.conf", "did not answer"),
    ],
)
def test_what_is_not_there_is_told(place: Place, option: str, value: str, said: str) -> None:
    store = place.store(**{option: value})
    draft = store.open_draft("a.1")
    for verb in (draft.keep, store.list_kept, lambda: store.size("a.1")):
        with pytest.raises(Unreachable, match=said) as refused:
            verb()
        assert "/" not in str(refused.value)
    draft.discard()


def test_missing_bindings_are_told() -> None:
    with pytest.raises(ValueError, match="Python module rados2 of Ceph is not installed"):
        load("rados2")
