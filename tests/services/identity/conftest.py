"""One cloud for all of identity's tests: each makes what it needs under names of its own."""

from collections.abc import Iterator

import pytest
from tests.support.cloud import Client, RunningCloud, running_cloud


@pytest.fixture(scope="session")
def cloud() -> Iterator[RunningCloud]:
    with running_cloud() as running:
        yield running


@pytest.fixture(scope="session")
def admin(cloud: RunningCloud) -> Client:
    return cloud.login()
