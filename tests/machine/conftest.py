"""What tests with real guests share: the guest image, and one cloud of two hosts."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.support.guests import cloud_of_guests, processes
from tests.support.second_host import SecondHost, second_host
from tests.support.tree import Tree

from haneul.host.guest_image import build

FIRST, SECOND = "host-1", "host-2"


class Pair(NamedTuple):
    """A cloud of two hosts: that of `haneul up`, and one more."""

    tree: Tree
    other: SecondHost

    def on(self, host: str, name: str) -> str:
        """A new server that runs on this host, the other one being closed to new ones; its id."""
        elsewhere = SECOND if host == FIRST else FIRST
        self._set_status(elsewhere, "disabled")
        try:
            return self.tree.active(name)
        finally:
            self._set_status(elsewhere, "enabled")

    def _set_status(self, host: str, status: str) -> None:
        (service,) = self.tree.compute("GET", f"/os-services?host={host}&binary=nova-compute").json()["services"]
        answer = self.tree.compute("PUT", f"/os-services/{service['id']}", {"status": status})
        assert answer.status_code == 200, answer.text


@pytest.fixture(scope="session")
def guest_image(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The guest image, built from packages that earlier runs have kept."""
    folder = request.config.cache.mkdir("guest-image")  # type: ignore[union-attr]
    return build(tmp_path_factory.mktemp("image") / "guest.qcow2", work=folder, progress=print).path


@pytest.fixture(scope="session")
def pair(guest_image: Path) -> Iterator[Pair]:
    """Two hosts, for all who leave them as they were; at the end nothing may be left of what they did."""
    with cloud_of_guests(guest_image, HANEUL_CLOUD_HOST=FIRST) as tree, second_host(tree, SECOND) as other:
        yield Pair(tree, other)
        tree.delete(*(server["id"] for server in tree.servers()))
        assert processes(tree) == {}
        assert tree.audit() == []
