"""Walking the table of the client's commands: a test takes the commands of a noun upon itself, and has to run each."""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any, ParamSpec

from tests import surface
from tests.clients.openstack_cli import OpenStackCli, Said

KNOWN = frozenset(surface.commands())
Given = ParamSpec("Given")


class Walk:
    """The client, at work. It notes which commands of the table it has run, whoever's shell they were typed in."""

    def __init__(self, cli: OpenStackCli, ran: set[str] | None = None) -> None:
        self.cli, self.ran = cli, set() if ran is None else ran

    def by(self, cli: OpenStackCli) -> "Walk":
        """The same walk in another shell."""
        return Walk(cli, self.ran)

    def run(self, line: str) -> Said:
        self._note(line)
        return self.cli.run(line)

    def json(self, line: str) -> Any:
        """The answer of a command that has to succeed."""
        self._note(line)
        return self.cli.json(line)

    def does(self, *lines: str) -> None:
        """Commands that succeed and print nothing."""
        for line in lines:
            said = self.run(line)
            assert (said.code, said.out.strip()) == (0, ""), f"{line}: {said.out}{said.err}"

    def shown(self, line: str, fields: str) -> dict[str, Any]:
        """One thing, with exactly these fields."""
        found: dict[str, Any] = self.json(line)
        assert found.keys() == set(fields.split(", ")), f"{line}: {found.keys()}"
        return found

    def listed(self, line: str, columns: str) -> list[dict[str, Any]]:
        """A list that is not empty, with these columns in this order."""
        rows: list[dict[str, Any]] = self.json(line)
        assert rows, f"{line} lists nothing"
        assert list(rows[0]) == columns.split(", "), line
        return rows

    def ids(self, line: str) -> list[str]:
        """The ids in a list, which may be empty."""
        return [row["ID"] for row in self.json(line)]

    def names(self, line: str) -> list[str]:
        """The names in a list, which may be empty."""
        return [row["Name"] for row in self.json(line)]

    def refused(self, line: str, sentence: str) -> None:
        """A command that fails and says why."""
        said = self.run(line)
        assert said.code == 1, f"{line}: {said.out}"
        assert sentence in said.err, f"{line}: {said.err}"

    def _note(self, line: str) -> None:
        typed = [command for command in KNOWN if f"{line} ".startswith(f"{command} ")]
        if typed:
            self.ran.add(max(typed, key=len))


def walks(noun: str, verbs: str) -> Callable[[Callable[Given, None]], Callable[Given, None]]:
    """The test runs each of these commands of the noun, with the fixture `walk`; it fails if it leaves one out."""
    commands = {f"{noun} {verb}" for verb in verbs.split(", ")}

    def bound(test: Callable[Given, None]) -> Callable[Given, None]:
        @functools.wraps(test)
        def walked(*args: Given.args, **given: Given.kwargs) -> None:
            test(*args, **given)
            walk = given["walk"]
            assert isinstance(walk, Walk)
            assert commands <= walk.ran, f"not run: {sorted(commands - walk.ran)}"

        vars(walked)["commands"] = commands | commands_of(test)
        return walked

    return bound


def commands_of(test: object) -> frozenset[str]:
    """The commands that a test has taken upon itself."""
    return frozenset(getattr(test, "commands", ()))


def commands_walked(*modules: ModuleType) -> frozenset[str]:
    """The commands that any test of these modules has taken upon itself."""
    return frozenset().union(*(commands_of(test) for module in modules for test in vars(module).values()))
