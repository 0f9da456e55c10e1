"""Pytest's view of the servers: each runs from its first use to the end of the run, and only if a test asks for it."""

from collections.abc import Iterator

import pytest

from tests.servers import ceph, mariadb, postgresql, rabbitmq, swift
from tests.servers.shared import Shared

_ceph = Shared(ceph.running)
_mariadb = Shared(mariadb.running)
_postgresql = Shared(postgresql.running)
_rabbitmq = Shared(rabbitmq.running)
_swift = Shared(swift.running)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[mariadb.MariaDB]:
    """A MariaDB server."""
    with _mariadb.use() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.PostgreSQL]:
    """A PostgreSQL server."""
    with _postgresql.use() as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[rabbitmq.RabbitMQ]:
    """A RabbitMQ broker; a test that stops it starts it again."""
    with _rabbitmq.use() as broker:
        yield broker


@pytest.fixture(scope="session")
def ceph_cluster() -> Iterator[ceph.Ceph]:
    """A Ceph cluster with an empty pool."""
    with _ceph.use() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def swift_server() -> Iterator[swift.Swift]:
    """An object store that speaks Swift and S3; a test that stops its proxy starts it again."""
    with _swift.use() as server:
        yield server


@pytest.fixture(scope="module")
def mariadb_url(mariadb_server: mariadb.MariaDB) -> Iterator[str]:
    """The SQLAlchemy URL of a database that is this test module's own."""
    with mariadb_server.database() as url:
        yield url


@pytest.fixture(scope="module")
def postgresql_url(postgresql_server: postgresql.PostgreSQL) -> Iterator[str]:
    """The SQLAlchemy URL of a database that is this test module's own."""
    with postgresql_server.database() as url:
        yield url


@pytest.fixture
def amqp_url(rabbitmq_server: rabbitmq.RabbitMQ) -> str:
    """The broker's URL; who uses it takes a cloud id of its own, since all tests share the broker."""
    return rabbitmq_server.url
