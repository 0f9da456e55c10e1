"""Walking the table of identity's commands: a test takes the commands of a noun upon itself, and has to run each."""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any, ParamSpec

from tests import surface
from tests.clients.openstack_cli import OpenStackCli, Said

TABLE = frozenset(surface.commands("openstack.identity.v3"))
Given = ParamSpec("Given")
Test = Callable[Given, None]


class Walk:
    """The client, at work. It notes which commands of the table it has run, whoever's shell they were typed in."""

    def __init__(self, cli: OpenStackCli, ran: set[str] | None = None) -> None:
        self.cli, self.ran = cli, set() if ran is None else ran

    def by(self, cli: OpenStackCli) -> "Walk":
        """The same walk in another user's shell."""
        return Walk(cli, self.ran)

    def run(self, line: str) -> Said:
        matching = [command for command in TABLE if f"{line} ".startswith(f"{command} ")]
        self.ran |= {max(matching, key=len)} if matching else set()
        return self.cli.run(line)

    def does(self, *lines: str) -> None:
        """Commands that succeed and say nothing."""
        for line in lines:
            said = self.run(line)
            assert (said.code, said.out.strip()) == (0, ""), f"{line}: {said.out}{said.err}"

    def shown(self, line: str, fields: str) -> dict[str, Any]:
        """One thing, with exactly these fields."""
        found: dict[str, Any] = self._json(line)
        assert found.keys() == set(fields.split()), line
        return found

    def listed(self, line: str, columns: str) -> list[dict[str, Any]]:
        """A list that is not empty, with these columns in this order."""
        rows: list[dict[str, Any]] = self._json(line)
        assert rows, f"{line}: nothing is listed"
        assert list(rows[0]) == columns.split(", "), line
        return rows

    def names(self, line: str) -> list[str]:
        """The names in a list, which may be empty."""
        return [row["Name"] for row in self._json(line)]

    def ids(self, line: str) -> list[str]:
        """The ids in a list, which may be empty."""
        return [row["ID"] for row in self._json(line)]

    def refused(self, line: str, sentence: str) -> None:
        """A command that fails, with the sentence in what it says."""
        said = self.run(line)
        assert said.code == 1, f"{line}: {said.out}"
        assert sentence in said.err, f"{line}: {said.err}"

    def _json(self, line: str) -> Any:
        self.run_noted = line
        return self.cli.json(self._noted(line))

    def _noted(self, line: str) -> str:
        return line
