import io
import sys

import pytest

from tests.clients.command_walk import Walk
from tests.clients.openstack_cli import OpenStackCli
from tests.support.cloud import RunningCloud


class Terminal(io.StringIO):
    """A keyboard at which nobody types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def walk(cloud: RunningCloud) -> Walk:
    """The administrator's shell, noting which commands have been run in it."""
    return Walk(OpenStackCli(cloud))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client sits at a terminal: what is piped into it, it takes for an image's bytes."""
    monkeypatch.setattr(sys, "stdin", Terminal())
