"""Nothing unfinished, nothing skipped without a word, nothing that only the machine it was written on would know."""

import ast
import re
from collections.abc import Iterator

from tests.style.tree import ROOT, Module, dotted, expect_none, modules, repository_files

# Spelt so that these patterns don't find themselves.
UNFINISHED = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b|NotImplemented[E]rror\(\)")
ELSEWHERE = re.compile(
    r"(?<![\w.])/(work|farm)[/]|/root/\.(pyenv|cargo|cache)|/Users/\w|/opt/(pypi|wheels)"
    r"|pypi\.org|pythonhosted\.org|deb\.debian\.org|registry\.npmjs"
)
ABOUT_THE_WORK = re.compile(r"\bissue #?\d|\bbrief\.md\b|\bshared/(design|surface)\b", re.IGNORECASE)
SKIPS = {
    "pytest.mark.skip",
    "pytest.mark.skipif",
    "pytest.mark.xfail",
    "pytest.skip",
    "pytest.xfail",
}
CODE = {".py", ".sh", ".toml", ".yaml", ".yml", ".ini", ".cfg", ""}
LONGEST_TEXT = 2**22


def texts() -> Iterator[tuple[str, str]]:
    """Place and text of every file that is text; LICENSE is not ours to word."""
    for path in repository_files():
        content = path.read_bytes() if path.stat().st_size < LONGEST_TEXT and path.name != "LICENSE" else b"\0"
        if b"\0" not in content:
            yield path.relative_to(ROOT).as_posix(), content.decode()


def lines_with(pattern: re.Pattern[str], *, only: set[str] | None = None) -> list[str]:
    return [
        f"{place}:{number}: {line.strip()[:120]}"
        for place, text in texts()
        if only is None or (ROOT / place).suffix in only
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_nothing_is_marked_unfinished() -> None:
    expect_none(lines_with(UNFINISHED, only=CODE))


def test_no_path_of_one_machine_and_no_registry_is_named() -> None:
    expect_none(lines_with(ELSEWHERE))


def test_nothing_tells_of_the_work_in_place_of_the_thing() -> None:
    expect_none(lines_with(ABOUT_THE_WORK))


def test_nothing_is_skipped_without_a_reason() -> None:
    expect_none(complaint for module in modules("tests") for complaint in unexplained(module))


def unexplained(module: Module) -> Iterator[str]:
    explained = {id(node.func) for node in ast.walk(module.tree) if isinstance(node, ast.Call) and gives_reason(node)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and dotted(node) in SKIPS and id(node) not in explained:
            yield f"{module.at(node)} {dotted(node)}"


def gives_reason(call: ast.Call) -> bool:
    """A mark takes `reason=`; the functions take it by position too."""
    named = any(keyword.arg == "reason" for keyword in call.keywords)
    return named or (bool(call.args) and not dotted(call).startswith("pytest.mark."))
