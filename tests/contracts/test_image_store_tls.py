"""Stores whose server speaks HTTPS, with a certificate of the operator's own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.contracts.object_stores import LARGE, OBJECTS, Place, place_of
from tests.host.net.web import server_tls
from tests.servers.fixtures import swift_server
from tests.servers.swift import Swift

from haneul.services.image.drivers.base import Unreachable

__all__ = ["swift_server"]

pytestmark = pytest.mark.machine


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return server_tls(tmp_path_factory.mktemp("tls"), "127.0.0.1")[1]


@pytest.fixture(scope="module")
def tls_url(swift_server: Swift, authority: Path) -> Iterator[str]:
    with swift_server.with_tls(authority, authority.with_suffix(".key")) as url:
        yield url


@pytest.fixture(params=OBJECTS)
def place(request: pytest.FixtureRequest, tmp_path: Path, tls_url: str) -> Place:
    made = place_of(request.param, tmp_path / "images", request)
    assert made.server is not None
    plain = made.server.url
    made.options = {name: value.replace(plain, tls_url) for name, value in made.options.items()}
    return made


def test_images_are_kept_and_read(place: Place, authority: Path, tls_url: str) -> None:
    store = place.store(cacert=str(authority))
    draft = store.open_draft("a.1")
    draft.write(LARGE)
    draft.keep()
    draft.release()
    with closing(store.open("a.1")) as file:
        assert file.read() == LARGE
    assert store.address("a.1").startswith(f"{place.driver}+{tls_url}/")
    assert store.key_at(store.address("a.1")) == "a.1"


def test_a_certificate_of_a_stranger_is_refused(place: Place) -> None:
    with pytest.raises(Unreachable, match="did not answer"):
        place.store().size("a.1")
