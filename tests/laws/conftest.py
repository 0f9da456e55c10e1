"""One cloud for all laws of a process: they only ask, and leave nothing that another would trip over."""

from collections.abc import Iterator

import pytest
from tests.support.cloud import Client, RunningCloud, running_cloud


@pytest.fixture(scope="session")
def cloud() -> Iterator[RunningCloud]:
    """A cloud on SQLite, shared by all laws."""
    with running_cloud() as running:
        yield running


@pytest.fixture(scope="session")
def admin(cloud: RunningCloud) -> Client:
    """The administrator, of project admin."""
    return cloud.login()
