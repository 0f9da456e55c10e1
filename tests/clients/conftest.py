import pytest

from tests.clients.identity_walk import Walk
from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import RunningCloud


@pytest.fixture
def walk(cloud: RunningCloud) -> Walk:
    """The administrator's shell, noting which of identity's commands have been run in it."""
    return Walk(OpenStackCli(cloud))
