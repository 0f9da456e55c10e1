"""Placement's tests on MariaDB and PostgreSQL."""

import pytest
from tests.databases.on_servers import (
    admin,
    classes_of,
    cloud,
    mariadb_server,
    mariadb_url,
    postgresql_server,
    postgresql_url,
)

__all__ = ["admin", "cloud", "mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

pytestmark = pytest.mark.databases

vars().update({name: tests for name, tests in classes_of("tests.services.placement").items() if name != "TestPublic"})
