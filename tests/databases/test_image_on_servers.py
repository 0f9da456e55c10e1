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

# What asks a database nothing that others here don't, and what needs a cloud of its own settings.
APART = ("test_zoo", "test_sealing", "test_signatures", "test_signature_chains", "test_open_readers")
OWN_CLOUDS = ("cache", "deleted", "import_methods", "import_plugins", "import_remote", "lists", "locations")
OWN_CLOUDS_TOO = ("old_locations", "protections", "stores", "tasks")
without = (*APART, *(f"test_{name}" for name in (*OWN_CLOUDS, *OWN_CLOUDS_TOO)))
vars().update(classes_of("tests.services.image", without=without))
vars().update({f"{name}OfMetadefs": it for name, it in classes_of("tests.services.image.metadefs", without=("test_catalog", "test_lists")).items()})
