"""Names say what a thing is: no drawer for what found no place, no class that collects verbs."""

import ast
import re
from collections.abc import Iterator

from tests.style.tree import PACKAGE, ROOT, Function, Module, classes, expect_none, modules

DRAWERS = re.compile(r"(^|_)(utils?|commons?|helpers?|misc|managers?|mixins?)$")
COLLECTORS = re.compile(
    r"(Manager|Helper|Util|Utils|Mixin)(?![a-z])|^_?Base(?!Image)[A-Z]|^_?(Handle|Process|Data|Info)$"
)
EMPTY_WORDS = {"handle", "process", "data", "info"}


def test_no_module_is_a_drawer() -> None:
    paths = {part for module in modules() for part in (module.path, *module.path.relative_to(ROOT).parents)}
    expect_none(sorted(str(path) for path in paths if DRAWERS.search(path.stem)))


def test_no_class_is_a_collector_of_verbs() -> None:
    expect_none(
        f"{module.at(defined)} {defined.name}"
        for module in modules()
        for defined in classes(module)
        if COLLECTORS.search(defined.name)
    )


def test_names_say_something() -> None:
    expect_none(complaint for module in modules("src") for complaint in empty_names(module))


def empty_names(module: Module) -> Iterator[str]:
    """Functions and variables; a struct's fields and a subclass's methods are named by others."""
    for node in ast.walk(module.tree):
        if isinstance(node, Function | ast.Module):
            parameters = node.args.args + node.args.kwonlyargs if isinstance(node, Function) else []
            named: list[tuple[str, ast.AST]] = [(parameter.arg, parameter) for parameter in parameters]
            named += [bound for statement in node.body for bound in bound_by(statement)]
            yield from (f"{module.at(place)} {name}" for name, place in named if name in EMPTY_WORDS)


def bound_by(statement: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(statement, Function):
        yield statement.name, statement
    elif not isinstance(statement, ast.ClassDef):
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id, node


def test_every_package_is_one() -> None:
    """A folder without __init__.py is invisible to import-linter and mypy, and so would escape both."""
    folders = {module.path.parent for module in modules("src")}
    within = {above for folder in folders for above in (folder, *folder.parents) if above.is_relative_to(PACKAGE)}
    expect_none(sorted(str(folder.relative_to(ROOT)) for folder in within if not (folder / "__init__.py").exists()))
