"""Compute's lists, quotas and hosts on real database servers: the same tests as on SQLite."""

from collections.abc import Iterator

import pytest
from tests.servers.fixtures import mariadb_server, mariadb_url, postgresql_server, postgresql_url
from tests.services.compute.test_flavors import (
    flavors,
    test_a_private_flavor_is_seen_by_the_projects_that_have_access,
    test_extra_specs_are_set_shown_and_deleted,
    test_ids_and_names_stand_once,
    test_the_list_is_filtered_sorted_and_paged,
)
from tests.services.compute.test_hosts import (
    hosts,
    test_a_beat_right_after_another_writes_nothing,
    test_a_service_is_disabled_and_enabled,
    test_an_aggregate_makes_a_zone,
    test_hypervisors_are_paged_from_2_33,
    test_hypervisors_tell_what_they_have_until_2_87,
    test_newer_hypervisors_have_uuids_and_no_figures,
)
from tests.services.compute.test_keypairs import (
    test_a_name_stands_once_per_user,
    test_a_user_has_no_more_keys_than_the_quota_allows,
    test_many_requests_at_once_stay_within_the_quota,
    test_the_list_is_paged_from_2_35,
)
from tests.services.compute.test_quotas import (
    test_a_class_changes_the_defaults_of_all,
    test_a_project_has_the_default_quotas_until_it_gets_its_own,
    test_a_user_may_have_less_than_his_project,
)
from tests.services.compute.test_server_metadata import (
    described,
    metadata_path,
    test_items_are_added_replaced_and_deleted,
)
from tests.services.compute.test_server_tags import (
    four,
    path,
    server_id,
    test_servers_are_found_by_their_tags,
    test_tags_are_added_replaced_and_taken,
)
from tests.services.compute.test_servers import (
    flavor,
    image,
    nova,
    test_servers_are_found_by_expressions,
    test_what_was_asked_for_is_told_again,
)
from tests.support.cloud import RunningCloud, running_cloud

__all__ = [
    "described",
    "flavor",
    "flavors",
    "four",
    "hosts",
    "image",
    "mariadb_server",
    "mariadb_url",
    "metadata_path",
    "nova",
    "path",
    "postgresql_server",
    "postgresql_url",
    "server_id",
    "test_a_beat_right_after_another_writes_nothing",
    "test_a_class_changes_the_defaults_of_all",
    "test_a_name_stands_once_per_user",
    "test_a_private_flavor_is_seen_by_the_projects_that_have_access",
    "test_a_project_has_the_default_quotas_until_it_gets_its_own",
    "test_a_service_is_disabled_and_enabled",
    "test_a_user_has_no_more_keys_than_the_quota_allows",
    "test_a_user_may_have_less_than_his_project",
    "test_an_aggregate_makes_a_zone",
    "test_extra_specs_are_set_shown_and_deleted",
    "test_hypervisors_are_paged_from_2_33",
    "test_hypervisors_tell_what_they_have_until_2_87",
    "test_ids_and_names_stand_once",
    "test_items_are_added_replaced_and_deleted",
    "test_many_requests_at_once_stay_within_the_quota",
    "test_newer_hypervisors_have_uuids_and_no_figures",
    "test_servers_are_found_by_expressions",
    "test_servers_are_found_by_their_tags",
    "test_tags_are_added_replaced_and_taken",
    "test_the_list_is_filtered_sorted_and_paged",
    "test_the_list_is_paged_from_2_35",
    "test_what_was_asked_for_is_told_again",
]

pytestmark = pytest.mark.databases


@pytest.fixture(scope="module", params=["mariadb_url", "postgresql_url"])
def cloud(request: pytest.FixtureRequest) -> Iterator[RunningCloud]:
    """A cloud on a database server."""
    with running_cloud(db=request.getfixturevalue(request.param)) as running:
        yield running
