from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.cloud import Client, RunningCloud, running_cloud

# A shared machine may be slow at any moment; what is slow by itself, the benchmarks tell.
settings.register_profile("haneul", deadline=None)
settings.load_profile("haneul")


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    """A cloud on SQLite, shared by a module's tests."""
    with running_cloud() as running:
        yield running


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud) -> Client:
    return cloud.login()
