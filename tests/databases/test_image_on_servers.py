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

# What asks a database nothing that others here don't, what counts the files of its cloud, and what needs settings.
NO_ROWS = ("zoo", "sealing", "signatures", "signature_chains", "open_readers")
ALONE = ("audit", "discovery", "lists")
OWN_SETTINGS = ("attacks", "cache", "deleted", "import_methods", "import_plugins", "import_remote", "locations")
OWN_SETTINGS_TOO = ("old_locations", "protections", "stores", "tasks")
APART = tuple(f"test_{name}" for name in (*NO_ROWS, *ALONE, *OWN_SETTINGS, *OWN_SETTINGS_TOO))
METADEFS_APART = ("test_catalog", "test_json_schemas", "test_lists")
vars().update(classes_of("tests.services.image", without=APART))
METADEFS = classes_of("tests.services.image.metadefs", without=METADEFS_APART)
vars().update({f"{name}OfMetadefs": tests for name, tests in METADEFS.items()})
