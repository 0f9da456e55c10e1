"""The real `openstack` client, run inside the test's process: starting it anew for each command takes seconds."""

import io
import json
import logging
import os
import shlex
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import msgspec
from openstackclient.common.clientmanager import ClientManager
from openstackclient.shell import OpenStackShell

from tests.support.cloud import PASSWORD, RunningCloud


class Said(msgspec.Struct, frozen=True):
    """What a command answered."""

    code: int
    out: str
    err: str


class OpenStackCli:
    """A user's shell. His login goes into each command line, since the client reads `OS_*` variables once a process."""

    def __init__(
        self, cloud: RunningCloud, *, user: str = "admin", password: str = PASSWORD, project: str = "admin"
    ) -> None:
        options = {
            "auth-url": f"{cloud.url('identity')}/v3",
            "username": user,
            "password": password,
            "project-name": project,
            "user-domain-name": "Default",
            "project-domain-name": "Default",
            "identity-api-version": "3",
            "region-name": "RegionOne",
        }
        self._login = [f"--os-{name}={value}" for name, value in options.items()]

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
