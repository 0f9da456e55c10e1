"""What a check is given and what it finds."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from haneul.cli.tree.layout import Layout
from haneul.cli.tree.records import TreeSeen, is_supervised, seen
from haneul.settings import CloudSettings

if TYPE_CHECKING:
    from haneul.kernel.db import Store

S = TypeVar("S")
Verdict = Literal["ok", "note", "wrong"]


class Finding(msgspec.Struct, frozen=True):
    """One line of `doctor`: a fact, why it matters, and the exact fix where something is to be fixed."""

    verdict: Verdict
    fact: str
    why: str
    fix: str = ""


class Subject:
    """The machine, and the cloud on it if there is one; `settings` are None before the first `up`."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.settings: CloudSettings | None = layout.settings() if layout.settings_file.exists() else None
        self._store: Store | None = None

    @cached_property
    def tree(self) -> TreeSeen | None:
        return seen(self.layout.status_file)

    @cached_property
    def runs(self) -> bool:
        return is_supervised(self.layout.tree)

    @property
    def is_simulated(self) -> bool:
        return self.settings is not None and self.settings.simulate

    @property
    def has_database(self) -> bool:
        """Whether looking at the database can't be what makes it."""
        if self.settings is None:
            return False
        return bool(self.settings.db) or (self.layout.control / "haneul.db").exists()

    @property
    def store(self) -> "Store":
        """The cloud's database, opened when first asked for."""
        if self._store is None:
            from haneul.kernel.db import Store

            assert self.settings is not None
            self._store = Store(self.settings.db_url)
        return self._store

    def close(self) -> None:
        if self._store is not None:
            self._store.close()


Check = Callable[[Subject], Iterator[Finding]]


def findings(checks: Sequence[Callable[[S], Iterator[Finding]]], subject: S) -> Iterator[Finding]:
    """All that the checks find; a check that can't be made is itself a finding."""
    for check in checks:
        try:
            yield from check(subject)
        except Exception as error:
            name = check.__name__.replace("_", " ")
            text = (str(error).splitlines() or [""])[0]
            yield Finding("wrong", f"The check of {name} could not be made: {type(error).__name__}: {text}", name)
