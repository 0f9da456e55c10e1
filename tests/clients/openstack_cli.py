"""The real `openstack` client, run inside the test's process: starting it anew for each command takes seconds."""

import io
import json
import logging
import os
from contextlib import redirect_stderr, redirect_stdout
from typing import Any
from unittest.mock import patch

import msgspec
from openstackclient.shell import OpenStackShell

from tests.support.cloud import PASSWORD, RunningCloud


class Said(msgspec.Struct, frozen=True):
    """What a command answered."""

    code: int
    out: str
    err: str


class OpenStackCli:
    """A user's shell with the `OS_*` variables of his login."""

    def __init__(
        self, cloud: RunningCloud, *, user: str = "admin", password: str = PASSWORD, project: str = "admin"
    ) -> None:
        self._environment = {
            "OS_AUTH_URL": f"{cloud.url('identity')}/v3",
            "OS_USERNAME": user,
            "OS_PASSWORD": password,
            "OS_PROJECT_NAME": project,
            "OS_USER_DOMAIN_NAME": "Default",
            "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_IDENTITY_API_VERSION": "3",
            "OS_REGION_NAME": "RegionOne",
        }

    def run(self, command: str) -> Said:
        """Run a command line such as `openstack flavor list`, without its first word."""
        out, err = io.StringIO(), io.StringIO()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        with patch.dict(os.environ, {**kept, **self._environment}, clear=True), redirect_stdout(out), redirect_stderr(err):
            try:
                code = OpenStackShell().run(command.split())
            finally:
                # The client binds its handlers to the streams of this moment.
                logging.getLogger().handlers.clear()
        return Said(code, out.getvalue(), err.getvalue())

    def json(self, command: str) -> Any:
        """The command's answer; it must succeed."""
        said = self.run(f"{command} -f json")
        assert said.code == 0, said.err
        return json.loads(said.out)
