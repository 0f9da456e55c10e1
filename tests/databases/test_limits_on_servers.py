"""Quotas that keep registered limits, on MariaDB and PostgreSQL; identity's own tests of limits run with its others."""

from collections.abc import Iterator

import pytest
from tests.databases.on_servers import (
    admin,
    cloud,
    mariadb_server,
    mariadb_url,
    postgresql_server,
    postgresql_url,
)
from tests.services.compute.test_registered_limits import (
    Stage,
    stage,
    test_a_projects_own_limit_counts_before_what_is_registered,
    test_every_limit_that_is_reached_is_told,
    test_in_the_strict_model_a_domains_projects_have_its_limit_together,
    test_limits_of_other_regions_and_services_do_not_count,
    test_many_requests_at_once_stay_within_what_is_registered,
    test_quotas_and_limits_show_what_is_registered,
)
from tests.services.identity.test_limits import no_project_has_more_than_its_domain
from tests.support.cloud import running_cloud

__all__ = [
    "admin",
    "cloud",
    "mariadb_server",
    "mariadb_url",
    "postgresql_server",
    "postgresql_url",
    "stage",
    "test_a_projects_own_limit_counts_before_what_is_registered",
    "test_every_limit_that_is_reached_is_told",
    "test_in_the_strict_model_a_domains_projects_have_its_limit_together",
    "test_limits_of_other_regions_and_services_do_not_count",
    "test_many_requests_at_once_stay_within_what_is_registered",
    "test_quotas_and_limits_show_what_is_registered",
]

pytestmark = pytest.mark.databases


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def strict(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A cloud where a domain's limit binds its projects; in a database of its own, as each cloud needs."""
    server = request.getfixturevalue(f"{request.param}_server")
    with (
        server.database() as url,
        running_cloud(db=url, identity={"limit_model": "strict_two_level"}) as running,
    ):
        yield Stage(running)


def test_in_the_strict_model_no_project_has_more_than_its_domain(strict: Stage) -> None:
    no_project_has_more_than_its_domain(strict.admin)
