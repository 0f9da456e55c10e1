from collections.abc import Iterator

import pytest

from tests.support.cloud import Client, RunningCloud, running_cloud


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    """A cloud on SQLite, shared by a module's tests."""
    with running_cloud() as running:
        yield running


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return cloud.login()
