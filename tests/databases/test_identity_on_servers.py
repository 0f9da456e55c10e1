"""Identity's tests on MariaDB and PostgreSQL."""

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

# What is done at once has tests of its own on servers.
APART = ("test_credentials_at_once", "test_delegates_at_once", "test_trees_at_once")
vars().update(classes_of("tests.services.identity", without=APART))
