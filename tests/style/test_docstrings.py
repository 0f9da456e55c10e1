"""What others build on says its contract in a sentence: the kernel, the host, and the three forms of work."""

import ast
from collections.abc import Iterator

from tests.style.tree import Function, Module, dotted, expect_none, modules

Documented = Function | ast.ClassDef
FOUNDATIONS = ("src/haneul/kernel", "src/haneul/host")
FORMS_OF_WORK = ("Operation", "Reconciler")


def test_the_kernel_and_the_host_document_what_they_offer() -> None:
    expect_none(complaint for module in modules(*FOUNDATIONS) for complaint in silent(module, offered(module)))


def offered(module: Module) -> Iterator[Documented]:
    """Public functions and classes at the top of a public module, save those whose name and one line say it all."""
    if not any(part.startswith("_") and part != "__init__" for part in module.path.with_suffix("").parts):
        for statement in module.tree.body:
            if isinstance(statement, Documented) and not statement.name.startswith("_") and not says_all(statement):
                yield statement


def says_all(statement: Documented) -> bool:
    """An overload, a function of one expression, a class of constants and at most two fields."""
    if isinstance(statement, ast.ClassDef):
        fields = [line for line in statement.body if isinstance(line, ast.AnnAssign)]
        rest = [line for line in statement.body if not isinstance(line, ast.Assign | ast.AnnAssign | ast.Pass)]
        return not rest and len(fields) <= 2
    overload = any(dotted(decorator).endswith("overload") for decorator in statement.decorator_list)
    return overload or (len(statement.body) == 1 and isinstance(statement.body[0], ast.Return | ast.Expr))


def test_operations_and_reconcilers_say_what_they_bring_about() -> None:
    expect_none(complaint for module in modules("src") for complaint in silent(module, forms_of_work(module)))


def forms_of_work(module: Module) -> Iterator[Documented]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and any(
            name.rpartition(".")[2].endswith(FORMS_OF_WORK) for name in (node.name, *map(dotted, node.bases))
        ):
            yield node


def test_drivers_say_what_they_are() -> None:
    contracts = [module for module in modules("src/haneul/services") if module.place.endswith("/drivers/base.py")]
    expect_none(complaint for module in contracts for complaint in silent(module, offered(module)))


def silent(module: Module, nodes: Iterator[Documented]) -> Iterator[str]:
    return (f"{module.at(node)} {node.name}" for node in nodes if not ast.get_docstring(node))
