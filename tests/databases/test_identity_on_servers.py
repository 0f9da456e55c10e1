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

# What every persona may do is a matter of rules, not of databases; what is done at once has its own tests on servers.
APART = ("test_rule_matrix", "test_credentials_at_once", "test_delegates_at_once", "test_trees_at_once")
vars().update(classes_of("tests.services.identity", without=APART))
