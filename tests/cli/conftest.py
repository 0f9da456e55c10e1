from collections.abc import Iterator

import pytest
from tests.cli.commands import CommandedCloud, cloud_to_command


@pytest.fixture(scope="module")
def running() -> Iterator[CommandedCloud]:
    """A simulated cloud that runs, shared by a module's tests."""
    with cloud_to_command() as cloud:
        cloud.started()
        yield cloud


@pytest.fixture
def fresh() -> Iterator[CommandedCloud]:
    """A place for a cloud, in which nothing was started yet."""
    with cloud_to_command() as cloud:
        yield cloud
