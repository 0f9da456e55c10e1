"""Each check of this folder finds what it is for: a check that can't fail guards nothing."""

import ast
from collections.abc import Callable, Iterable

import pytest
from tests.style.test_docstrings import forms_of_work, offered, silent
from tests.style.test_names import COLLECTORS, DRAWERS, empty_names
from tests.style.test_processes import starts
from tests.style.test_sizes import crowded
from tests.style.test_words import ABOUT_THE_WORK, ELSEWHERE, UNFINISHED, unexplained
from tests.style.tree import PACKAGE, Module, functions, length

Check = Callable[[Module], Iterable[str]]


def undocumented(module: Module) -> Iterable[str]:
    return silent(module, offered(module))


def unsaid_work(module: Module) -> Iterable[str]:
    return silent(module, forms_of_work(module))


def planted(text: str) -> Module:
    return Module(PACKAGE / "kernel" / "planted.py", text, ast.parse(text))


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (crowded, "def f(a, b, c, d, e, g): ..."),
        (crowded, "def f(*, a, b, c, d, e, g, h, i, j, k, m): ..."),
        (empty_names, "def process(): ..."),
        (empty_names, "def f():\n    for data in (): ..."),
        (empty_names, "def f(info): ..."),
        (undocumented, "def f():\n    a = 1\n    return a"),
        (undocumented, "class Thing:\n    size: int\n    def f(self): ..."),
        (unsaid_work, "class Tidy(Operation):\n    name = 'tidy'"),
        (unsaid_work, "class RouterReconciler:\n    every_s = 30"),
        (unexplained, "@pytest.mark.skip\ndef test(): ..."),
        (unexplained, "@pytest.mark.skipif(True)\ndef test(): ..."),
        (unexplained, "def test():\n    pytest.skip()"),
        (starts, "os.fork()"),
        (starts, "from os import execvp"),
        (starts, "await asyncio.create_subprocess_exec('true')"),
        (starts, "loop.subprocess_exec(factory, 'true')"),
    ],
)
def test_a_planted_fault_is_found(check: Check, text: str) -> None:
    assert len(list(check(planted(text)))) == 1


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (crowded, "def f(self, db, call, a, b, c, d, e, *, g): ..."),
        (crowded, "@click.option('--a')\ndef f(a, b, c, d, e, g): ..."),
        (empty_names, "class Body(Struct):\n    data: str"),
        (undocumented, "def f():\n    return 1"),
        (undocumented, "def _f():\n    a = 1\n    return a"),
        (undocumented, "class Not:\n    part: Expression"),
        (undocumented, "class Gone(ApiError):\n    status = 410"),
        (unexplained, "@pytest.mark.skipif(True, reason='No such device here.')\ndef test(): ..."),
        (unexplained, "def test():\n    pytest.skip('No such device here.')"),
        (starts, "from os import environ\nos.kill(1, 0)"),
    ],
)
def test_what_is_well_is_left_alone(check: Check, text: str) -> None:
    assert list(check(planted(text))) == []


def test_patterns_find_their_words() -> None:
    assert UNFINISHED.search("# TO" + "DO: later")
    assert UNFINISHED.search("raise NotImplemented" + "Error()")
    assert ELSEWHERE.search("cp /wo" + "rk/main/x .")
    assert ELSEWHERE.search("index-url = https://pypi" + ".org/simple")
    assert not ELSEWHERE.search("src/{0}/{1} and https://example.org/{0}/".format("work", "farm"))
    assert ABOUT_THE_WORK.search("as iss" + "ue 2 asks")
    assert all(COLLECTORS.search(name) for name in ("DiskManager", "HTTPUtils", "PageMixin", "BaseDriver", "Info"))
    assert not any(COLLECTORS.search(name) for name in ("Management", "Utility", "Based", "ProcessList"))
    assert all(DRAWERS.search(name) for name in ("utils", "db_helpers", "common"))


def test_length_counts_decorators() -> None:
    (function,) = functions(planted("@a\n@b(\n)\ndef f():\n    return 1"))
    assert length(function) == 5
