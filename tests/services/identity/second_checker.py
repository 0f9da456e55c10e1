"""A second process that checks the tokens of a running cloud, over the same database and keys, as another control does.

Started with the database's URL, the keys' folder and the form of tokens; answers each token on its input with a line:
empty if it is worth nothing, else the document of the token.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from haneul.kernel.config import Settings
from haneul.kernel.db import Db, Store
from haneul.kernel.errors import Unauthorized
from haneul.services.identity.public import open_identity
from haneul.services.identity.tokens.checker import Tokens

PATIENCE_S = 1.0


class SecondChecker:
    """The other end of the process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def document(self, token: str) -> dict[str, Any] | None:
        """What the other process says of a token; None if it refuses it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(token + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the second process is there"
        found: dict[str, Any] | None = msgspec.json.decode(line)["token"] if line.strip() else None
        return found

    def within_a_second(self, token: str, holds: Callable[[dict[str, Any] | None], bool]) -> bool:
        """Whether the other process comes to say so in time."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds(self.document(token)):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


@contextmanager
def second_checker(url: str, folder: Path, form: str) -> Iterator[SecondChecker]:
    """A second process, ended afterwards."""
    words = [sys.executable, "-m", "tests.services.identity.second_checker", url, str(folder), form]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        try:
            yield SecondChecker(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(20)


def main(url: str, folder: str, form: str) -> None:
    store = Store(url)
    tokens = open_identity(Path(folder), Settings({"identity": {"token_provider": form}}, {})).tokens
    for line in sys.stdin:
        print(_answer(store, tokens, line.strip()), flush=True)
    store.close()


def _answer(store: Store, tokens: Tokens, token: str) -> str:
    def look(db: Db) -> str:
        # As requests are: by what is kept, else by the database.
        if tokens.known(token) is None:
            tokens.look_up(db, token)
        return tokens.document(db, token).decode()

    try:
        return store.read_inline(look)
    except Unauthorized:
        return ""


if __name__ == "__main__":
    main(*sys.argv[1:])
