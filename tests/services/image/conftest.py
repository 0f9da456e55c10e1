import pytest
from tests.services.image.shelf import user_of
from tests.support.cloud import Client, RunningCloud


@pytest.fixture(scope="module")
def alice(cloud: RunningCloud) -> Client:
    """A member of the project garden."""
    return user_of(cloud, "garden")


@pytest.fixture(scope="module")
def bob(cloud: RunningCloud) -> Client:
    """A member of the project orchard."""
    return user_of(cloud, "orchard")
