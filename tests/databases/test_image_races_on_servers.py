"""What goes on at once with images, and imports into several stores, on MariaDB and PostgreSQL."""

from collections.abc import Iterator

import pytest
from tests.databases.on_servers import (
    admin,
    classes_of,
    mariadb_server,
    mariadb_url,
    postgresql_server,
    postgresql_url,
)
from tests.services.image.conftest import alice, bob
from tests.services.image.test_attacks import SETTINGS, web
from tests.support.cloud import RunningCloud, running_cloud

__all__ = ["admin", "alice", "bob", "mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url", "web"]

pytestmark = pytest.mark.databases

HERE = ("TestAttacks", "TestTasks", "TestDeleted")


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def cloud(request: pytest.FixtureRequest) -> Iterator[RunningCloud]:
    """A cloud of several stores on a database server."""
    with running_cloud(db=request.getfixturevalue(f"{request.param}_url"), image=SETTINGS) as running:
        yield running


vars().update({name: tests for name, tests in classes_of("tests.services.image").items() if name in HERE})
