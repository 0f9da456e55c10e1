from collections.abc import Iterator

import pytest
from tests.cli.commands import CommandedCloud, cloud_to_command


@pytest.fixture(scope="session")
def running() -> Iterator[CommandedCloud]:
    """A simulated cloud that runs, for tests that leave it as it is."""
    with cloud_to_command() as cloud:
        cloud.started()
        yield cloud


@pytest.fixture(scope="module")
def disturbed() -> Iterator[CommandedCloud]:
    """A simulated cloud for a module's tests, each of which leaves it running."""
    with cloud_to_command() as cloud:
        cloud.started()
        yield cloud


@pytest.fixture
def fresh() -> Iterator[CommandedCloud]:
    """A place for a cloud, in which nothing was started yet."""
    with cloud_to_command() as cloud:
        yield cloud
