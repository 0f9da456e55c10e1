"""Only host.run starts processes. The import contract sees modules; this sees the calls that need no such import."""

import ast
import re
from collections.abc import Iterator

from tests.style.tree import Module, dotted, expect_none, modules

HOME = re.compile(r"src/haneul/host/run(\.py|/)")
STARTS = re.compile(
    r"^os\.(exec[lv]p?e?|execlpe|fork|forkpty|posix_spawnp?|spawn[lv]p?e?|system|popen)$"
    r"|\.?create_subprocess_(exec|shell)$|\.subprocess_(exec|shell)$|(^|\.)ProcessPoolExecutor$"
)
TAKEN_FROM = {"os", "asyncio", "asyncio.subprocess", "concurrent.futures"}


def test_only_host_run_starts_processes() -> None:
    expect_none(found for module in modules("src") if not HOME.match(module.place) for found in starts(module))


def starts(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute | ast.ImportFrom):
            yield from (f"{module.at(node)} {named}" for named in names_of(node) if STARTS.search(named))


def names_of(node: ast.Attribute | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Attribute):
        return [dotted(node)]
    return [f"{node.module}.{alias.name}" for alias in node.names if node.module in TAKEN_FROM]
