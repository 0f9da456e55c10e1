"""What callers who mean harm can do to a database that is stricter than SQLite: nothing that becomes a failure."""

import pytest
from tests.laws.found import ROUTES
from tests.laws.test_callers import WRONG_IDS, ask, assert_no_failure, hostile_bodies, plain_body
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url
from tests.support.cloud import running_cloud

__all__ = ["mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]


@pytest.mark.databases
@pytest.mark.parametrize("server", ["mariadb", "postgresql"])
def test_no_route_fails(request: pytest.FixtureRequest, server: str) -> None:
    with running_cloud(request.getfixturevalue(f"{server}_url")) as cloud:
        admin = cloud.login()
        for found in ROUTES:
            for value in WRONG_IDS.values() if found.route.path_names else ():
                assert_no_failure(ask(admin, found, found.path(value), plain_body(found.route)))
            for body in hostile_bodies(found) if found.route.body_type is not None else ():
                assert_no_failure(ask(admin, found, found.path("a"), body))
