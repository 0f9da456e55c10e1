"""Servers' NICs and addresses on real database servers: the same tests as on SQLite."""

from collections.abc import Iterator

import pytest
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url
from tests.services.compute.test_interfaces import (
    second,
    test_a_users_port_is_given_back,
    test_an_address_may_be_asked_for,
)
from tests.services.compute.test_server_ips import (
    inside,
    nova,
    old,
    server_id,
    test_a_fixed_address_comes_and_goes,
    test_servers_are_found_by_address,
)
from tests.services.compute.test_servers import flavor, image
from tests.support.cloud import RunningCloud, running_cloud

__all__ = [
    "flavor",
    "image",
    "inside",
    "mariadb_server",
    "mariadb_url",
    "nova",
    "old",
    "postgresql_server",
    "postgresql_url",
    "second",
    "server_id",
    "test_a_fixed_address_comes_and_goes",
    "test_a_users_port_is_given_back",
    "test_an_address_may_be_asked_for",
    "test_servers_are_found_by_address",
]

pytestmark = pytest.mark.databases


@pytest.fixture(scope="module", params=["mariadb_url", "postgresql_url"])
def cloud(request: pytest.FixtureRequest) -> Iterator[RunningCloud]:
    """A cloud on a database server."""
    with running_cloud(db=request.getfixturevalue(request.param)) as running:
        yield running
