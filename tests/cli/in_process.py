"""Commands run inside the test's process: what takes a new process half a second takes a fraction of that here."""

import io
import os
import subprocess
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import NoReturn
from unittest.mock import patch

from tests.cli.commands import Said, environment_of


def run_here(main: Callable[[list[str]], NoReturn], words: Sequence[str], **environment: str) -> Said:
    """Run a program's `main` with the environment that `commands.haneul` gives."""
    out, err = io.StringIO(), io.StringIO()
    code: object = None
    with patch.dict(os.environ, environment_of(**environment), clear=True), redirect_stdout(out), redirect_stderr(err):
        try:
            main(list(words))
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int)
    return Said(subprocess.CompletedProcess(list(words), code, out.getvalue(), err.getvalue()))
