"""Where the drivers of image stores are tried: how a test opens a new, empty store of each kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from tests.servers.ceph import POOL, Ceph
from tests.servers.swift import Swift

from haneul.services.image.drivers import DRIVERS
from haneul.services.image.drivers.base import ImageStore, StoreOptions

OBJECTS = [pytest.param(kind, marks=pytest.mark.machine) for kind in ("s3", "swift")]
WRITABLE = ["file", pytest.param("rbd", marks=pytest.mark.machine), *OBJECTS]
PART_BYTES = 5 << 20
# More than one part of any kind.
LARGE = bytes(range(256)) * (6 << 12)


@dataclass
class Place:
    """One empty store: its driver's name, its options, and the server that it lies on."""

    driver: str
    folder: Path
    options: Mapping[str, str]
    server: Swift | Ceph | None = None

    def store(self, **other: str) -> ImageStore:
        """Open it, with other options in place of some."""
        return DRIVERS[self.driver](StoreOptions(folder=self.folder, options={**self.options, **other}))

    @property
    def container(self) -> str:
        return self.options.get("bucket") or self.options["container"]

    def lies_there(self) -> Sequence[str]:
        """The names of everything that the store keeps anywhere, whole or not."""
        if self.server is None:
            return sorted(path.name for path in self.folder.iterdir())
        return self.server.names() if isinstance(self.server, Ceph) else self.server.names(self.container)


def place_of(driver: str, folder: Path, request: pytest.FixtureRequest) -> Place:
    """An empty store of a driver; servers start only for those that need them."""
    if driver == "file":
        return Place(driver, folder, {})
    if driver == "rbd":
        cluster: Ceph = request.getfixturevalue("ceph_cluster")
        options = {"ceph_conf": str(cluster.conf), "pool": POOL, "timeout_s": "10", "part_mb": str(PART_BYTES >> 20)}
        return Place(driver, folder, options, cluster)
    swift: Swift = request.getfixturevalue("swift_server")
    name, quick = f"images-{uuid4().hex[:8]}", {"timeout_s": "10", "attempts": "2", "part_mb": str(PART_BYTES >> 20)}
    if driver == "s3":
        account = {"host": swift.url, "access_key": swift.user, "secret_key": swift.key}
        return Place(driver, folder, {**account, **quick, "bucket": name, "create_bucket_on_put": "true"}, swift)
    login = {"auth_address": f"{swift.url}/auth/v1.0", "auth_version": "1", "user": swift.user, "key": swift.key}
    return Place(driver, folder, {**login, **quick, "container": name, "create_container_on_put": "true"}, swift)
