"""Block storage's quotas and services on real database servers: the same tests as on SQLite."""

from collections.abc import Iterator

import pytest
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url
from tests.services.block_storage.test_quota_sets import (
    as_at_first,
    garden,
    gardener,
    newest,
    test_a_class_changes_the_defaults_of_all,
    test_a_project_has_the_default_quotas_until_it_gets_its_own,
    test_growth_is_counted_and_refused,
    test_requests_at_once_get_no_more_than_there_is,
    test_snapshots_are_counted_and_refused,
    test_use_is_told_beside_limits,
    test_what_is_too_much_is_refused_with_the_figures,
)
from tests.services.block_storage.test_storage_services import (
    host,
    test_a_frozen_back_end_gets_no_volumes,
    test_a_service_is_disabled_with_a_reason_and_enabled_again,
    test_hosts_are_listed_shown_and_switched,
    test_services_are_filtered_by_host_and_binary,
)
from tests.support.cloud import RunningCloud, running_cloud

__all__ = [
    "as_at_first",
    "garden",
    "gardener",
    "host",
    "mariadb_server",
    "mariadb_url",
    "newest",
    "postgresql_server",
    "postgresql_url",
    "test_a_class_changes_the_defaults_of_all",
    "test_a_frozen_back_end_gets_no_volumes",
    "test_a_project_has_the_default_quotas_until_it_gets_its_own",
    "test_a_service_is_disabled_with_a_reason_and_enabled_again",
    "test_growth_is_counted_and_refused",
    "test_hosts_are_listed_shown_and_switched",
    "test_requests_at_once_get_no_more_than_there_is",
    "test_services_are_filtered_by_host_and_binary",
    "test_snapshots_are_counted_and_refused",
    "test_use_is_told_beside_limits",
    "test_what_is_too_much_is_refused_with_the_figures",
]

pytestmark = pytest.mark.databases


@pytest.fixture(scope="module", params=["mariadb_url", "postgresql_url"])
def cloud(request: pytest.FixtureRequest) -> Iterator[RunningCloud]:
    """A cloud on a database server."""
    with running_cloud(db=request.getfixturevalue(request.param)) as running:
        yield running
