"""The real `openstack` client, run inside the test's process: starting it anew for each command takes seconds."""

import io
import json
import logging
import os
import shlex
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, Self

import msgspec
from openstackclient.common.clientmanager import ClientManager
from openstackclient.shell import OpenStackShell

from tests.support.cloud import PASSWORD, RunningCloud


class Said(msgspec.Struct, frozen=True):
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def table(self) -> list[list[str]]:
        """The rows of the table that was printed, its header first; lines that go on with a row are left out."""
        lines = [line.strip("|").split("|") for line in self.out.splitlines() if line.startswith("| ")]
        return [[cell.strip() for cell in cells] for cells in lines if cells[0].strip()]


class OpenStackCli:
    """A user's shell. His login goes into each command line, since the client reads `OS_*` variables once a process."""

    def __init__(
        self, cloud: RunningCloud, *, user: str = "admin", password: str = PASSWORD, project: str = "admin"
    ) -> None:
        self._log_in(
            {
                "OS_AUTH_URL": f"{cloud.url('identity')}/v3",
                "OS_USERNAME": user,
                "OS_PASSWORD": password,
                "OS_PROJECT_NAME": project,
                "OS_USER_DOMAIN_NAME": "Default",
                "OS_PROJECT_DOMAIN_NAME": "Default",
                "OS_IDENTITY_API_VERSION": "3",
                "OS_REGION_NAME": "RegionOne",
            }
        )

    @classmethod
    def sourced(cls, variables: Mapping[str, str]) -> Self:
        """A shell that has read these `OS_*` variables."""
        cli = cls.__new__(cls)
        cli._log_in(variables)
        return cli

    def _log_in(self, variables: Mapping[str, str]) -> None:
        self._login = [f"--{name.lower().replace('_', '-')}={value}" for name, value in variables.items()]

    def run(self, command: str) -> Said:
        """Run a command line such as `openstack flavor list`, without its first word."""
        out, err = io.StringIO(), io.StringIO()
        with _alone(), redirect_stdout(out), redirect_stderr(err):
            code = OpenStackShell().run([*self._login, *shlex.split(command)])
        return Said(code, out.getvalue(), err.getvalue())

    def json(self, command: str) -> Any:
        """The command's answer; it must succeed."""
        said = self.run(f"{command} -f json")
        assert said.code == 0, said.err
        return json.loads(said.out)


@contextmanager
def _alone() -> Iterator[None]:
    """The client sees no cloud of the tester's, and the logging that it sets up is undone."""
    kept, root = dict(os.environ), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    for name in [name for name in kept if name.startswith("OS_")]:
        del os.environ[name]
    # The client keeps its connections on a class: the next user would go on as the last one.
    for cache in [value for kind in ClientManager.__mro__ for value in vars(kind).values()]:
        if hasattr(cache, "_handle"):
            cache._handle = None
    try:
        with warnings.catch_warnings():
            yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
        root.handlers[:] = handlers
        root.setLevel(level)
