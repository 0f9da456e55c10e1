"""The image service's tests on MariaDB and PostgreSQL."""

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
from tests.services.image.conftest import alice, bob

__all__ = ["admin", "alice", "bob", "cloud", "mariadb_server", "mariadb_url", "postgresql_server", "postgresql_url"]

pytestmark = pytest.mark.databases

# What never asks a database, or asks it nothing that others here don't.
APART = ("test_zoo", "test_sealing", "test_signatures", "test_signature_chains", "test_open_readers")
vars().update(classes_of("tests.services.image", without=APART))
